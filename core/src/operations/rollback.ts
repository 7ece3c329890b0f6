import {
  type Authority,
  callsheetError,
  type EndingStep,
  type JobError,
  type JobState,
  type Rollback,
  type RollbackNote,
} from "@callsheet/contract";
import type { Free } from "../store/freeing.ts";
import type { HeldRollback, TakenRollback } from "../store/rollback.ts";
import type { Statements, Store } from "../store/store.ts";
import type { Changed } from "../store/transition.ts";
import { storableText } from "./configuration.ts";
import { checkId, type Desk, insist, operate } from "./operate.ts";
import { armAgain } from "./timed/settle.ts";

/** What the end of a rollback led to; undefined: somebody else had taken it. */
export interface RollbackEnd {
  readonly changed: readonly Changed[];
  readonly pools: readonly number[];
}

interface Told {
  readonly event: RollbackNote;
  readonly actor: string | null;
  readonly reason: string | null;
  readonly data?: object;
}

/** Everything is undone: what was held goes back, and what had to wait for it follows. */
export function finishRollback(store: Store, taken: TakenRollback): Promise<RollbackEnd | undefined> {
  const told = { event: "rolled_back", actor: null, reason: null, data: { attempt: taken.attempt } } as const;
  return ofTaken(store, taken, (tx, free, held) => end(tx, free, { jobId: taken.jobId, held, told }));
}

/** What the attempt left to keep is kept. */
export async function finishKeeping(store: Store, { jobId, attempt, fence }: TakenRollback): Promise<void> {
  await store.transaction(async (tx) => {
    if (await tx.lockRollback(jobId, { attempt, fence })) await tx.closeRollback(jobId, attempt);
  });
}

/** Something could not be undone: an operator has to decide. The job's objects stay out of everybody's reach until then. */
export function giveUpRollback(store: Store, taken: TakenRollback, error: JobError): Promise<RollbackEnd | undefined> {
  const { jobId, attempt } = taken;
  return ofTaken(store, taken, async (tx, free, held) => {
    const job = (await tx.lockJob(jobId))!;
    await tx.note({
      ...{ id: jobId, event: "rollback_failed", actor: null, reason: null },
      data: JSON.stringify({ attempt, error }),
    });
    const isSettling = ({ event }: EndingStep) => event === "settle";
    const failure: JobError = {
      code: "rollback_failed",
      message: `What attempt ${attempt} did could not be undone. ${error.message}`,
    };
    const steps: readonly EndingStep[] =
      job.state === "retrying" ? [{ event: "give_up", to: "failed", error: failure }] : held.next.filter(isSettling);
    const changed = await follow(tx, jobId, steps, held);
    await tx.changeNext(jobId, { ...held, next: held.next.filter((step) => !isSettling(step)) });
    await tx.markRollback(jobId, "failed");
    await tx.leaveToOperator(jobId);
    await tx.quarantineObjectsOf(jobId, `The rollback of job ${jobId} failed.`);
    const { granted, pools } = await free([{ jobId, token: held.token }]);
    return { changed: [...changed, ...granted], pools };
  });
}

/** Runs a transaction on a rollback that is still the taker's, its job locked first. */
function ofTaken<T>(
  store: Store,
  { jobId, attempt, fence }: TakenRollback,
  act: (tx: Statements, free: Free, held: HeldRollback) => Promise<T>,
): Promise<T | undefined> {
  return insist(() =>
    store.freeing(async (tx, free) => {
      await tx.lockJob(jobId);
      const held = await tx.lockRollback(jobId, { attempt, fence });
      return held && act(tx, free, held);
    }),
  );
}

async function end(
  tx: Statements,
  free: Free,
  { jobId, held, told }: { readonly jobId: string; readonly held: HeldRollback; readonly told: Told },
): Promise<RollbackEnd> {
  const { event, actor, reason, data } = told;
  await tx.note({ id: jobId, event, actor, reason, data: data === undefined ? null : JSON.stringify(data) });
  const changed = [...(await follow(tx, jobId, held.next, held)), ...(await armAgain(tx, jobId, held.next))];
  await tx.markRollback(jobId, "done");
  await tx.closeRollback(jobId, held.attempt);
  await tx.releaseObjectsOf(jobId);
  const { granted, pools } = await free([{ jobId, token: held.token }]);
  return { changed: [...changed, ...granted], pools };
}

