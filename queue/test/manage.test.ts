import { until } from "@callsheet/core/testing";
import { describe, expect, test } from "vitest";
import { Queue } from "../src/index.ts";
import { aDatabase, aName, aQueue, heard, inStatus } from "./fixtures/bench.ts";

const DAY_MS = 86_400_000;

describe("removing", () => {
  test("takes jobs away in any status; a running one's end counts no more, and its slot is free", async () => {
    const queue = await aQueue();
    const events = heard(queue, "removed", "completed");
    const entered: (() => Promise<number>)[] = [];
    await queue.process((_job, next) => void entered.push(next));
    const [runs, waits] = await queue.addJob([queue.createJob({ n: 1 }), queue.createJob({ n: 2 })]);
    await until(() => entered.length === 1, { what: "The first job" });
    expect(await queue.removeJob([runs!])).toEqual([runs!.id]);
    await until(() => entered.length === 2, { what: "The second job" });
    await entered[0]!();
    await entered[1]!();
    await inStatus(queue, waits!.id, "completed");
    expect(await queue.getJob(runs)).toEqual([]);
    expect(events).toEqual([
      ["removed", queue.id, runs!.id],
      ["completed", queue.id, waits!.id, false],
    ]);
    expect(await queue.summary()).toMatchObject({ total: 1 });
  });

  test("is done by itself when a job is over, where the queue says so", async () => {
    const queue = await aQueue({ removeFinishedJobs: true });
    const events = heard(queue, "removed");
    await queue.process(({ n }, next) => void next(n === 1 && new Error("no")));
    const jobs = await queue.addJob([1, 2].map((n) => queue.createJob({ n, retryMax: 0 })));
    const later = queue.createJob({ dateEnable: new Date(Date.now() + DAY_MS) });
    await queue.addJob(later);
    await queue.cancelJob(later);
    await until(() => events.length === 3, { what: "Three removals" });
    expect(new Set(events.map(([, , id]) => id))).toEqual(new Set([...jobs, later].map(({ id }) => id)));
    expect(await queue.summary()).toMatchObject({ total: 0 });
  });

  test("is done by a review for jobs that were over for longer than the queue keeps them", async () => {
    const queue = await aQueue();
    const over = (days: number) =>
      queue.createJob({ status: "completed", dateFinished: new Date(Date.now() - days * DAY_MS) });
    const [old, young] = await queue.addJob([over(181), over(179)]);
    const removed = heard(queue, "removed");
    expect(await queue.review()).toEqual({ reviewed: 0, removed: 1, local: true });
    expect(removed).toEqual([["removed", queue.id, old!.id]]);
    expect(await queue.findJob({})).toMatchObject([{ id: young!.id }]);
    const keeps = await aQueue({ name: queue.name, removeFinishedJobs: false });
    expect(await keeps.review()).toMatchObject({ removed: 0 });
    const removes = await aQueue({ name: queue.name, removeFinishedJobs: true });
    expect(await removes.review()).toMatchObject({ removed: 1 });
  });

  test("all jobs empties the queue, and no other", async () => {
    const [queue, other] = [await aQueue(), await aQueue()];
    await queue.addJob([1, 2, 3].map((n) => queue.createJob({ n })));
    await other.addJob(other.createJob());
    const events = heard(queue, "reset");
    expect(await queue.reset()).toBe(3);
    expect(events).toEqual([["reset", queue.id, 3]]);
    expect(await queue.summary()).toMatchObject({ total: 0 });
    expect(await other.summary()).toMatchObject({ total: 1 });
  });
});

describe("pausing", () => {
  test("here waits for what runs, and begins nothing until it is resumed", async () => {
    const queue = await aQueue();
    const events = heard(queue, "pausing", "paused", "resumed");
    const entered: (() => Promise<number>)[] = [];
    await queue.process((_job, next) => void entered.push(next));
    await queue.addJob([queue.createJob(), queue.createJob()]);
    await until(() => entered.length === 1, { what: "The first job" });
    const pausing = queue.pause();
    await until(() => events.length === 1, { what: "The pause" });
    expect([queue.paused, queue.running]).toEqual([true, 1]);
    await entered[0]!();
    expect(await pausing).toBe(true);
    expect([entered.length, queue.running, (await queue.summary()).added]).toEqual([1, 0, 1]);
    expect(await queue.resume()).toBe(true);
    await until(() => entered.length === 2, { what: "The second job" });
    expect(events.map((event) => event.slice(1))).toEqual([
      [queue.id, false],
      [queue.id, false],
      [queue.id, false],
    ]);
    expect(queue.paused).toBe(false);
    await entered[1]!();
  });

  test("before it processes begins nothing until it is resumed", async () => {
    const queue = await aQueue();
    const [job] = await queue.addJob(queue.createJob());
    await queue.pause();
    await queue.process(async () => {});
    const other = await aQueue({ name: queue.name });
    expect([queue.paused, other.paused]).toEqual([true, false]);
    expect(await queue.getJob(job)).toMatchObject([{ status: "added", processCount: 0 }]);
    await queue.resume();
    await inStatus(queue, job!.id, "completed");
  });

  test("everywhere pauses all queue objects, and those that are opened later", async () => {
    const one = await aQueue();
    const other = await aQueue({ name: one.name });
    const [near, far] = [one, other].map((queue) => heard(queue as Queue, "pausing", "paused", "resumed", "added"));
    const done: string[] = [];
    await other.process(async ({ id }) => void done.push(id));
    expect(await one.pause(true)).toBe(true);
    await until(() => far!.length === 2, { what: "The pause" });
    const late = await aQueue({ name: one.name });
    expect([one.paused, other.paused, late.paused]).toEqual([true, true, true]);
    await late.process(async ({ id }) => void done.push(id));
    const [job] = await one.addJob(one.createJob());
    await until(() => far!.some(([event]) => event === "added"), { what: "The job" });
    expect(done).toEqual([]);
    expect(await (await one.r()).jobs.explain(job!.id)).toMatchObject({ reason: "lane_paused" });
    expect(await one.resume(true)).toBe(true);
    await until(() => done.length === 1, { what: "The job's run" });
    await until(() => far!.length === 4, { what: "The end of the pause" });
    for (const events of [near!, far!])
      expect(events.filter(([event]) => event !== "added")).toEqual(
        ["pausing", "paused", "resumed"].map((event) => [event, one.id, true]),
      );
    await until(() => !late.paused, { what: "The late queue's end of the pause" });
  });
});

