import { callsheetError, nextRun, type TimedAction, wallText } from "@callsheet/contract";
import { outcomeOf } from "../../store/outcome-of.ts";
import type { Statements } from "../../store/store.ts";
import type { TimedRow } from "../../store/timed.ts";
import { calendarFor, zoneFor } from "./calendar.ts";

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
  const next = isStarted && nextAt !== null ? nextRunOf(row, nextAt) : null;
  return {
    ...definition,
    state: isStarted ? "started" : "stopped",
    ...{ jobId, jobState, nextAt: next, mark, queued, lastFiredAt, createdAt },
    nextLocal: next && wallText(next.getTime() + zoneFor(definition.timeZone).offsetAt(next.getTime())),
    lastOutcome: outcomeOf(row.last, row.lastEndedAt),
  };
}

/** When it runs next: an excluded instant is looked at as well, and it does not run then. */
function nextRunOf(row: TimedRow, nextAt: Date): Date | null {
  const calendar = calendarFor(row);
  if (calendar === null) return nextAt;
  const run = nextRun(calendar, nextAt.getTime() - 1);
  return run === undefined ? null : new Date(run.instant);
}
