import {
  type Authority,
  callsheetError,
  isCallsheetError,
  type JobState,
  type PriorityName,
} from "@callsheet/contract";
import type { GroupRecord, Member } from "../../store/groups.ts";
import type { Statements } from "../../store/store.ts";
import { cancelJob } from "../cancel.ts";
import { checkPriority, rankOf } from "../create.ts";
import { alone, type Desk, insist } from "../operate.ts";
import { eachPage } from "./member-pages.ts";
import { requireGroup } from "./read-group.ts";

/** Holds a group: when it has answered, no member starts until it is resumed. Those that run go on. */
export function holdGroup(desk: Desk, ref: string, authority: Authority): Promise<void> {
  return alone(desk, async (tx) => {
    const group = await requireOpen(tx, ref, "held");
    if ((await tx.rootOfLane(group.laneId)) === null) await tx.moveToOwnLanes(group.id);
    if (!(await tx.changeIntent(group.id, "pause", authority))) throw wrongGroupState(group, "held");
  });
}

/** Lets a held group go on. */
export async function resumeGroup(desk: Desk, ref: string, authority: Authority): Promise<void> {
  await alone(desk, async (tx) => {
    const group = await requireOpen(tx, ref, "resumed");
    if (!(await tx.changeIntent(group.id, "none", authority))) throw wrongGroupState(group, "resumed");
  });
  desk.announce({ kind: "everything" });
}

/**
 * Cancels a group: what waits is cancelled, what runs only as its action allows, what has ended stays. That it was cancelled is
 * stored first; where this comes to no end, nodes do the rest.
 */
export async function cancelGroup(desk: Desk, ref: string, authority: Authority): Promise<void> {
  const { id } = await alone(desk, async (tx) => {
    const group = await requireOpen(tx, ref, "cancelled");
    if (group.intent !== "cancel") await tx.changeIntent(group.id, "cancel", authority);
    return group;
  });
  await cancelMembers(desk, id, authority);
}

const WAITING = ["created", "scheduled", "pending", "queued", "waiting_for_lock", "retrying", "paused"] as const;
const LIVE = ["running", "timed_out"] as const satisfies readonly JobState[];

/** Cancels the members of a group whose cancel was asked for. May be done by several at once, and again. */
export async function cancelMembers(desk: Desk, groupId: string, authority: Authority): Promise<void> {
  await eachPage(desk, { groupId, states: [...WAITING, ...LIVE] }, async (members) => {
    const isSimple = ({ state, isRollingBack, isJournaled, isInLine }: Member) =>
      !isRollingBack && !isJournaled && !isInLine && WAITING.some((waiting) => waiting === state);
    const changes = members.filter(isSimple).map(({ id }) => ({ id, to: "cancelled" as const }));
    const { actor, reason = null } = authority;
    if (changes.length > 0)
      await insist(() =>
        desk.store.once((tx) => tx.transition({ event: "cancel", changes, actor, reason, from: WAITING })),
      );
    for (const { id } of members.filter((member) => !isSimple(member)))
      await cancelJob(desk, id, authority).catch(excuseRefusal);
  });
}

/** A member that has ended meanwhile, or may not be stopped, goes its way. */
export function excuseRefusal(error: unknown): void {
  if (!isCallsheetError(error) || (error.code !== "not_cancellable" && error.code !== "wrong_state")) throw error;
}

/** Gives a group and its members that wait another priority. */
export async function prioritiseGroup(
  desk: Desk,
  ref: string,
  priority: PriorityName,
  authority: Authority,
): Promise<void> {
  const rank = rankOf(checkPriority(priority));
  const group = await insist(() =>
    desk.store.once(async (tx) => {
      const found = await requireOpen(tx, ref, "given another priority");
      const line = { id: found.id, event: "set_priority", data: { priority }, ...authority };
      if (!(await tx.noteOfGroup(line))) throw wrongGroupState(found, "given another priority");
      await tx.changeGroupRank(found.id, rank);
      return found;
    }),
  );
  await eachPage(desk, { groupId: group.id, states: WAITING }, async (members) => {
    const ids = members.map(({ id }) => id);
    const lanes = await insist(() => desk.store.once((tx) => tx.changeMembersRank(ids, rank)));
    for (const laneId of lanes) desk.announce({ kind: "lane", laneId, rank });
  });
}

/** A group that has not settled. Fails with `group_not_found` or `wrong_state`. */
export async function requireOpen(tx: Pick<Statements, "readGroup">, ref: string, verb: string): Promise<GroupRecord> {
  const group = await requireGroup(tx, ref);
  if (group.isSettled) throw wrongGroupState(group, verb);
  return group;
}

/** The error of an operation that the state of a group does not allow. */
export function wrongGroupState({ id, state, intent }: GroupRecord, verb: string) {
  return callsheetError("wrong_state", `A group that is ${state} cannot be ${verb}.`, { id, state, intent, legal: [] });
}