test("a queue reviews itself every so often; one that is no master does when it is told, or begins to process", async () => {
  const [master, other] = [await aQueue({ masterInterval: 50 }), await aQueue({ masterInterval: false })];
  const [near, far] = [heard(master, "reviewed"), heard(other, "reviewed")];
  await until(() => near.length >= 3, { what: "Three reviews" });
  expect(near[0]).toEqual(["reviewed", master.id, { reviewed: 0, removed: 0, local: true }]);
  expect(far).toEqual([]);
  await other.process(async () => {});
  expect(far).toHaveLength(1);
  const seldom = await aQueue();
  const none = heard(seldom, "reviewed");
  await seldom.process(async () => {});
  expect(none).toEqual([]);
});

describe("stopping", () => {
  test("waits for what runs, tells its steps, and leaves the others alone", async () => {
    const { url } = await aDatabase();
    const other = await aQueue();
    const queue = new Queue(url, { name: other.name });
    const names = ["stopping", "pausing", "paused", "stopped", "detached"] as const;
    const events = heard(queue, ...names);
    const entered: (() => Promise<number>)[] = [];
    await queue.process((_job, next) => void entered.push(next));
    const [job] = await queue.addJob(queue.createJob());
    await until(() => entered.length === 1, { what: "The job" });
    const stopping = queue.stop();
    await until(() => events.length === 2, { what: "The stop" });
    await entered[0]!();
    expect(await stopping).toBe(true);
    expect(events.map(([name]) => name)).toEqual(names);
    expect(await queue.ready()).toBe(false);
    await expect(queue.summary()).rejects.toMatchObject({ code: "stopped", queueId: queue.id });
    expect(await queue.stop()).toBe(true);
    expect(queue.listenerCount("stopped")).toBe(0);
    expect(await other.getJob(job)).toMatchObject([{ status: "completed" }]);
  });

  test("for good removes the queue with its jobs", async () => {
    const { url } = await aDatabase();
    const name = aName();
    const queue = new Queue(url, { name });
    const events = heard(queue, "stopped", "dropped", "detached");
    await queue.addJob([queue.createJob(), queue.createJob()]);
    expect(await queue.drop()).toBe(true);
    expect(events).toEqual(["stopped", "dropped", "detached"].map((event) => [event, queue.id]));
    expect(await queue.ready()).toBe(false);
    await expect(queue.drop()).rejects.toMatchObject({ code: "stopped" });
    const again = await aQueue({ name });
    expect(await again.summary()).toMatchObject({ total: 0 });
    await again.addJob(again.createJob());
    expect(await again.summary()).toMatchObject({ added: 1, total: 1 });
  });
});

test("a queue object that never processes pulls nothing", async () => {
  const [publisher, queue] = [await aQueue(), await aQueue()];
  const [job] = await publisher.addJob(publisher.createJob());
  await queue.process(async () => {});
  const [own] = await queue.addJob(queue.createJob());
  await inStatus(queue, own!.id, "completed");
  expect(await publisher.getJob(job)).toMatchObject([{ status: "added", processCount: 0 }]);
});

test("a queue's jobs are Callsheet's: in lists, histories and explanations", async () => {
  const queue = await aQueue();
  const cs = await queue.r();
  const [job] = await queue.addJob(queue.createJob({ to: "ada", priority: "medium" }));
  expect(await cs.jobs.get(job!.id)).toMatchObject({
    ...{ kind: "queue", origin: "queue", state: "pending", priority: "high", configuration: { to: "ada" } },
    ...{ action: expect.stringMatching(/^queue\./) },
  });
  expect(await cs.jobs.explain(job!.id)).toMatchObject({ reason: "no_node" });
  await queue.process(async () => "sent");
  await inStatus(queue, job!.id, "completed");
  expect((await cs.jobs.history(job!.id)).map(({ event }) => event)).toEqual(["create", "complete"]);
  expect(await cs.jobs.wait(job!.id)).toMatchObject({ state: "completed", result: "sent" });
});
