import {
  callsheetError,
  expectDuration,
  type FailureCause,
  type Group,
  type GroupFilter,
  MEMBER_CLASSES,
  type MemberCounts,
  progressOf,
} from "@callsheet/contract";
import type { GroupRecord } from "../../store/groups.ts";
import type { Statements } from "../../store/store.ts";
import { checkId, type Desk } from "../operate.ts";

/** A group as it stands now. Fails with `group_not_found`. */
export async function getGroup(desk: Desk, ref: string): Promise<Group> {
  return toGroup(desk, await requireGroup(desk.store, ref));
}

export async function requireGroup(db: Pick<Statements, "readGroup">, ref: string): Promise<GroupRecord> {
  const id = checkId(ref);
  const group = await db.readGroup(id);
  if (!group) throw callsheetError("group_not_found", `There is no group ${id}.`, { id });
  return group;
}

/** A page of groups, newest first. */
export async function listGroups(desk: Desk, filter: GroupFilter): Promise<readonly Group[]> {
  return Promise.all((await desk.store.listGroups(filter)).map((group) => toGroup(desk, group)));
}

/** The members that failed, grouped by the codes of their errors, the most frequent first. Fails with `group_not_found`. */
export async function failuresIn({ store }: Desk, ref: string): Promise<readonly FailureCause[]> {
  const { id } = await requireGroup(store, ref);
  return store.failuresOf(id);
}

/** How many members a group has. */
export const countOf = (counts: MemberCounts): number => MEMBER_CLASSES.reduce((sum, name) => sum + counts[name], 0);

async function toGroup({ catalogue }: Desk, { now, told, ...record }: GroupRecord): Promise<Group> {
  const { actionId, actionVersionId, laneId: _, input, ...group } = record;
  const [learned, { definition }] = await Promise.all([catalogue.durations(), catalogue.version(actionVersionId)]);
  const expected = expectDuration(learned.get(actionId), input?.size ?? null, definition);
  const memberCount = countOf(group.counts);
  return { ...group, memberCount, ...progressOf({ ...group, memberCount, told, now, expected }) };
}
