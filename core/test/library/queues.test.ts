import { describe, expect, test } from "vitest";
import { type ActionType, type Callsheet, checkHistory, snooze } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aFloor, aFloorWith, aType, inState, lineOf, refusal } from "../fixtures/floor.ts";

const ID = "01234567-89ab-7cde-8f01-23456789abcd";
let count = 0;

/** A queue of this test only, beside an action of the usual kind. */
async function aQueueFloor() {
  const floor = await aFloor();
  count += 1;
  const queue = await floor.cs.queues.open(`queue ${count}`, { actor: "tests" });
  let next = 0;
  const add = async (data = {}, more = {}) => {
    next += 1;
    const id = ID.replace(/.{6}$/, String(100_000 + 100 * count + next));
    await queue.add([{ id, data, priority: "normal", ...more }]);
    return id;
  };
  const type = aType((context) => floor.stage.type.run(context), queue.slug);
  return { ...floor, queue, add, workOnQueue: () => floor.cs.work({ name: queue.slug, types: [type] }) };
}

describe("what only queue jobs may do", () => {
  test("jobs of other kinds refuse with wrong_state", async () => {
    const { queue, create } = await aQueueFloor();
    const { id } = await create();
    const calls = [
      () => queue.change(id, { set: { a: 1 }, unset: [] }),
      () => queue.say(id, { message: "said", type: "information", status: "added" }),
      () => queue.progress(id, 5),
      () => queue.reanimate(id),
    ];
    for (const call of calls)
      expect(await refusal(call)).toMatchObject({ code: "wrong_state", details: { id, kind: "job" } });
    expect(await refusal(() => queue.cancel([id]))).toMatchObject({ code: "job_not_found" });
    expect(await queue.remove([id])).toEqual([]);
  });

  test("a job of another kind that snoozes with changed data fails with wrong_state", async () => {
    const { cs, create } = await aFloorWith(() => snooze(new Date(0), { a: 1 }));
    const job = await create();
    expect(await inState(cs, job, "failed")).toMatchObject({ error: { code: "wrong_state" } });
  });

  test("a running one is changed, says things, and comes out of it with its history whole", async () => {
    const { cs, queue, add, stage, workOnQueue } = await aQueueFloor();
    const id = await add({ a: 1 });
    await workOnQueue();
    const entered = await stage.nth(1);
    await queue.change(id, { set: { b: 2 }, unset: ["a"], priority: "high" });
    await queue.say(id, { message: "said", type: "information", status: "active", data: { n: 1 } });
    await queue.progress(id, 40);
    expect(await cs.jobs.get(id)).toMatchObject({
      configuration: { a: 1 },
      priority: "high",
      progress: { percent: 40 },
    });
    expect(await queue.read([id])).toMatchObject([{ data: { b: 2 }, percent: 40, state: "running" }]);
    entered.returns("done");
    await inState(cs, id, "completed");
    expect(await eventsOfQueue(cs, id)).toEqual(["create", "change", "say", "progress", "complete"]);
    expect(await lineOf(cs, id, "change")).toMatchObject({ actor: "tests", data: { before: { a: 1 } } });
    expect(await queue.read([id])).toMatchObject([{ result: "done", state: "completed" }]);
  });

  test.each([
    { timeoutFrom: "progress", moves: true },
    { timeoutFrom: "start", moves: false },
  ] as const)(
    "progress moves the time-out where the type counts it from the $timeoutFrom",
    async ({ timeoutFrom, moves }) => {
      const { cs, database, queue, add, stage } = await aQueueFloor();
      const id = await add({ timeout: 60_000 });
      const run = aType((context) => stage.type.run(context), queue.slug);
      await cs.work({ name: queue.slug, types: [{ ...run, timeoutFrom } as ActionType] });
      await stage.nth(1);
      const deadline = async () => {
        const text =
          "select deadline - started_at > interval '61 seconds' as moved from callsheet.work where job_id = $1";
        return (await database.db.query<{ moved: boolean }>({ text, values: [id] })).rows[0]?.moved;
      };
      await queue.progress(id, 1);
      expect(await deadline()).toBe(moves);
      stage.entered[0]!.returns();
      await inState(cs, id, "completed");
    },
  );

  test("one that runs is removed: its attempt is fenced off and its slot is free", async () => {
    const { cs, queue, add, stage, workOnQueue } = await aQueueFloor();
    const id = await add();
    const node = await workOnQueue();
    const { context } = await stage.nth(1);
    expect(await queue.remove([id])).toEqual([id]);
    await until(() => context.signal.aborted, { what: "The signal" });
    stage.entered[0]!.returns("too late");
    await until(() => node.running === 0, { what: "The free slot" });
    expect(await refusal(() => cs.jobs.get(id))).toMatchObject({ code: "job_not_found" });
    expect(await cs.jobs.history(id)).toEqual([]);
  });

  test("those of a limited queue start with the data that they have by then", async () => {
    const { cs, queue, add, stage, workOnQueue } = await aQueueFloor();
    await cs.limits.put({ queue: queue.slug }, { running: 1 });
    const ids = [await add({ n: 1 }), await add({ n: 2 })];
    await queue.change(ids[1]!, { set: { n: 3 }, unset: [] });
    await workOnQueue();
    const first = await stage.nth(1);
    await queue.change(ids[0]!, { set: { n: 4 }, unset: [] });
    first.returns();
    const { context } = await stage.nth(2);
    expect([first.context.configuration, context.configuration]).toEqual([{ n: 1 }, { n: 3 }]);
  });

  test("one that is removed while it runs counts under a limit until its handler has ended", async () => {
    const { cs, queue, add, stage, workOnQueue } = await aQueueFloor();
    const used = async () => (await cs.limits.list()).find(({ name }) => name === queue.slug)?.used;
    await cs.limits.put({ queue: queue.slug }, { running: 1 });
    const id = await add();
    await workOnQueue();
    const entered = await stage.nth(1);
    await queue.remove([id]);
    const next = await add();
    expect(await used()).toBe(1);
    expect(await cs.jobs.get(next)).toMatchObject({ state: "pending" });
    entered.returns();
    (await stage.nth(2)).returns();
    await inState(cs, next, "completed");
    expect(await used()).toBe(0);
  });

  test("one that is removed while it runs no longer counts under a limit when its node is dead", async () => {
    const { cs, queue, add, stage, workOnQueue, database } = await aQueueFloor();
    await cs.limits.put({ queue: queue.slug }, { running: 1 });
    const id = await add();
    await workOnQueue();
    await stage.nth(1);
    await queue.remove([id]);
    const text = "update callsheet.node set state = 'dead', ended_at = now() where name = $1";
    await database.db.query({ text, values: [queue.slug] });
    await queue.recover();
    const limit = (await cs.limits.list()).find(({ name }) => name === queue.slug);
    expect(limit).toMatchObject({ used: 0 });
  });

  test("one that repeats ends each of its runs by rearming", async () => {
    const { cs, queue, add, stage, workOnQueue } = await aQueueFloor();
    const id = await add({ repeat: 1, repeatDelay: 0 });
    await workOnQueue();
    (await stage.nth(1)).returns("first");
    (await stage.nth(2)).returns("second");
    await inState(cs, id, "completed");
    expect(await eventsOfQueue(cs, id)).toEqual(["create", "complete", "rearm", "complete"]);
    expect(await queue.read([id])).toMatchObject([{ attempt: 2, retries: 0, result: "second" }]);
  });

  test("one is brought in with a status, and set up again as if it were new", async () => {
    const { cs, queue } = await aQueueFloor();
    const times = { startedAt: null, endedAt: new Date(0) };
    await queue.import([{ id: ID, data: {}, priority: "low", state: "failed", retries: 2, ...times }]);
    expect(await cs.jobs.get(ID)).toMatchObject({ state: "failed", attempt: 0, retries: 2, endedAt: new Date(0) });
    expect(await eventsOfQueue(cs, ID)).toEqual(["import"]);
    await queue.reanimate(ID);
    expect(await eventsOfQueue(cs, ID)).toEqual(["import", "reanimate"]);
    expect(await cs.jobs.get(ID)).toMatchObject({ attempt: 0, retries: 0, endedAt: null });
    expect(
      await refusal(() => queue.import([{ id: ID, data: {}, priority: "low", state: "failed", retries: 0, ...times }])),
    ).toMatchObject({
      code: "invalid_argument",
      details: { field: "id" },
    });
  });
});

