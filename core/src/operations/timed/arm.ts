import { nextDue } from "@callsheet/contract";
import type { FiredOccurrence } from "../../store/occurrences.ts";
import type { Statements } from "../../store/store.ts";
import type { LockedTimed, TimedPlace } from "../../store/timed.ts";
import type { Changed } from "../../store/transition.ts";
import { calendarFor } from "./calendar.ts";
import { workOf } from "./work.ts";

type Next = Pick<TimedPlace, "nextAt" | "dueAt">;

const NO_NEXT: Next = { nextAt: null, dueAt: null };

/**
 * What a timed action is due at after this moment: at the first instant of its rule, or so long after it where it counts from an
 * end.
 */
export function nextAfter(timed: Pick<LockedTimed, "definition" | "shared">, moment: Date): Next {
  const calendar = calendarFor(timed);
  const { definition } = timed;
  if (calendar === null) {
    const { rule } = definition;
    const nextAt = new Date(moment.getTime() + (rule.kind === "interval" ? rule.everyMs : 0));
    return { nextAt, dueAt: nextAt };
  }
  const next = nextDue(calendar, definition, moment.getTime());
  return next === undefined ? NO_NEXT : { nextAt: new Date(next.instant), dueAt: new Date(next.dueAt) };
}

/** Lets the job of a timed action, which is scheduled, begin an occurrence that is written already. */
export async function fire(tx: Statements, timed: LockedTimed, fired: FiredOccurrence): Promise<readonly Changed[]> {
  const { nominal: local, fold, instant, origin } = fired;
  const { timeZone } = timed.definition;
  const data = JSON.stringify({ occurrence: { local, fold, timeZone, instant, origin } });
  await tx.armJob(timed.jobId, timed.now);
  return workOf(timed).begin(tx, timed.jobId, data);
}

/**
 * What a timed action's job waits for, now that it was set up again: an occurrence that is queued begins at once; else the next
 * instant of the rule. Without one, or where it was stopped meanwhile, its start time is taken away.
 */
export async function arm(tx: Statements, timed: LockedTimed): Promise<readonly Changed[]> {
  const { id, jobId, now, mark, isStarted, isOff, queued } = timed;
  if (queued > 0 && isOff) await tx.skipQueued(id, "switched_off");
  const fired = queued > 0 && !isOff ? await tx.fireQueued(id) : undefined;
  if (fired !== undefined) return fire(tx, timed, fired);
  const next = isStarted && calendarFor(timed) === null ? nextAfter(timed, now) : timed;
  if (next !== timed) await tx.placeTimed(id, { mark, nextAt: next.nextAt, dueAt: next.dueAt });
  return wait(tx, jobId, isStarted ? next.dueAt : null);
}

/** Lets a scheduled job wait for a moment, or for nothing. */
export async function wait(tx: Statements, jobId: string, dueAt: Date | null): Promise<readonly Changed[]> {
  if (dueAt !== null) {
    await tx.armJob(jobId, dueAt);
    return [];
  }
  const changed = await tx.transition({ event: "unplan", changes: [{ id: jobId, to: "created" }] });
  await tx.changePlan(jobId, null);
  return changed;
}

/** Whether the job of a timed action is set up again when its occurrence has ended. */
export function isRepeated(timed: LockedTimed): boolean {
  const { isStarted, queued, nextAt } = timed;
  return isStarted && (queued > 0 || nextAt !== null || calendarFor(timed) === null);
}
