import { type Authority, callsheetError, type JobState, type PriorityName } from "@callsheet/contract";
import { checkInstant, checkPriority, rankOf } from "./create.ts";
import { LEGAL_FOR } from "./legal.ts";
import { type Desk, operate, step, wrongState } from "./operate.ts";

/** Gives a job a start time, or another one. A paused job stays paused; only its time changes. */
export async function planJob(desk: Desk, id: string, startAt: Date, authority: Authority): Promise<JobState> {
  if (!checkInstant(startAt, "startAt"))
    throw callsheetError("invalid_argument", "startAt must be a date: unschedule takes it away.", { field: "startAt" });
  const state = await operate(desk, id, async (tx, job) => {
    const to = job.state === "paused" ? "paused" : "scheduled";
    const state = await step(
      desk,
      tx,
      job,
      { event: "plan", to, operation: "plan", dueAt: startAt, data: JSON.stringify({ startAt }) },
      authority,
    );
    await tx.changePlan(job.id, startAt);
    return state;
  });
  desk.announce({ kind: "due" });
  return state;
}

/** Takes a job's start time away: the scheduler ignores it until it is planned again. */
export async function unplanJob(desk: Desk, id: string, authority: Authority): Promise<JobState> {
  return operate(desk, id, async (tx, job) => {
    const state = await step(desk, tx, job, { event: "unplan", to: "created", operation: "unplan" }, authority);
    await tx.changePlan(job.id, null);
    return state;
  });
}

/** Holds a waiting job: it is not started until it is resumed. */
export async function holdJob(desk: Desk, id: string, authority: Authority): Promise<JobState> {
  return operate(desk, id, (tx, job) =>
    step(desk, tx, job, { event: "hold", to: "paused", operation: "hold" }, authority),
  );
}

/** Lets a held job go on; one whose time has passed is due at once. */
export async function resumeJob(desk: Desk, id: string, authority: Authority): Promise<JobState> {
  const state = await operate(desk, id, (tx, job) =>
    step(desk, tx, job, { event: "resume", to: "scheduled", operation: "resume" }, authority),
  );
  desk.announce({ kind: "due" });
  return state;
}

/** Changes a job's priority while no attempt lives. */
export async function setPriority(desk: Desk, id: string, priority: PriorityName, authority: Authority): Promise<void> {
  const rank = rankOf(checkPriority(priority));
  const { laneId } = await operate(desk, id, async (tx, job) => {
    if (!LEGAL_FOR.set_priority(job)) throw await wrongState(desk, job, "set_priority");
    await tx.changePriority(job.id, rank);
    await tx.note({
      id: job.id,
      event: "set_priority",
      actor: authority.actor,
      reason: authority.reason ?? null,
      data: JSON.stringify({ priority }),
    });
    return job;
  });
  desk.announce({ kind: "lane", laneId, rank });
}