test("a queue is paused as others are, and stays so when another pause ends", async () => {
  const { cs, queue, add, stage, workOnQueue } = await aQueueFloor();
  await workOnQueue();
  await queue.pause();
  expect(await cs.pauses.list()).toMatchObject([{ scope: "queue", name: queue.slug, actor: "tests" }]);
  await cs.pauses.pause({ queue: "another" });
  await cs.pauses.resume({ queue: "another" });
  await add();
  const isPaused = async () => (await queue.beginFeed()).isPaused;
  expect([await isPaused(), await queue.hasDue(), stage.entered.length]).toEqual([true, true, 0]);
  await queue.resume();
  (await stage.nth(1)).returns();
  expect([await isPaused(), await cs.pauses.list()]).toEqual([false, []]);
});

test("a queue is summed up: its counts, whether it is paused, who works, what waits longest and what is over", async () => {
  const { cs, queue, add, stage, workOnQueue } = await aQueueFloor();
  const none = { added: 0, active: 0, completed: 0, cancelled: 0, failed: 0, terminated: 0, total: 0 };
  const action = queue.slug;
  const empty = {
    name: queue.name,
    action,
    isPaused: false,
    workers: 0,
    oldestAt: null,
    finishedLastMinute: 0,
    ...none,
  };
  expect(await cs.queues.get(queue.name)).toEqual(empty);
  await cs.pauses.pause({ action });
  const later = await add({}, { startAt: new Date(Date.now() + 3_600_000) });
  const [first] = [await add({ retryMax: 0 }), await add()];
  const oldestAt = (await queue.read([first]))[0]!.dueAt;
  expect(await cs.queues.get(action)).toEqual({ ...empty, added: 3, total: 3, isPaused: true, oldestAt });
  await cs.pauses.resume({ action });
  await workOnQueue();
  await stage.nth(2);
  stage.entered[0]!.throws(new Error("no"));
  await inState(cs, first, "failed");
  await queue.cancel([later]);
  const now = { active: 1, terminated: 1, cancelled: 1, total: 3 };
  expect(await cs.queues.get(queue.name)).toEqual({ ...empty, ...now, workers: 1, finishedLastMinute: 2 });
  expect((await cs.queues.list()).filter(({ name }) => name === queue.name)).toHaveLength(1);
  stage.clear();
  await queue.drop();
  expect(await refusal(() => cs.queues.get(queue.name))).toMatchObject({ code: "unknown_queue" });
});

