import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { aGroup, until } from "../../src/testing/index.ts";
import { refusal } from "../fixtures/floor.ts";
import { aCrew, groupIn } from "./crew.ts";

/** In CI a hundred; a thousand by hand. */
const ROUNDS = Number(process.env.CALLSHEET_RACE_ROUNDS ?? 100);
const person = (id: string) => ({ type: "person", id });
const eventsOf = async ({ cs }: Awaited<ReturnType<typeof aCrew>>, id: string) =>
  (await cs.jobs.history(id)).map(({ event }) => event);

describe("a retry of a group", () => {
  test("runs the members again that failed; it settles once more, and the others stay as they are", async () => {
    const crew = await aCrew({ retry: { limit: 0 } });
    const { cs, stage, work } = crew;
    const job = await crew.createGroup(3);
    await work();
    const [first, second] = [await stage.nth(1), await stage.nth(2)];
    first.throws({ code: "disk_full", message: "No room." });
    second.throws({ code: "disk_full", message: "No room." });
    (await stage.nth(3)).returns("fine");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "failed" });
    expect(await cs.groups.failures(job)).toMatchObject([{ code: "disk_full", message: "No room.", count: 2 }]);
    const before = await cs.jobs.list({ parentId: job.id, states: ["completed"] });
    expect(await cs.as("ada", "more room").groups.retry(job)).toBe(2);
    expect(await crew.group(job)).toMatchObject({ isSettled: false, generation: 2, endedAt: null });
    stage.clear();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed" });
    expect(await crew.group(job)).toMatchObject({ generation: 2, counts: { good: 3, bad: 0 } });
    const after = await cs.jobs.list({ parentId: job.id });
    expect(after.filter(({ id }) => id === before[0]!.id)).toEqual(before);
    expect(after.map(({ attempt, retries }) => attempt + retries).sort()).toEqual([1, 3, 3]);
    expect(await eventsOf(crew, job.id)).toEqual([
      "create",
      "begun",
      "first_failure",
      "settled",
      "reopened",
      "settled",
    ]);
  });

  test("of those that timed out remembers what still runs, and begins what was ended again; failed ones stay", async () => {
    const crew = await aCrew();
    const { cs, database } = crew;
    const { id, members } = await aGroup(database, [
      { state: "timed_out" },
      { state: "failed", error: { code: "timed_out", message: "Too long." } },
      { state: "failed", error: { code: "broken", message: "No." } },
      { state: "completed" },
    ]);
    await cs.groups.close(id);
    expect(await cs.groups.get(id)).toMatchObject({ state: "failed" });
    expect(await cs.groups.retry(id, { only: "timed_out" })).toBe(2);
    const states = await Promise.all(members.map(async (member) => (await cs.jobs.get(member)).state));
    expect(states).toEqual(["timed_out", "pending", "failed", "completed"]);
    expect((await cs.jobs.explain(members[0]!)).sentence).toContain("The retry that was asked for begins if it fails.");
  });

  test("is about those that timed out where the group did, unless it is said", async () => {
    const { cs, database } = await aCrew();
    const { id, members } = await aGroup(database, [{ state: "timed_out" }, { state: "pending" }]);
    expect(await cs.groups.get(id)).toMatchObject({ state: "timed_out" });
    expect(await refusal(() => cs.groups.retry(id, { only: "failed" }))).toMatchObject({ code: "wrong_state" });
    expect(await cs.groups.retry(id)).toBe(1);
    expect(await cs.jobs.retry(members[0]!)).toBe("timed_out");
    expect((await cs.jobs.explain(members[0]!)).sentence).toContain("The retry that was asked for begins if it fails.");
  });

  test("is refused when there is nothing to retry, and while it is being cancelled", async () => {
    const crew = await aCrew();
    const { cs, database } = crew;
    const { id } = await aGroup(database, [{ state: "completed" }]);
    expect(await refusal(() => cs.groups.retry(id))).toMatchObject({ code: "wrong_state" });
    const other = await aGroup(database, [{ state: "running" }, { state: "failed" }]);
    await cs.groups.cancel(other.id);
    expect(await cs.groups.get(other.id)).toMatchObject({ state: "cancelling" });
    expect(await refusal(() => cs.groups.retry(other.id))).toMatchObject({ code: "wrong_state" });
    expect(await refusal(() => cs.groups.retry(id, { only: "all" as never }))).toMatchObject({
      code: "invalid_argument",
    });
  });
});

