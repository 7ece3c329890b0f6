import { callsheetError, type TimedAction, wallText } from "@callsheet/contract";
import type { Statements } from "../../store/store.ts";
import type { TimedRow } from "../../store/timed.ts";
import { zoneFor } from "./calendar.ts";

/** A timed action by its name. Fails with `unknown_timed_action`. */
export async function findTimed(store: Pick<Statements, "readTimed">, name: string): Promise<TimedRow> {
  const [row] = typeof name === "string" ? await store.readTimed(name) : [];
  if (row !== undefined) return row;
  throw callsheetError("unknown_timed_action", `There is no timed action "${String(name).slice(0, 100)}".`, {
    timedAction: name,
  });
}

/** A timed action as its readers see it. */
export function toTimedAction(row: TimedRow): TimedAction {
  const { definition, jobId, jobState, isStarted, nextAt, mark, queued, lastFiredAt, createdAt } = row;
  const next = isStarted ? nextAt : null;
  return {
    ...definition,
    state: isStarted ? "started" : "stopped",
    ...{ jobId, jobState, nextAt: next, mark, queued, lastFiredAt, createdAt },
    nextLocal: next && wallText(next.getTime() + zoneFor(definition.timeZone).offsetAt(next.getTime())),
    lastOutcome: outcomeOf(row.last, row.lastEndedAt),
  };
}

/** How an occurrence ended, as it is stored; null: it has not, or there was none. */
export function outcomeOf(last: TimedRow["last"], endedAt: Date | null): TimedAction["lastOutcome"] {
  if (last === null || endedAt === null) return null;
  const { startedAt, ...rest } = last;
  return { ...rest, endedAt, startedAt: startedAt === null ? null : new Date(startedAt) };
}