/** Makes the steps of a job that waited for its rollback. */
async function follow(
  tx: Statements,
  id: string,
  steps: readonly EndingStep[],
  { actor, reason }: Pick<HeldRollback, "actor" | "reason">,
): Promise<readonly Changed[]> {
  const changed: Changed[] = [];
  for (const { event, error, dueAt: _, ...step } of steps) {
    const change = { id, ...step, ...(error ? { error: JSON.stringify(error) } : {}) };
    changed.push(...(await tx.transition({ event, changes: [change], actor, reason })));
  }
  return changed;
}

/**
 * A cancel that was asked for while what the job did is being undone: done when that has ended. Asked for again, it stays as
 * it is.
 */
export async function rememberCancel(tx: Statements, id: string, authority: Authority): Promise<void> {
  const { actor, reason = null } = authority;
  const held = await tx.lockRollback(id);
  if (held?.next.some(({ event }) => event === "cancel")) return;
  await tx.changeNext(id, { next: [{ event: "cancel", to: "cancelled" }], actor, reason });
  await tx.note({ id, event: "cancel_asked", actor, reason, data: null });
}

/** How the rollback of a job stands, with its journal. Fails with `job_not_found`. */
export async function readRollback({ store }: Pick<Desk, "store">, ref: string): Promise<Rollback> {
  const id = checkId(ref);
  const [[job], open, entries] = await Promise.all([
    store.readJobs([id]),
    store.readRollback(id),
    store.readJournal(id),
  ]);
  if (!job) throw callsheetError("job_not_found", `There is no job ${id}.`, { id });
  const [first] = open?.next ?? [];
  const remembered = first?.event === "cancel" || first?.event === "retry" ? first.event : null;
  return {
    state: job.rollback,
    ...{ tries: open?.tries ?? 0, nextAt: open?.nextAt ?? null, node: open?.node ?? null, remembered, entries },
  };
}

/** Tries a failed rollback again, from where it stopped. */
export async function retryRollback(desk: Desk, ref: string, authority: Authority): Promise<void> {
  const { actor, reason = null } = authority;
  await operate(desk, ref, async (tx, { id, state }) => {
    const held = await tx.lockRollback(id);
    if (!held?.failed) throw notFailed(id, state);
    await tx.note({ id, event: "rollback_retried", actor, reason, data: null });
    await tx.changeEntries(id, { from: ["failed"], to: "intent" });
    await tx.markRollback(id, "required");
    await tx.resumeRollback(id);
  });
  desk.announce({ kind: "rollback" });
}

/**
 * Ends a rollback that has not ended by itself: somebody has seen to what was not undone, or takes it upon himself. The
 * reason is kept in the history. What had to wait for it follows.
 */
export async function resolveRollback(desk: Desk, ref: string, why: string, { actor }: Authority): Promise<JobState> {
  const id = checkId(ref);
  const reason = storableText(why, "reason", 2_000);
  const { changed, state } = await insist(() =>
    desk.store.freeing(async (tx, free) => {
      const job = await tx.lockJob(id);
      if (!job) throw callsheetError("job_not_found", `There is no job ${id}.`, { id });
      const held = await tx.lockRollback(id);
      if (!held) throw notFailed(id, job.state);
      await tx.changeEntries(id, { from: ["intent", "failed"], to: "resolved" });
      const told = { event: "rollback_resolved", actor, reason } as const;
      const { changed } = await end(tx, free, { jobId: id, held, told });
      return { changed, state: changed.findLast((one) => one.id === id)?.to ?? job.state };
    }),
  );
  for (const { laneId, rank } of changed) desk.announce({ kind: "lane", laneId, rank });
  desk.announce({ kind: "due" });
  return state;
}

function notFailed(id: string, state: JobState) {
  return callsheetError("wrong_state", `Job ${id} has no rollback that waits for an operator.`, { id, state });
}
