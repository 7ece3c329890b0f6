import { until } from "@callsheet/core/testing";
import { describe, expect, test } from "vitest";
import { FEED_EVENTS } from "../src/events.ts";
import type { Queue } from "../src/index.ts";
import { aDatabase, aQueue, heard, inStatus } from "./fixtures/bench.ts";

/** Two queue objects of one queue. */
async function aPair() {
  const one = await aQueue();
  return { one, other: await aQueue({ name: one.name }) };
}

const feedOf = (queue: Queue) => heard(queue, ...FEED_EVENTS);
/** The events of one job, without the ids. */
const of = (events: readonly unknown[][], id: string) =>
  events.filter(([, , job]) => job === id).map(([event, , , ...rest]) => [event, ...rest]);

/** More than are stored by one statement. */
const MANY = 10_001;
const many = (queue: Queue) => Array.from({ length: MANY }, (_, n) => queue.createJob({ n }));

describe("what one queue object does", () => {
  test("the other is told, once and in order, with the id of who did it", async () => {
    const { one, other } = await aPair();
    const far = feedOf(other);
    await one.process(async (job, next) => {
      if (job.processCount < 2) throw new Error("again");
      await job.updateProgress(50);
      await next(null, 1);
    });
    const [job] = await one.addJob(one.createJob({ retryDelay: 0 }));
    await job!.addLog({}, "said");
    await until(() => far.some(([event]) => event === "completed"), { what: "The end" });
    expect(of(far, job!.id).filter(([event]) => event !== "log")).toEqual([
      ...[["added"], ["active"], ["failed"], ["active"], ["progress", 50], ["completed", false]],
    ]);
    expect(of(far, job!.id).filter(([event]) => event === "log")).toEqual([["log"]]);
    expect(new Set(far.map(([, by]) => by))).toEqual(new Set([one.id]));
  });

  test("the other is told of ends of every kind", async () => {
    const { one, other } = await aPair();
    const far = feedOf(other);
    const [gone, waits, dies] = await one.addJob([
      one.createJob({ n: 1, priority: "lowest" }),
      one.createJob({ n: 2, priority: "lowest" }),
      one.createJob({ n: 3, retryMax: 0 }),
    ]);
    await one.cancelJob(gone);
    await one.removeJob(waits);
    await one.process(() => Promise.reject(new Error("no")));
    await until(() => far.some(([event]) => event === "terminated"), { what: "The end" });
    await one.reanimateJob(dies, new Date(Date.now() + 60_000));
    await until(() => of(far, dies!.id).some(([event]) => event === "log"), { what: "The reanimation" });
    expect(of(far, gone!.id)).toEqual([["added"], ["cancelled"]]);
    expect(of(far, waits!.id)).toEqual([["added"], ["removed"]]);
    expect(far.find(([event]) => event === "removed")).toEqual(["removed", null, waits!.id]);
    expect(of(far, dies!.id)).toEqual([["added"], ["active"], ["terminated"], ["log"]]);
  });

  test("the other is told of plain jobs by the hundred, each once and each in order", async () => {
    const { one, other } = await aPair();
    const far = feedOf(other);
    const near = feedOf(one);
    await one.process(async () => {});
    one.concurrency = 20;
    const jobs = await one.addJob(Array.from({ length: 300 }, (_, n) => one.createJob({ n })));
    for (const events of [near, far]) {
      await until(() => events.filter(([event]) => event === "completed").length >= 300, { what: "All ends" });
      // What a node took ahead and comes late to it hands back, which is a line of the log.
      const handedBack = (told: readonly unknown[][]) =>
        told.flatMap(([event]) => (event === "log" ? [["active"], ["log"]] : []));
      for (const { id } of jobs) {
        const told = of(events, id);
        expect(told).toEqual([["added"], ...handedBack(told), ["active"], ["completed", false]]);
      }
      expect(events).toHaveLength(900 + handedBack(events).length);
    }
  });

  test("who works is told of a job that another added, or failed, before it is told that it runs it", async () => {
    const { one, other } = await aPair();
    const far = feedOf(other);
    one.concurrency = 20;
    other.concurrency = 20;
    for (const queue of [one, other])
      await queue.process(async ({ processCount }) => {
        if (processCount < 2) throw new Error("again");
      });
    const jobs = Array.from({ length: 200 }, (_, n) => one.createJob({ n, retryDelay: 0 }));
    for (const job of jobs) await one.addJob(job);
    await until(() => far.filter(([event]) => event === "completed").length >= 200, { what: "All ends" });
    const walk = [["added"], ["active"], ["failed"], ["active"], ["completed", false]];
    for (const { id } of jobs) expect(of(far, id)).toEqual(walk);
    expect(new Set(far.filter(([event]) => event === "active").map(([, by]) => by))).toContain(other.id);
  });

  test("nothing is told of a job before it was told as added, though many are stored one part after the other", async () => {
    const queue = await aQueue();
    const near = heard(queue, "added", "active");
    queue.concurrency = 100;
    await queue.process(async () => {});
    await queue.addJob(many(queue));
    await until(() => near.length >= 2 * MANY, { what: "All starts" });
    const told = new Set<unknown>();
    for (const [event, , id] of near) expect(told.has(id) || !told.add(id)).toBe(event === "active");
  });

  test("the other is told of jobs that are removed as soon as they are over", async () => {
    const one = await aQueue({ removeFinishedJobs: true });
    const far = feedOf(await aQueue({ name: one.name }));
    await one.process(async () => {});
    const jobs = await one.addJob([1, 2, 3].map((n) => one.createJob({ n })));
    await until(() => far.filter(([event]) => event === "removed").length === 3, { what: "Three removals" });
    for (const { id } of jobs) expect(of(far, id)).toEqual([["added"], ["active"], ["completed", false], ["removed"]]);
  });

  test("the other is told of repeats as such", async () => {
    const { one, other } = await aPair();
    const far = feedOf(other);
    await one.process(async () => {});
    const [job] = await one.addJob(one.createJob({ repeat: 1, repeatDelay: 0 }));
    await inStatus(one, job!.id, "completed");
    await until(() => far.filter(([event]) => event === "completed").length === 2, { what: "Two ends" });
    expect(of(far, job!.id)).toEqual([["added"], ["active"], ["completed", true], ["active"], ["completed", false]]);
  });

  test("is not told to who did it a second time", async () => {
    const { one, other } = await aPair();
    const near = feedOf(one);
    const [job] = await one.addJob(one.createJob());
    await one.cancelJob(job);
    // What the other does comes after it, in the order of the feed.
    const [last] = await other.addJob(other.createJob());
    await until(() => of(near, last!.id).length > 0, { what: "The other's job" });
    expect(of(near, job!.id)).toEqual([["added"], ["cancelled"]]);
  });

  test("is not told to one that does not want to hear, nor what was before somebody heard", async () => {
    const { one, other } = await aPair();
    const deaf = await aQueue({ name: one.name, changeFeed: false });
    const nothing = feedOf(deaf);
    const [before] = await one.addJob(one.createJob());
    const addedAt = Date.now();
    await until(() => Date.now() > addedAt + 2_500, { what: "What lies clearly before" });
    const far = feedOf(other);
    const [after] = await one.addJob(one.createJob());
    await until(() => of(far, after!.id).length > 0, { what: "The second job" });
    expect(of(far, before!.id)).toEqual([]);
    const [own] = await deaf.addJob(deaf.createJob());
    await until(() => of(far, own!.id).length > 0, { what: "The third job" });
    expect(nothing).toEqual([["added", deaf.id, own!.id]]);
  });
});

