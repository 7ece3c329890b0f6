import { type Authority, callsheetError, fromStates, type JobState } from "@callsheet/contract";
import type { Member } from "../../store/groups.ts";
import { checkInstant } from "../create.ts";
import { type Desk, insist } from "../operate.ts";
import { planJob, unplanJob } from "../plan.ts";
import { excuseRefusal, requireOpen, wrongGroupState } from "./intents.ts";
import { eachPage } from "./member-pages.ts";

/**
 * Gives a group and its members that wait a start time, or another one: when it has answered, none of those starts before. What
 * runs goes on, what has ended stays. Where it was broken off, it is called again.
 */
export function planGroup(desk: Desk, ref: string, startAt: Date, authority: Authority): Promise<void> {
  if (!checkInstant(startAt, "startAt"))
    throw callsheetError("invalid_argument", "startAt must be a date: unschedule takes it away.", { field: "startAt" });
  return changeStart(desk, ref, startAt, authority);
}

/** Takes the start time of a group and its members that wait away: none of them starts until they are scheduled again. */
export function unplanGroup(desk: Desk, ref: string, authority: Authority): Promise<void> {
  return changeStart(desk, ref, null, authority);
}

async function changeStart(desk: Desk, ref: string, startAt: Date | null, authority: Authority): Promise<void> {
  const event = startAt === null ? "unplan" : "plan";
  const states = fromStates(event);
  const groupId = await storeStart(desk, ref, startAt, authority);
  await eachPage(desk, { groupId, states }, async (members) => {
    // Who stands in line gives up his place, which others have to hear of.
    const changes = members.filter(({ isInLine }) => !isInLine).map((member) => changeOf(member, startAt));
    const { actor, reason = null } = authority;
    await insist(() =>
      desk.store.once(async (tx) => {
        const changed = await tx.transition({ event, changes, actor, reason, from: states });
        await tx.changeStartOfMembers(
          changed.map(({ id }) => id),
          startAt,
        );
      }),
    );
    for (const { id } of members.filter(({ isInLine }) => isInLine))
      await (startAt === null ? unplanJob(desk, id, authority) : planJob(desk, id, startAt, authority)).catch(
        excuseRefusal,
      );
  });
  desk.announce({ kind: "due" });
}

function changeOf({ id, state }: Member, startAt: Date | null): { id: string; to: JobState; dueAt?: Date } {
  if (startAt === null) return { id, to: "created" };
  return { id, to: state === "paused" ? "paused" : "scheduled", dueAt: startAt };
}

/** Of the group itself, with the line in its history. Members that are still being created would have the time from before. */
function storeStart(desk: Desk, ref: string, startAt: Date | null, authority: Authority): Promise<string> {
  const [event, verb] = startAt === null ? ["unplan", "unscheduled"] : ["plan", "scheduled"];
  return insist(() =>
    desk.store.once(async (tx) => {
      const group = await requireOpen(tx, ref, verb);
      const { id, counts, isClosed, intent } = group;
      if (!isClosed)
        throw callsheetError("wrong_state", `Group ${id} takes members still: it is ${verb} once it is closed.`, {
          ...{ id, state: group.state, legal: [] },
        });
      if (intent === "cancel" || counts.waiting + counts.held === 0) throw wrongGroupState(group, verb);
      if (!(await tx.noteOfGroup({ id, event, data: { startAt }, ...authority }))) throw wrongGroupState(group, verb);
      await tx.changeStartOfGroup(id, startAt);
      return id;
    }),
  );
}