test("a retry of a queue job counts from nothing: at once, then after one delay", async () => {
  const { cs, queue, add, stage, workOnQueue } = await aQueueFloor();
  const id = await add({ retryMax: 2, retryDelay: 3_600_000 });
  await workOnQueue();
  (await stage.nth(1)).throws(new Error("no"));
  (await stage.nth(2)).throws(new Error("no"));
  const { dueAt } = await inState(cs, id, "retrying");
  expect(dueAt!.getTime() - Date.now()).toBeGreaterThan(3_000_000);
  expect(await queue.read([id])).toMatchObject([{ retries: 2, attempt: 2 }]);
});

test("the node of one Callsheet runs the code that it was given, whatever another node of it has for the type", async () => {
  const { cs, queue, add } = await aQueueFloor();
  const ran: string[] = [];
  const type = (name: string) => aType(() => void ran.push(name), queue.slug);
  const first = await cs.work({ name: `${queue.slug}.1`, types: [type("first")] });
  await first.pause();
  const second = await cs.work({ name: `${queue.slug}.2`, types: [type("second")] });
  await inState(cs, await add(), "completed");
  await second.pause();
  first.resume();
  await inState(cs, await add(), "completed");
  expect(ran).toEqual(["second", "first"]);
});

test("a node that is made larger or smaller runs more or fewer at once", async () => {
  const { cs, stage, create, work } = await aFloor();
  const node = await work({ slots: 1 });
  for (let n = 0; n < 4; n++) await create();
  await stage.nth(1);
  await node.resize(3);
  await stage.nth(3);
  expect(node.running).toBe(3);
  expect(await refusal(() => node.resize(0))).toMatchObject({ code: "invalid_argument", details: { field: "slots" } });
  await node.resize(1);
  for (const one of stage.entered.slice(0, 2)) one.returns();
  await until(() => node.running === 1, { what: "One handler" });
  stage.entered[2]!.returns();
  await stage.nth(4);
  expect(cs.actor).toBe("system");
});

/** The events of a queue job's history, which must keep every invariant; without `start`. */
async function eventsOfQueue(cs: Callsheet, id: string) {
  const lines = await cs.jobs.history(id);
  expect(checkHistory(lines, "queue")).toEqual([]);
  return lines.map(({ event }) => event).filter((event) => event !== "start");
}
