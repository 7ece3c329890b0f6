import { until } from "@callsheet/core/testing";
import { describe, expect, test } from "vitest";
import { aQueue, heard, inStatus } from "./fixtures/bench.ts";

test("nothing is asked of no jobs: every call answers an empty list, and tells nobody", async () => {
  const queue = await aQueue();
  const events = heard(queue, "added", "cancelled", "removed", "reanimated", "error");
  const calls = [queue.getJob(), queue.cancelJob(), queue.removeJob(), queue.reanimateJob(), queue.addJob([])];
  const lists = [queue.getJob([]), queue.cancelJob([]), queue.removeJob([]), queue.reanimateJob([])];
  for (const answer of await Promise.all([...calls, ...lists])) expect(answer).toEqual([]);
  expect(events).toEqual([]);
});

test("a job's events come in order: active, processing, progress, completed", async () => {
  const queue = await aQueue();
  const events = heard(queue, "added", "active", "processing", "progress", "completed");
  await queue.process(async (job, next) => {
    await job.updateProgress(10);
    await next();
  });
  const [job] = await queue.addJob(queue.createJob());
  await inStatus(queue, job!.id, "completed");
  await until(() => events.length === 5, { what: "The end" });
  expect(events.map(([event]) => event)).toEqual(["added", "active", "processing", "progress", "completed"]);
});

describe("what another queue object is told", () => {
  test("of a job that had made progress and failed is that it failed; its progress is 0 again", async () => {
    const one = await aQueue();
    const far = heard(await aQueue({ name: one.name }), "progress", "failed", "completed", "terminated");
    await one.process(async (job, next) => {
      await job.updateProgress(50);
      await next(new Error("no"));
    });
    const [job] = await one.addJob(one.createJob({ retryMax: 1, retryDelay: 0 }));
    await until(() => far.length === 4, { what: "Both attempts" });
    const told = ["progress", "failed", "progress", "terminated"];
    expect(far.map(([event, , id]) => [event, id])).toEqual(told.map((event) => [event, job!.id]));
    expect(await one.getJob(job)).toMatchObject([{ status: "terminated", progress: 0 }]);
  });

  test("of an update is an entry of the log, and nothing by the name of updated", async () => {
    const one = await aQueue();
    const far = heard(await aQueue({ name: one.name }), "log", "updated");
    const [job] = await one.addJob(one.createJob({ n: 1 }));
    job!.n = 2;
    await job!.update();
    await job!.addLog({}, "said");
    await until(() => far.length === 2, { what: "Two entries" });
    expect(far).toEqual(new Array(2).fill(["log", one.id, job!.id]));
  });
});

test("queue objects of one process that both work count their own handlers only, whoever cancels", async () => {
  const one = await aQueue();
  const other = await aQueue({ name: one.name });
  const entered: { queue: typeof one; id: string; next: () => Promise<number> }[] = [];
  let calls = 0;
  for (const queue of [one, other])
    await queue.process((job, next, onCancel) => {
      onCancel(job, () => {
        calls += 1;
      });
      entered.push({ queue, id: job.id, next });
    });
  await one.addJob([one.createJob(), one.createJob()]);
  await until(() => entered.length === 2, { what: "Both handlers" });
  expect([one.running, other.running]).toEqual([1, 1]);
  const [mine, theirs] = [one, other].map((queue) => entered.find((each) => each.queue === queue)!);
  await one.cancelJob(theirs!.id);
  await until(() => other.running === 0, { what: "The freed slot" });
  await until(() => calls === 1, { what: "The callback" });
  await theirs!.next();
  expect([one.running, other.running]).toEqual([1, 0]);
  expect(await mine!.next()).toBe(0);
  expect([one.running, other.running, calls]).toEqual([0, 0, 1]);
  expect(await one.summary()).toMatchObject({ completed: 1, cancelled: 1, total: 2 });
});

test("a time-out of 0 is none: the job runs as long as it takes", async () => {
  const queue = await aQueue();
  const ends = heard(queue, "failed", "terminated", "completed");
  const entered: (() => Promise<number>)[] = [];
  await queue.process((_job, next) => void entered.push(next));
  const [job] = await queue.addJob(queue.createJob({ timeout: 0, retryMax: 0 }));
  await until(() => entered.length === 1, { what: "The handler" });
  // A time-out in the database would be found by a review.
  expect(await queue.review()).toMatchObject({ reviewed: 0 });
  await entered[0]!();
  expect(ends).toEqual([["completed", queue.id, job!.id, false]]);
});

test("an error that says so cancels the job for that reason, whether it is passed on or thrown", async () => {
  const queue = await aQueue();
  await queue.process((job, next) => {
    const error = Object.assign(new Error("not shown"), { cancelJob: `reason ${job.n}` });
    if (job.n === 1) throw error;
    void next(error);
  });
  const jobs = await queue.addJob([queue.createJob({ n: 1 }), queue.createJob({ n: 2 })]);
  for (const { id, n } of jobs) {
    const gone = await inStatus(queue, id, "cancelled");
    expect(gone.getLastLog()).toMatchObject({ message: `reason ${n}`, status: "cancelled" });
  }
});
