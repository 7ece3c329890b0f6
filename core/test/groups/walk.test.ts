import {
  composeState,
  countMembers,
  fromStates,
  JOB_EVENTS,
  type JobEvent,
  type JobState,
  LIFECYCLE,
  type MemberCounts,
  toStates,
} from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { aGroup, aNode } from "../../src/testing/index.ts";
import { databaseOfFile } from "../store/place.ts";

const file = databaseOfFile();
const TRANSITIONS = JOB_EVENTS.filter((event) => LIFECYCLE[event].from.length > 0 && event !== "remove");
const STEPS = TRANSITIONS.flatMap((event) =>
  fromStates(event).flatMap((from) => toStates(event, from).map((to) => ({ event, from, to }))),
);
/** Beside the member that is moved there is always one of each that stays. */
const OTHERS: readonly JobState[] = ["pending", "completed", "failed"];

async function expectCounted(groupId: string, states: readonly JobState[]): Promise<void> {
  const group = await file.get().store.readGroup(groupId);
  const counts: MemberCounts = countMembers(states.map((state) => ({ state })));
  expect(group!.counts).toEqual(counts);
  expect(group!.state).toBe(composeState({ kind: "group", counts, intent: "none", closed: false, begun: true }).state);
}

async function move(id: string, event: JobEvent, to: JobState): Promise<void> {
  const { store } = file.get();
  const more =
    event === "start"
      ? { nodeId: await aNode(file.get()) }
      : event === "plan" || event === "release"
        ? { delayMs: 0 }
        : {};
  const changed = await store.transaction((tx) => tx.transition({ event, changes: [{ id, to, ...more }] }));
  expect(changed).toHaveLength(1);
}

describe("a group counts what becomes of its member by", () => {
  test.each(STEPS)("$event from $from to $to", async ({ event, from, to }) => {
    const { id, members } = await aGroup(file.get(), [{ state: from }, ...OTHERS.map((state) => ({ state }))]);
    await move(members[0]!.id, event, to);
    await expectCounted(id, [to, ...OTHERS]);
  });

  test.each(["scheduled", "retrying"] as const)("coming due from %s", async (state) => {
    const { id } = await aGroup(file.get(), [{ state, dueAt: new Date(0) }, { state: "completed" }]);
    await file.get().store.comeDue(1_000);
    await expectCounted(id, ["pending", "completed"]);
  });

  test("admission and giving way", async () => {
    const { store } = file.get();
    const { id, members } = await aGroup(file.get(), [{ state: "pending" }]);
    await store.transaction((tx) => tx.admitJobs([{ id: members[0]!.id, turn: 1 }]));
    await expectCounted(id, ["queued"]);
    await store.transaction((tx) => tx.giveWay([members[0]!.id]));
    await expectCounted(id, ["pending"]);
  });

  test("a row of its own for a member of a claim", async () => {
    const { store } = file.get();
    const { id, members } = await aGroup(file.get(), [{ state: "running", as: "member" }, { state: "completed" }]);
    await store.anchorMembers(members[0]!.token!, [members[0]!.id]);
    await expectCounted(id, ["running", "completed"]);
    await move(members[0]!.id, "fail", "failed");
    await expectCounted(id, ["failed", "completed"]);
  });

  test("completion as a member of a claim", async () => {
    const { store } = file.get();
    const { id, members } = await aGroup(file.get(), [{ state: "running", as: "member" }, { state: "failed" }]);
    const hot = await store.openHotPath("groups");
    const { token } = members[0]!;
    await hot.complete([{ token: token!, size: 1, ordinals: [1], results: [null], offsets: [0] }]);
    await hot.close();
    await expectCounted(id, ["completed", "failed"]);
  });

  test("its rollback, which it is unfinished for", async () => {
    const { store } = file.get();
    const { id, members } = await aGroup(file.get(), [{ state: "failed", rollback: "required" }]);
    await store.transaction((tx) => tx.closeGroup(id));
    expect(await store.readGroup(id)).toMatchObject({ isSettled: false, counts: { bad: 1, rollingBack: 1 } });
    const rollback = { jobId: members[0]!.id, attempt: 1, token: "1", undoes: true, waits: false, delayMs: null };
    await store.transaction((tx) => tx.openRollbacks([{ ...rollback, next: [], actor: null }]));
    await store.transaction((tx) => tx.markRollback(members[0]!.id, "done"));
    expect(await store.readGroup(id)).toMatchObject({ isSettled: true, counts: { bad: 1, rollingBack: 0 } });
  });

  test("its removal by retention once all is over: it counts where it counted", async () => {
    const { store } = file.get();
    const { id, members } = await aGroup(file.get(), [{ state: "failed" }, { state: "completed" }]);
    await store.transaction((tx) => tx.closeGroup(id));
    await store.transaction((tx) => tx.removeJobs(members.map((member) => member.id)));
    expect(await store.readGroup(id)).toMatchObject({ isSettled: true, counts: { bad: 1, good: 1 } });
  });

  test("nothing that was rolled back", async () => {
    const { store } = file.get();
    const { id, members } = await aGroup(file.get(), [{ state: "pending" }, { state: "running" }]);
    const undone = store.transaction(async (tx) => {
      await tx.transition({ event: "hold", changes: [{ id: members[0]!.id, to: "paused" }] });
      await tx.transition({ event: "fail", changes: [{ id: members[1]!.id, to: "failed" }] });
      throw new Error("undone");
    });
    await expect(undone).rejects.toThrow("undone");
    await expectCounted(id, ["pending", "running"]);
    await move(members[0]!.id, "hold", "paused");
    await expectCounted(id, ["paused", "running"]);
  });
});
