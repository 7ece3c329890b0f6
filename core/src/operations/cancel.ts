import { type Authority, callsheetError, type JobState, LIVE } from "@callsheet/contract";
import type { JobFacts } from "../store/jobs.ts";
import type { Statements } from "../store/store.ts";
import { type Desk, operate, step } from "./operate.ts";

const isLive = (state: JobState) => (LIVE as readonly JobState[]).includes(state);

/**
 * Cancels a job. A live one only as its action allows (MISSION 3): `never` refuses with `not_cancellable`; `asks` tells the
 * handler and the job is `cancelling` until the handler ends; `abandon` cancels at once and tells the handler.
 */
export async function cancelJob(desk: Desk, id: string, authority: Authority): Promise<JobState> {
  const { state, wasLive } = await operate(desk, id, async (tx, job) => ({
    state: isLive(job.state)
      ? await cancelLive(desk, tx, job, authority)
      : await step(desk, tx, job, { event: "cancel", to: "cancelled", operation: "cancel" }, authority),
    wasLive: isLive(job.state),
  }));
  if (wasLive) desk.announce({ kind: "job", id });
  return state;
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
      return step(desk, tx, job, { event: "abandon", to: "cancelled", operation: "cancel" }, authority);
  }
}