test("connections that were cut are made anew: jobs run on, and every event is told", async () => {
  const { one, other } = await aPair();
  const far = feedOf(other);
  await one.process(async () => {});
  const { db } = await aDatabase();
  for (const n of [1, 2]) {
    const [job] = await one.addJob(one.createJob({ n }));
    await until(() => of(far, job!.id).length === 3, { what: `Job ${n}`, deadlineMs: 20_000 });
    expect(of(far, job!.id)).toEqual([["added"], ["active"], ["completed", false]]);
    const text = `
      select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and application_name <> 'callsheet test' and pid <> pg_backend_pid()`;
    await db.query({ text, values: [] });
  }
});

test("a review is told to the others", async () => {
  const { one, other } = await aPair();
  const [near, far] = [heard(one, "reviewed"), heard(other, "reviewed")];
  expect(await one.review()).toEqual({ reviewed: 0, removed: 0, local: true });
  await until(() => far.length > 0, { what: "The review" });
  expect(near).toEqual([["reviewed", one.id, { reviewed: 0, removed: 0, local: true }]]);
  expect(far).toEqual([["reviewed", one.id, { reviewed: null, removed: null, local: false }]]);
});

test("idle is told when nothing runs and nothing is ready", async () => {
  const queue = await aQueue();
  const events = heard(queue, "idle", "completed");
  await queue.addJob([1, 2, 3].map((n) => queue.createJob({ n })));
  await queue.process(async () => {});
  await until(() => events.some(([event]) => event === "idle"), { what: "Idleness" });
  expect(events.map(([event]) => event)).toEqual(["completed", "completed", "completed", "idle"]);
});

test("one that is adding jobs is not idle", async () => {
  const queue = await aQueue();
  const events = heard(queue, "idle", "added");
  await queue.process(async () => {});
  const later = new Date(Date.now() + 60_000);
  await queue.addJob(many(queue).map((job) => job.setDateEnable(later)));
  await until(() => events.some(([event]) => event === "idle"), { what: "Idleness" });
  expect(events.findIndex(([event]) => event === "idle")).toBe(MANY);
});

test("a failure is told by its event too, with the queue's id; unheard it harms nothing", async () => {
  const queue = await aQueue();
  await expect(queue.getJob("no id")).rejects.toMatchObject({ queueId: queue.id });
  const errors = heard(queue, "error");
  const failed = await queue.getJob("no id").catch((error: unknown) => error);
  expect(errors).toEqual([["error", failed]]);
});