describe("a group that is held", () => {
  test.each([2, 1_200])("of %i members starts none until it is resumed; what runs goes on", async (size) => {
    const crew = await aCrew();
    const { cs, stage, work, create } = crew;
    const job = await crew.createGroup(size);
    await work({ slots: 1 });
    const first = await stage.nth(1);
    expect(await cs.as("ada", "wait for the tape").jobs.hold(job)).toBe("running");
    expect(await crew.group(job)).toMatchObject({ state: "pausing", intent: "pause" });
    first.returns();
    await groupIn(crew, job, "paused");
    // Jobs of others pass.
    const other = await create();
    (await stage.nth(2)).returns();
    await cs.jobs.wait(other);
    const [member] = await cs.jobs.list({ parentId: job.id, states: ["pending", "queued"] });
    expect(await cs.jobs.explain(member!)).toMatchObject({ reason: "group_held" });
    expect(stage.entered).toHaveLength(2);
    await cs.jobs.resume(job);
    stage.clear();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed" });
    expect(await eventsOf(crew, job.id)).toEqual(["create", "begun", "hold", "resume", "settled"]);
    expect(await refusal(() => cs.groups.hold(job))).toMatchObject({ code: "wrong_state" });
  });

  test("is not resumed by the end of a pause of its action, nor is the pause ended by its resume", async () => {
    const crew = await aCrew();
    const { cs, stage, work, name } = crew;
    const job = await crew.createGroup(2);
    await cs.groups.hold(job);
    await cs.pauses.pause({ action: name });
    await cs.pauses.resume({ action: name });
    await work();
    await cs.pauses.pause({ action: name });
    await cs.groups.resume(job);
    expect(await crew.group(job)).toMatchObject({ state: "queued", counts: { due: 2 } });
    await cs.pauses.resume({ action: name });
    await stage.nth(2);
    stage.clear();
    await cs.jobs.wait(job);
  });
});

describe("a cancel of a group", () => {
  test("cancels what waits and leaves what runs to its action; settled, it is cancelled", async () => {
    const crew = await aCrew({ cancellable: "never" });
    const { cs, stage, work } = crew;
    const job = await crew.createGroup(5);
    await work({ slots: 2 });
    await stage.nth(2);
    expect(await cs.as("ada", "wrong reel").jobs.cancel(job)).toBe("cancelling");
    expect(await crew.group(job)).toMatchObject({ state: "cancelling", counts: { cancelled: 3, live: 2 } });
    stage.clear();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "cancelled" });
    expect(await crew.group(job)).toMatchObject({ counts: { cancelled: 3, good: 2 }, isSettled: true });
    expect((await cs.jobs.history(job)).at(-1)).toMatchObject({ event: "settled", actor: "ada", reason: "wrong reel" });
    const [cancelled] = await cs.jobs.list({ parentId: job.id, states: ["cancelled"] });
    expect((await cs.jobs.history(cancelled!)).at(-1)).toMatchObject({ event: "cancel", reason: "wrong reel" });
  });

  test("asks those to stop whose action says so", async () => {
    const crew = await aCrew({ cancellable: "asks" });
    const { cs, stage, work } = crew;
    const job = await crew.createGroup(2);
    await work();
    const entered = [await stage.nth(1), await stage.nth(2)];
    await cs.groups.cancel(job);
    for (const { context, throws } of entered) {
      await until(() => context.signal.aborted, { what: "The signal" });
      throws(context.signal.reason);
    }
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "cancelled" });
    expect(await crew.group(job)).toMatchObject({ counts: { cancelled: 2 } });
  });

  test("that was stored and not done is done by nodes", async () => {
    const crew = await aCrew();
    const { database, work } = crew;
    const job = await crew.createGroup(3, { startAt: new Date(Date.now() + 3_600_000) });
    await database.store.transaction((tx) => tx.changeIntent(job.id, "cancel", { actor: "ada" }));
    expect(await crew.group(job)).toMatchObject({ state: "cancelling", counts: { waiting: 3 } });
    await work();
    await groupIn(crew, job, "cancelled");
  });

  test(`leaves members that are added no room, in ${ROUNDS} rounds: each part is in it whole, or refused`, {
    timeout: 300_000,
  }, async () => {
    const crew = await aCrew();
    const { cs, database } = crew;
    const ends = { added: 0, group_closed: 0 };
    // Begun a little later where it was first, and sooner where it was not, the cancel falls into the midst of the adding.
    let cancelAfterMs = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const { id } = await aGroup(database, [{ state: "pending" }]);
      const adding = cs.groups.add(id, [person("one"), person("two")]).then(
        () => "added" as const,
        ({ code }) => code as "group_closed",
      );
      await setTimeout(cancelAfterMs);
      await cs.groups.cancel(id);
      const end = await adding;
      const memberCount = end === "added" ? 3 : 1;
      expect(await cs.groups.get(id)).toMatchObject({ state: "cancelled", isSettled: true, memberCount });
      ends[end] += 1;
      cancelAfterMs = Math.max(0, cancelAfterMs + (end === "added" ? -1 : 1));
    }
    expect(ends).toEqual({ added: expect.any(Number), group_closed: ROUNDS - ends.added });
    expect(Math.min(ends.added, ends.group_closed), "rounds that each of the two won").toBeGreaterThan(0);
  });
});

