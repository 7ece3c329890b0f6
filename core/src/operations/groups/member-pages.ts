import type { Member, MemberPage } from "../../store/groups.ts";
import type { Desk } from "../operate.ts";

/** So many members are changed by one transaction: their group is locked at its end, for as long as that takes to commit. */
const PAGE_MEMBERS = 500;
const BEFORE_ALL = "00000000-0000-0000-0000-000000000000";

/** Goes once through the members of a group that stand in these states, whatever becomes of them meanwhile. */
export async function eachPage(
  { store }: Pick<Desk, "store">,
  which: Pick<MemberPage, "groupId" | "states" | "code">,
  act: (members: readonly Member[]) => Promise<void>,
): Promise<void> {
  for (let after = BEFORE_ALL; ; ) {
    const members = await store.membersOfGroup({ ...which, after, limit: PAGE_MEMBERS });
    if (members.length > 0) await act(members);
    if (members.length < PAGE_MEMBERS) return;
    after = members.at(-1)!.id;
  }
}
