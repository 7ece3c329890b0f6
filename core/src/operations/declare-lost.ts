import { type Authority, type JobState, LIVE } from "@callsheet/contract";
import type { JobFacts } from "../store/jobs.ts";
import { storableText } from "./configuration.ts";
import { endAttempts } from "./end.ts";
import { type Desk, insist, operate, wrongState } from "./operate.ts";

/**
 * Ends a live attempt of which nothing will be heard any more, such as one that hangs on a storage that is gone. The job
 * fails, or its cancel is done; what the attempt held is free at once, and its late words are refused. A person answers for
 * it, by name and reason. Fails with `wrong_state` when no attempt lives.
 */
export async function declareLost(
  desk: Desk,
  id: string,
  given: string | undefined,
  authority: Authority,
): Promise<JobState> {
  const reason = storableText(given ?? authority.reason, "reason", 2_000);
  return insist(async () => {
    const job = await read(desk, id);
    if (!(LIVE as readonly JobState[]).includes(job.state)) throw await wrongState(desk, job, "declare_lost");
    const error = { code: "node_lost", message: `${authority.actor} declared the attempt lost: ${reason}` };
    const ending = { kind: "lost", error, isDeclared: true } as const;
    const attempt = { id: job.id, token: job.token!, isMember: false, ending };
    const { store, catalogue } = desk;
    const ended = await endAttempts(store, catalogue, [attempt], NOTHING_TO_DRAW, authority.actor, reason);
    // It may have ended by itself in this moment.
    if (ended.refused.length > 0) throw await wrongState(desk, await read(desk, id), "declare_lost");
    for (const { laneId, rank } of ended.changed) desk.announce({ kind: "lane", laneId, rank });
    for (const poolId of ended.pools) desk.announce({ kind: "pool", poolId });
    desk.announce({ kind: "due" });
    desk.announce({ kind: "job", id: job.id });
    return ended.changed.filter((changed) => changed.id === job.id).at(-1)!.to;
  });
}

/** As it stands; a member of a claim is given a row of its own, by which its attempt can be ended. */
const read = (desk: Desk, id: string) => operate<JobFacts>(desk, id, async (_tx, job) => job);

/** No policy retries it, so no wait is spread. */
const NOTHING_TO_DRAW = () => 0;
