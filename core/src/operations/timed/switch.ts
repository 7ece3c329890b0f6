import {
  type Authority,
  callsheetError,
  nominalAt,
  SETTLED,
  type SkipReason,
  single,
  wallText,
} from "@callsheet/contract";
import type { JobFacts } from "../../store/jobs.ts";
import type { Statements } from "../../store/store.ts";
import type { LockedTimed } from "../../store/timed.ts";
import { type Desk, operate } from "../operate.ts";
import { fire, nextAfter, wait } from "./arm.ts";
import { zoneFor } from "./calendar.ts";
import { passedUntilNow } from "./define.ts";
import { findTimed } from "./find.ts";

type Act<T> = (tx: Statements, timed: LockedTimed, job: JobFacts) => Promise<T>;

/** Does something with a timed action whose job and row are locked, in this order. Fails with `unknown_timed_action`. */
export async function operateTimed<T>(desk: Desk, name: string, act: Act<T>): Promise<T> {
  const { jobId } = await findTimed(desk.store, name);
  const result = await operate(desk, jobId, async (tx, job) => act(tx, (await tx.lockTimed(jobId))!, job));
  desk.announce({ kind: "due" });
  return result;
}

/** Lets a timed action run from its next time on. One that is started is left alone, but for one that is quarantined. */
export function startTimed(desk: Desk, name: string, authority: Authority): Promise<void> {
  return operateTimed(desk, name, async (tx, timed, job) => {
    if (timed.isStarted && !isOver(job)) return;
    const { id, now, mark, isStarted } = timed;
    // One that counts from an end, and is quarantined, has no next time yet.
    const next = isStarted && timed.dueAt !== null ? timed : nextAfter(timed, now);
    if (!isStarted) await settle(tx, timed, "stopped");
    const place = { isStarted: true, mark: isStarted ? mark : now, nextAt: next.nextAt, dueAt: next.dueAt };
    await tx.placeTimed(id, place);
    if (await setUp(tx, job, authority)) await wait(tx, job.id, next.dueAt);
  });
}

/** Lets a timed action run no more; what runs goes on to its end. */
export function stopTimed(desk: Desk, name: string, authority: Authority): Promise<void> {
  const { actor, reason = null } = authority;
  return operateTimed(desk, name, async (tx, timed, job) => {
    if (!timed.isStarted) return;
    await settle(tx, timed, "stopped");
    await tx.skipQueued(timed.id, "stopped");
    await tx.placeTimed(timed.id, { isStarted: false, mark: timed.now, nextAt: null, dueAt: null });
    if (!timed.isArmed) return;
    await tx.transition({ event: "unplan", changes: [{ id: job.id, to: "created" }], actor, reason });
    await tx.changePlan(job.id, null);
  });
}

/** Runs it at once, started or not. Fails with `timed_action_busy` while an occurrence is not over. */
export async function runTimedNow(desk: Desk, name: string, authority: Authority): Promise<void> {
  const { laneId, rank } = await operateTimed(desk, name, async (tx, timed, job) => {
    if (!timed.isArmed && !(await setUp(tx, job, authority))) throw busy(timed);
    const { id, definition } = timed;
    const instant = await tx.momentByHand(id);
    const nominal = nominalAt(zoneFor(definition.timeZone), instant.getTime());
    await tx.addOccurrences(id, [{ ...single(nominal, instant.getTime()), kind: "fired", reason: null }], "hand");
    await fire(tx, timed, { nominal: wallText(nominal.wall), fold: nominal.fold, instant, origin: "hand" });
    return job;
  });
  desk.announce({ kind: "lane", laneId, rank });
}

/** Writes down what nobody has decided on up to now. */
export async function settle(tx: Statements, timed: LockedTimed, reason: SkipReason): Promise<void> {
  await tx.addOccurrences(timed.id, passedUntilNow(timed, reason));
}

/** Schedules a job that waits for nothing: one that never ran, or whose occurrence is over. False: it is under way. */
async function setUp(tx: Statements, job: JobFacts, authority: Authority): Promise<boolean> {
  const { actor, reason = null } = authority;
  const { id } = job;
  if (job.state === "created") {
    await tx.transition({ event: "plan", changes: [{ id, to: "scheduled", delayMs: 0 }], actor, reason });
    return true;
  }
  if (!isOver(job)) return false;
  await tx.transition({ event: "rearm", changes: [{ id, to: "scheduled", fresh: true }], actor, reason });
  return true;
}

const isOver = ({ state, rollback }: JobFacts): boolean =>
  SETTLED.some((settled) => settled === state) && (rollback === "none" || rollback === "done");

/** Whether an occurrence is not over. */
export const isUnderWay = ({ isArmed }: LockedTimed, job: JobFacts): boolean =>
  !isArmed && job.state !== "created" && !isOver(job);

/** The error of something that has to wait for an occurrence's end. */
export function busy({ name, jobId }: LockedTimed) {
  return callsheetError("timed_action_busy", `An occurrence of the timed action "${name}" is not over.`, {
    timedAction: name,
    jobId,
  });
}
