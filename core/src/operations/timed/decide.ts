import {
  type DueDecision,
  decideDue,
  decideEnd,
  SETTLED,
  slotOfEnd,
  type TimedFacts,
  wallText,
} from "@callsheet/contract";
import type { JobFacts } from "../../store/jobs.ts";
import type { Statements } from "../../store/store.ts";
import type { LockedTimed } from "../../store/timed.ts";
import type { Changed } from "../../store/transition.ts";
import { type Desk, insist } from "../operate.ts";
import { fire, nextAfter, wait } from "./arm.ts";
import { calendarFor, sharedBy, zoneFor } from "./calendar.ts";

/**
 * Decides on the instants of a timed action that are due: each fires its job or is passed over, in the transaction that moves
 * the mark beyond it. Undefined: there is nothing to decide, or somebody else does.
 */
export function decideTimed(
  { store }: Pick<Desk, "store">,
  { id, jobId }: Pick<LockedTimed, "id" | "jobId">,
): Promise<readonly Changed[] | undefined> {
  return insist(() =>
    store.once(async (tx) => {
      if (!(await tx.becomeTimer(id))) return undefined;
      const job = await tx.lockJob(jobId);
      const timed = await tx.lockTimed(jobId);
      if (!job || !timed?.isStarted || timed.dueAt === null || timed.dueAt > timed.now) return undefined;
      return carryOut(tx, timed, decide(timed, job));
    }),
  );
}

function decide(timed: LockedTimed, job: JobFacts): DueDecision {
  const { definition, mark, now, queued, isOff, isArmed, nextAt } = timed;
  const isOver = SETTLED.some((state) => state === job.state) && (job.rollback === "none" || job.rollback === "done");
  const blocked = isArmed ? null : isOver ? "quarantined" : "overlap";
  const facts: TimedFacts = { mark: mark.getTime(), now: now.getTime(), blocked, queued, isOff };
  const calendar = calendarFor(timed);
  if (calendar !== null) return decideDue(calendar, definition, facts);
  const { timeZone, exclusions } = definition;
  const slot = slotOfEnd({ zone: zoneFor(timeZone), exclusions, shared: sharedBy(timed) }, nextAt!.getTime());
  return decideEnd(slot, definition, facts);
}

async function carryOut(tx: Statements, timed: LockedTimed, { entries, mark }: DueDecision) {
  const { id, jobId, now, isArmed } = timed;
  const added = await tx.addOccurrences(id, entries);
  const begun = added.find(({ kind }) => kind === "fired");
  const isUnderWay = begun !== undefined || !isArmed;
  const countsFromEnd = calendarFor(timed) === null;
  const next =
    countsFromEnd && isUnderWay
      ? { nextAt: null, dueAt: null }
      : nextAfter(timed, countsFromEnd ? now : new Date(mark));
  await tx.placeTimed(id, { mark: new Date(mark), ...next });
  if (begun !== undefined) {
    const { first, instant } = begun;
    const fired = {
      nominal: wallText(first.wall),
      fold: first.fold,
      instant: new Date(instant),
      origin: "rule",
    } as const;
    return fire(tx, timed, fired);
  }
  return isArmed ? wait(tx, jobId, next.dueAt) : [];
}
