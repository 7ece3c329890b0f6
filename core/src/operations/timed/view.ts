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
import { outcomeOf } from "../../store/outcome-of.ts";
import type { Statements } from "../../store/store.ts";
import { checkInstant } from "../create.ts";
import { calendarFor, type Timetable } from "./calendar.ts";
import { readDefinition } from "./define.ts";
import { findTimed, toTimedAction } from "./find.ts";
import { requireCalendars } from "./require-calendars.ts";

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
  const calendar = calendarFor(typeof of === "string" ? await findTimed(store, of) : await timetableOf(store, of, now));
  const begin = from === undefined ? now : checkInstant(from, "from");
  return calendar === null ? [] : previewInstants(calendar, begin.getTime(), checkCount(count, 1_000));
}

/** The timetable of a timed action that is still to be made. */
async function timetableOf(store: Statements, of: Exclude<PreviewOf, string>, now: Date): Promise<Timetable> {
  const definition = readDefinition({ ...Object(of), name: "preview", action: "preview" }, now);
  return { definition, shared: await requireCalendars(store, definition) };
}

function checkCount(count: number, most: number): number {
  if (Number.isSafeInteger(count) && count >= 1 && count <= most) return count;
  throw callsheetError("invalid_argument", `It must be a whole number from 1 to ${most}.`, { field: "count" });
}
