import { type Authority, callsheetError, type JobInput, SETTLED } from "@callsheet/contract";
import type { Counterpart } from "../store/counterparts.ts";
import type { JobFacts } from "../store/jobs.ts";
import type { Creator } from "./creator.ts";
import { checkInput } from "./job-input.ts";
import { checkId, type Desk, operate, wrongState } from "./operate.ts";

/** What a job is made for that answers another one. */
type Does = Counterpart["does"];

const PAST = { undo: "undone", redo: "done again" } as const satisfies Record<Does, string>;

/**
 * Creates the job that undoes a completed one, or does it again: of the action that its own names, on the same target. What the
 * first one was and left is the variable `undoes`, or `redoes`; its history names the new one. Fails with `no_undo_action`, and with
 * `wrong_state` when it has not completed, or that has been done, or is under way.
 */
export async function createCounterpart(
  desk: Desk,
  creator: Creator,
  asked: { readonly id: string; readonly does: Does; readonly input: JobInput },
  authority: Authority,
): Promise<string> {
  const { does, input } = asked;
  checkInput(input);
  const id = checkId(asked.id);
  const [first] = await desk.store.readJobs([id]);
  if (!first) throw callsheetError("job_not_found", `There is no job ${id}.`, { id });
  const action = first[`${does}Action`];
  if (action === null)
    throw callsheetError(
      "no_undo_action",
      `Action "${first.action}" names no action by which its jobs are ${PAST[does]}.`,
      {
        ...{ id, operation: does },
      },
    );
  if (first.state !== "completed")
    return operate(desk, id, async (_tx, job) => Promise.reject(await wrongState(desk, job, does)));
  const { actor, reason = null } = authority;
  const target = first.target === null ? {} : { target: first.target };
  const variables = { ...input.variables, [does === "undo" ? "undoes" : "redoes"]: await desk.store.leftBy(id) };
  const inputs = [{ ...target, ...input, variables }];
  const ready = await creator.ready({
    action,
    inputs,
    actor,
    reason: why(asked, reason),
    origin: "library",
  });
  const made = await operate(desk, id, async (tx, job) => {
    if (job.state !== "completed") throw await wrongState(desk, job, does);
    refuseTwice(job, does, await tx.lastCounterpart(id));
    const [made] = await ready.insert(tx);
    await tx.note({ id, event: does, actor, reason, data: JSON.stringify({ jobId: made, action }) });
    return made!;
  });
  ready.tell();
  return made;
}

/** What the first line of the new job says. */
function why({ id, does }: { readonly id: string; readonly does: Does }, reason: string | null): string {
  const link = `It ${does}es job ${id.toLowerCase()}`;
  return reason === null ? `${link}.` : `${link}: ${reason}`.slice(0, LONGEST_REASON).toWellFormed();
}

const LONGEST_REASON = 2_000;

/** Once it is undone it can be done again, and the other way round. What failed, or was cancelled, may be tried again. */
function refuseTwice({ id, state }: JobFacts, does: Does, last: Counterpart | undefined): void {
  if (last === undefined || last.state === null) return;
  const isOver = (SETTLED as readonly string[]).includes(last.state);
  if (isOver && (last.state !== "completed" || last.does !== does)) return;
  const how = isOver ? "was" : "is being";
  const message = `Job ${id} ${how} ${PAST[last.does]} by job ${last.jobId}, which is ${last.state}.`;
  throw callsheetError("wrong_state", message, { id, state, operation: does, by: last.jobId });
}
