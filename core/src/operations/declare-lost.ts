import { type Authority, type JobState, LIVE } from "@callsheet/contract";
import type { JobFacts } from "../store/jobs.ts";
import type { Changed } from "../store/transition.ts";
import { storableText } from "./configuration.ts";
import { endAttempts, notToUndo } from "./end.ts";
import { type Desk, insist, operate, wrongState } from "./operate.ts";
import { tellFreed } from "./tell-freed.ts";

/** Who says so, and why. */
type Said = Required<Authority>;

/**
 * Ends an attempt of which nothing will be heard any more, such as one that hangs on a storage that is gone. A live one's job
 * fails, or its cancel is done; of a job that is over, what attempts still held is free. Late words are refused. A person
 * answers for it, by name and reason. Fails with `wrong_state` where nothing of the job may still run.
 */
export async function declareLost(
  desk: Desk,
  id: string,
  given: string | undefined,
  { actor, reason: usual }: Authority,
): Promise<JobState> {
  const said = { actor, reason: storableText(given ?? usual, "reason", 2_000) };
  return insist(async () => {
    const job = await read(desk, id);
    const isLive = (LIVE as readonly JobState[]).includes(job.state);
    const state = await (isLive ? endLive(desk, job, said) : endRemnants(desk, job, said));
    // It may have ended by itself in this moment.
    if (state === undefined) throw await wrongState(desk, await read(desk, id), "declare_lost");
    desk.announce({ kind: "job", id: job.id });
    return state;
  });
}

/** As it stands; a member of a claim is given a row of its own, by which its attempt can be ended. */
const read = (desk: Desk, id: string) => operate<JobFacts>(desk, id, async (_tx, job) => job);

async function endLive(desk: Desk, { id, token }: JobFacts, { actor, reason }: Said): Promise<JobState | undefined> {
  const error = { code: "node_lost", message: `${actor} declared the attempt lost: ${reason}` };
  const attempt = { id, token: token!, isMember: false, ending: { kind: "lost", error, isDeclared: true } } as const;
  const { changed, pools } = await endAttempts(desk.store, desk.catalogue, [attempt], NOTHING_TO_DRAW, actor, reason);
  tell(desk, changed, pools);
  return changed.filter((one) => one.id === id).at(-1)?.to;
}

/** No policy retries it, so no wait is spread. */
const NOTHING_TO_DRAW = () => 0;

async function endRemnants(
  desk: Desk,
  { id, state }: JobFacts,
  { actor, reason }: Said,
): Promise<JobState | undefined> {
  const left = await desk.store.remnantsOfJob(id);
  if (left.length === 0) return undefined;
  const attempts = left.map(({ jobId, token }) => ({ id: jobId, token: token! }));
  const { granted, pools } = await desk.store.freeing(async (tx, free) => {
    await tx.note({ id, event: "declare_lost", actor, reason, data: null });
    await tx.closeElsewhere(attempts);
    return free(await notToUndo(tx, attempts));
  });
  tell(desk, granted, pools);
  return state;
}

function tell({ announce: publish }: Desk, changed: readonly Changed[], pools: readonly number[]): void {
  tellFreed({ publish }, changed, pools);
  publish({ kind: "rollback" });
}
