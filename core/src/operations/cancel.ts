import { type Authority, callsheetError, isLegal, type JobState, LIVE } from "@callsheet/contract";
import type { JobFacts } from "../store/jobs.ts";
import type { Statements } from "../store/store.ts";
import { type Desk, operate, step } from "./operate.ts";
import { rememberCancel } from "./rollback.ts";

const isLive = (state: JobState) => (LIVE as readonly JobState[]).includes(state);

/**
 * Cancels a job. A live one only as its action allows (MISSION 3): `never` refuses with `not_cancellable`; `asks` tells the
 * handler and the job is `cancelling` until the handler ends; `abandon` cancels at once and tells the handler.
 */
export async function cancelJob(desk: Desk, id: string, authority: Authority): Promise<JobState> {
  const { state, wasLive } = await operate(desk, id, async (tx, job) => {
    const wasLive = isLive(job.state);
    const state = await (wasLive ? cancelLive : cancelEnded)(desk, tx, job, authority);
    if (wasLive) await tx.hastenElsewhere(job.id);
    return { state, wasLive };
  });
  if (wasLive) desk.announce({ kind: "job", id });
  return state;
}

/** While what it did is being undone it is remembered. What it did before it was put off is undone now. */
async function cancelEnded(desk: Desk, tx: Statements, job: JobFacts, authority: Authority): Promise<JobState> {
  const isOpen = job.rollback === "required" || job.rollback === "failed";
  if (!isOpen || !isLegal("cancel", job.state, "cancelled", job.kind)) {
    const state = await step(desk, tx, job, { event: "cancel", to: "cancelled", operation: "cancel" }, authority);
    await undoWhatIsLeft(tx, job, { waits: false });
    return state;
  }
  await rememberCancel(tx, job.id, authority);
  return job.state;
}

async function cancelLive(desk: Desk, tx: Statements, job: JobFacts, authority: Authority): Promise<JobState> {
  const { definition } = await desk.catalogue.version(job.actionVersionId);
  switch (definition.cancellable) {
    case "never":
      throw callsheetError(
        "not_cancellable",
        `Action "${definition.name}" does not allow a running job to be cancelled.`,
        { id: job.id, state: job.state },
      );
    case "asks":
      return step(desk, tx, job, { event: "ask_cancel", to: "cancelling", operation: "cancel" }, authority);
    case "abandon":
      await tx.leaveRemnants([job.id], "abandon");
      return abandon(desk, tx, job, authority);
  }
}

/** What it did is undone once its handler has ended. */
async function abandon(desk: Desk, tx: Statements, job: JobFacts, authority: Authority): Promise<JobState> {
  const state = await step(desk, tx, job, { event: "abandon", to: "cancelled", operation: "cancel" }, authority);
  await undoWhatIsLeft(tx, job, { waits: true });
  return state;
}

async function undoWhatIsLeft(
  tx: Statements,
  { id: jobId, attempt, token, isJournaled }: JobFacts,
  { waits }: { readonly waits: boolean },
): Promise<void> {
  if (!isJournaled || (await tx.openEntries([jobId])).length === 0) return;
  await tx.openRollbacks([
    { jobId, attempt, token: token!, undoes: true, waits, delayMs: null, next: [], actor: null },
  ]);
}
