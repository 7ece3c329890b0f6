import { type Authority, callsheetError, isCallsheetError, type Target } from "@callsheet/contract";
import type { GroupRecord } from "../../store/groups.ts";
import { BATCH_ITEMS } from "../batches.ts";
import { checkTarget } from "../create.ts";
import { insist } from "../operate.ts";
import { type GroupDesk, inParts, type MemberMaker, membersOf, storePart } from "./create-group.ts";
import { countOf, requireGroup } from "./read-group.ts";

/**
 * Adds members to a group that is open: of the same configuration and start time as the others. Those that it has already are
 * passed over. Answers how many were added. Fails with `group_closed`.
 */
export async function addMembers(
  desk: GroupDesk,
  ref: string,
  targets: AsyncIterable<Target> | Iterable<Target>,
  authority: Authority,
): Promise<number> {
  const group = await requireTaking(desk, ref);
  const members = await makerOf(desk, group, authority);
  let added = 0;
  for await (const part of inParts(targets, BATCH_ITEMS))
    added += await addPart(desk, members, part.targets.map(checkTarget));
  return added;
}

/** Nobody has a member twice, also where several add some at once. */
async function addPart(desk: GroupDesk, members: MemberMaker, targets: readonly Target[]): Promise<number> {
  const had = countOf((await requireTaking(desk, members.id)).counts);
  const wanted = new Map(targets.map((target) => [JSON.stringify([target.type, target.id]), target]));
  for (const { type, id } of await desk.store.targetsAmong(members.id, [...wanted.values()]))
    wanted.delete(JSON.stringify([type, id]));
  try {
    await storePart(desk, members, { targets: [...wanted.values()], had });
    return wanted.size;
  } catch (error) {
    if (!isCallsheetError(error) || error.code !== "group_closed") throw error;
    // Others were added meanwhile; or it is closed indeed, which shows when it is read again.
    return addPart(desk, members, targets);
  }
}

/** Closes a group: no member will be added any more, and it settles when all have ended. Fails with `group_closed`. */
export async function closeGroup(desk: GroupDesk, ref: string): Promise<void> {
  const { id } = await requireTaking(desk, ref);
  await insist(() => desk.store.once((tx) => tx.closeGroup(id)));
}

/** Ends the creation of a large group that was interrupted: adds the members that are missing, and closes it. */
export async function completeGroup(desk: GroupDesk, ref: string, authority: Authority): Promise<number> {
  const { target } = await requireTaking(desk, ref);
  const added = await addMembers(desk, ref, desk.targets.members(target), authority);
  await closeGroup(desk, ref);
  return added;
}

async function requireTaking(desk: GroupDesk, ref: string): Promise<GroupRecord> {
  const group = await requireGroup(desk.store, ref);
  if (group.isClosed)
    throw callsheetError("group_closed", `Group ${group.id} takes no members any more.`, { id: group.id });
  return group;
}

async function makerOf(desk: GroupDesk, group: GroupRecord, authority: Authority): Promise<MemberMaker> {
  const { id, target, owner, startAt, input, laneId } = group;
  const version = await desk.catalogue.version(group.actionVersionId);
  return membersOf(desk, {
    ...{ id, version, target, actor: authority.actor, reason: authority.reason ?? null, origin: "library" },
    rootId: await desk.store.rootOfLane(laneId),
    now: group.now,
    input: { ...input, target, owner, startAt },
  });
}
