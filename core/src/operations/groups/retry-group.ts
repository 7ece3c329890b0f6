import { type Authority, callsheetError, RETRY_ONLY, type RetryOnly } from "@callsheet/contract";
import { type Desk, insist } from "../operate.ts";
import { retryJob } from "../retry.ts";
import { wrongGroupState } from "./intents.ts";
import { eachPage } from "./member-pages.ts";
import { requireGroup } from "./read-group.ts";

/** The code of an attempt that its time-out ended. */
const TIMED_OUT = "timed_out";

/**
 * Runs the members again that failed or ended in part; or, with `timed_out`, those that are past their time-out, once they have
 * failed, and those that it ended. Without either the group's state says which. All others stay untouched. Answers how many: none
 * of them is `wrong_state`.
 */
export async function retryGroup(
  desk: Desk,
  ref: string,
  asked: RetryOnly | undefined,
  authority: Authority,
): Promise<number> {
  if (asked !== undefined && !RETRY_ONLY.includes(asked))
    throw callsheetError("invalid_argument", `only must be one of ${RETRY_ONLY.join(", ")}.`, { field: "only" });
  const group = await requireGroup(desk.store, ref);
  const only = asked ?? (group.state === "timed_out" ? "timed_out" : "failed");
  if (group.intent === "cancel" && !group.isSettled) throw wrongGroupState(group, "retried");
  const ended = await retryEnded(desk, group.id, only, authority);
  const live = only === "timed_out" ? await retryLive(desk, group.id, authority) : 0;
  if (ended + live === 0)
    throw callsheetError(
      "wrong_state",
      `No member of group ${group.id} ${only === "failed" ? "has failed" : "timed out"}.`,
      {
        ...{ id: group.id, state: group.state, only, legal: [] },
      },
    );
  return ended + live;
}

async function retryEnded(desk: Desk, groupId: string, only: RetryOnly, authority: Authority): Promise<number> {
  const { actor, reason = null } = authority;
  const states = ["failed", "partial"] as const;
  const which = only === "failed" ? { groupId, states } : { groupId, states, code: TIMED_OUT };
  let count = 0;
  await eachPage(desk, which, async (members) => {
    // What a member did has to be undone before it begins anew.
    const ids = members.filter(({ isRollingBack }) => !isRollingBack).map(({ id }) => id);
    const changed = await insist(() =>
      desk.store.once(async (tx) => {
        const dueAt = await tx.databaseNow();
        const changes = ids.map((id) => ({ id, to: "pending" as const, retries: 1, dueAt }));
        return tx.transition({ event: "retry", changes, actor, reason, from: states });
      }),
    );
    count += changed.length;
    const lanes = new Map(changed.map(({ laneId, rank }) => [laneId, rank]));
    for (const [laneId, rank] of lanes) desk.announce({ kind: "lane", laneId, rank });
  });
  return count;
}

/** What is past its time-out and still runs is never started a second time: its retry is remembered. */
async function retryLive(desk: Desk, groupId: string, authority: Authority): Promise<number> {
  let count = 0;
  await eachPage(desk, { groupId, states: ["timed_out"] }, async (members) => {
    for (const { id } of members) if (await remember(desk, id, authority)) count += 1;
  });
  return count;
}

/** False: it has ended meanwhile. */
async function remember(desk: Desk, id: string, authority: Authority): Promise<boolean> {
  const [job] = await desk.store.readJobs([id]);
  if (job?.state !== "timed_out") return false;
  await retryJob(desk, id, authority);
  return true;
}