test("members are added while a group is open, each once, and none when it is closed", async () => {
  const crew = await aCrew();
  const { cs, database } = crew;
  const { id } = await aGroup(database, [{ state: "completed", target: person("A") }]);
  expect(await cs.groups.add(id, [person("A"), person("B"), person("B"), person("C")])).toBe(2);
  expect(await cs.groups.get(id)).toMatchObject({ memberCount: 3, state: "queued", isClosed: false });
  await cs.groups.close(id);
  expect(await refusal(() => cs.groups.add(id, [person("D")]))).toMatchObject({ code: "group_closed" });
  expect(await refusal(() => cs.groups.close(id))).toMatchObject({ code: "group_closed" });
});

describe("a group that is kept open", () => {
  test("takes members until it is closed, and settles no sooner", async () => {
    const crew = await aCrew();
    const { cs, stage, work } = crew;
    const job = await crew.createGroup(2, { keepOpen: true });
    await work();
    for (const n of [1, 2]) (await stage.nth(n)).returns();
    const goodAre = (count: number) =>
      until(async () => (await crew.group(job)).counts.good === count, { what: `${count} good members` });
    await goodAre(2);
    expect(await crew.group(job)).toMatchObject({ isClosed: false, isSettled: false });
    expect(await cs.groups.add(job, [person("late")])).toBe(1);
    (await stage.nth(3)).returns();
    await goodAre(3);
    expect(await crew.group(job)).toMatchObject({ isClosed: false, isSettled: false });
    await cs.groups.close(job);
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed" });
  });

  test("stays so when it is stored in parts; members that were created with it know nothing of it", async () => {
    const crew = await aCrew();
    const job = await crew.createGroup(5_001, { keepOpen: true });
    expect(await crew.group(job)).toMatchObject({ memberCount: 5_001, isClosed: false });
    expect(await crew.cs.groups.add(job, [person("late")])).toBe(1);
  });

  test("is one of members: no other job is", async () => {
    const crew = await aCrew({ flags: ["group"] });
    const wrong = { code: "invalid_argument", details: { field: "keepOpen" } };
    expect(await refusal(() => crew.createGroup(2, { keepOpen: true }))).toMatchObject(wrong);
    expect(await refusal(() => crew.create({ keepOpen: true }))).toMatchObject(wrong);
    expect(await refusal(() => crew.create({ keepOpen: "yes" as never }))).toMatchObject(wrong);
  });
});

test("several who add the same members at once add each once", async () => {
  const { cs, database } = await aCrew();
  for (let round = 0; round < 10; round++) {
    const { id } = await aGroup(database, [{ state: "completed", target: person("A") }]);
    const wanted = [person("A"), person("B"), person("C")];
    const added = await Promise.all([1, 2, 3].map(() => cs.groups.add(id, wanted)));
    expect(added.toSorted()).toEqual([0, 0, 2]);
    expect(await cs.groups.get(id)).toMatchObject({ memberCount: 3 });
  }
});

test("a group has a priority, which its waiting members get", async () => {
  const crew = await aCrew();
  const { cs } = crew;
  const job = await crew.createGroup(3);
  await cs.as("ada").groups.setPriority(job, "high");
  expect(await crew.group(job)).toMatchObject({ priority: "high" });
  for (const member of await cs.jobs.list({ parentId: job.id })) expect(member.priority).toBe("high");
  expect((await cs.jobs.history(job)).at(-1)).toMatchObject({ event: "set_priority", actor: "ada" });
});

test("what is no group is told so, and what groups cannot do as well", async () => {
  const crew = await aCrew();
  const { cs, create } = crew;
  expect(await refusal(() => cs.groups.get("nonsense"))).toMatchObject({ code: "invalid_argument" });
  const single = await create();
  expect(await refusal(() => cs.groups.get(single))).toMatchObject({ code: "group_not_found" });
  const job = await crew.createGroup(1);
  expect(await refusal(() => cs.jobs.amend(job, {}))).toMatchObject({
    code: "wrong_state",
    details: { kind: "group" },
  });
});
