import {
  callsheetError,
  type Occurrence,
  type OccurrencePage,
  type PreviewedInstant,
  type PreviewOf,
  type PreviewOptions,
  previewInstants,
  type TimedAction,
} from "@callsheet/contract";
import type { Statements } from "../../store/store.ts";
import { checkInstant } from "../create.ts";
import { calendarFor } from "./calendar.ts";
import { readDefinition } from "./define.ts";
import { findTimed, outcomeOf, toTimedAction } from "./find.ts";

/** Every timed action, by name. */
export async function listTimed(store: Statements): Promise<readonly TimedAction[]> {
  return (await store.readTimed()).map(toTimedAction);
}

/** One by its name. Fails with `unknown_timed_action`. */
export async function getTimed(store: Statements, name: string): Promise<TimedAction> {
  return toTimedAction(await findTimed(store, name));
}

/** What became of a timed action's instants, newest first. */
export async function listOccurrences(
  store: Statements,
  name: string,
  page: OccurrencePage,
): Promise<readonly Occurrence[]> {
  const { before = null, limit = 50 } = Object(page) as OccurrencePage;
  const { id } = await findTimed(store, name);
  const rows = await store.readOccurrences(id, {
    before: checkInstant(before, "before"),
    limit: checkCount(limit, 1_000),
  });
  return rows.map(({ last, endedAt, ...rest }) => ({ ...rest, outcome: outcomeOf(last, endedAt) }));
}

/** The next instants at which it runs, with those that are passed over between them. Empty where it counts from an end. */
export async function previewTimed(
  store: Statements,
  of: PreviewOf,
  options: PreviewOptions,
): Promise<readonly PreviewedInstant[]> {
  const { from, count = 10 } = Object(options) as PreviewOptions;
  const now = await store.databaseNow();
  const definition =
    typeof of === "string"
      ? (await findTimed(store, of)).definition
      : readDefinition({ ...Object(of), name: "preview", action: "preview" }, now);
  const calendar = calendarFor(definition);
  const begin = from === undefined ? now : checkInstant(from, "from");
  return calendar === null ? [] : previewInstants(calendar, begin.getTime(), checkCount(count, 1_000));
}

function checkCount(count: number, most: number): number {
  if (Number.isSafeInteger(count) && count >= 1 && count <= most) return count;
  throw callsheetError("invalid_argument", `It must be a whole number from 1 to ${most}.`, { field: "count" });
}
