import { until } from "@callsheet/core/testing";
import { describe, expect, test } from "vitest";
import { aQueue, heard, inStatus } from "./fixtures/bench.ts";

const HOUR_MS = 3_600_000;
const soon = (date: Date, ms: number) => Math.abs(date.getTime() - Date.now() - ms) < 60_000;

describe("a job that fails", () => {
  test("is tried again as often as it may be, and is terminated then", async () => {
    const queue = await aQueue();
    const events = heard(queue, "failed", "terminated");
    let count = 0;
    await queue.process(() => {
      count += 1;
      throw new Error(`failure ${count}`);
    });
    const [job] = await queue.addJob(queue.createJob({ retryDelay: 0 }));
    const last = await inStatus(queue, job!.id, "terminated");
    expect(count).toBe(4);
    expect(events).toEqual([...new Array(3).fill("failed"), "terminated"].map((event) => [event, queue.id, job!.id]));
    expect(last).toMatchObject({ retryCount: 3, processCount: 4 });
    const failures = last.log.filter(({ errorMessage }) => errorMessage !== undefined);
    expect(
      failures.map(({ type, status, retryCount, processCount }) => [type, status, retryCount, processCount]),
    ).toEqual([
      ["warning", "failed", 1, 1],
      ["warning", "failed", 2, 2],
      ["warning", "failed", 3, 3],
      ["error", "terminated", 3, 4],
    ]);
  });

  test("waits nothing before its first retry, one delay before the second", async () => {
    const queue = await aQueue();
    const failed = heard(queue, "failed");
    await queue.process(() => Promise.reject(new Error("no")));
    const [job] = await queue.addJob(queue.createJob({ retryDelay: HOUR_MS }));
    await until(() => failed.length === 2, { what: "Two failures" });
    const waiting = await inStatus(queue, job!.id, "failed");
    expect(waiting).toMatchObject({ retryCount: 2, processCount: 2 });
    expect(soon(waiting.dateEnable, HOUR_MS)).toBe(true);
  });

  test("may run for one delay more with each retry", async () => {
    const queue = await aQueue();
    const until1: number[] = [];
    await queue.process((job, next) => {
      until1.push(job.dateEnable.getTime() - job.dateStarted!.getTime());
      void next(job.processCount < 3 && new Error("again"));
    });
    const [job] = await queue.addJob(queue.createJob({ timeout: 5_000, retryDelay: 50 }));
    await inStatus(queue, job!.id, "completed");
    expect(until1).toEqual([5_000, 5_050, 5_100]);
  });
});

describe("a job that repeats", () => {
  test("for ever waits for its next turn after each success, until it is cancelled", async () => {
    const queue = await aQueue();
    const events = heard(queue, "completed");
    await queue.process(async () => "done");
    const [job] = await queue.addJob(queue.createJob({ repeat: true, repeatDelay: 0 }));
    await until(() => events.length >= 3, { what: "Three runs" });
    expect(events[0]).toEqual(["completed", queue.id, job!.id, true]);
    await until(() => queue.cancelJob(job).then(Boolean, () => false), { what: "The cancel" });
    const gone = await inStatus(queue, job!.id, "cancelled");
    const { processCount } = gone;
    expect(gone.log.filter(({ data }) => data === "done").length).toBeGreaterThanOrEqual(3);
    await queue.review();
    expect(await queue.getJob(job)).toMatchObject([{ status: "cancelled", processCount }]);
  });

  test("waits the delay that it asks for", async () => {
    const queue = await aQueue();
    const events = heard(queue, "completed");
    await queue.process(async () => {});
    const [job] = await queue.addJob(queue.createJob({ repeat: true, repeatDelay: HOUR_MS }));
    await until(() => events.length === 1, { what: "One run" });
    const waiting = await inStatus(queue, job!.id, "added");
    expect(waiting).toMatchObject({ progress: 0, retryCount: 0, processCount: 1 });
    expect(soon(waiting.dateEnable, HOUR_MS)).toBe(true);
  });

  test("a number of times runs once more than that, and is completed then", async () => {
    const queue = await aQueue();
    const events = heard(queue, "completed");
    await queue.process(async () => {});
    const [job] = await queue.addJob(queue.createJob({ repeat: 2, repeatDelay: 0 }));
    const done = await inStatus(queue, job!.id, "completed");
    expect(done.processCount).toBe(3);
    expect(events.map(([, , , isRepeating]) => isRepeating)).toEqual([true, true, false]);
    expect(done.log.map(({ status }) => status)).toEqual([
      ...["added", "active", "added", "active", "added", "active", "completed"],
    ]);
  });

  test("goes on after its last retry failed, with its retries counted anew", async () => {
    const queue = await aQueue();
    const events = heard(queue, "failed", "terminated", "completed");
    await queue.process(async ({ processCount }) => {
      if (processCount <= 2) throw new Error("not yet");
    });
    const [job] = await queue.addJob(queue.createJob({ repeat: 2, repeatDelay: 0, retryMax: 1, retryDelay: 0 }));
    const done = await inStatus(queue, job!.id, "completed");
    expect(events.map(([event]) => event)).toEqual(["failed", "failed", "completed"]);
    expect(done).toMatchObject({ retryCount: 0, processCount: 3 });
  });
});

describe("a job that is to begin later", () => {
  test("begins when its time has come, on a queue that does nothing else", async () => {
    const queue = await aQueue();
    const begun: number[] = [];
    await queue.process(async () => void begun.push(Date.now()));
    const at = new Date(Date.now() + 700);
    const [job] = await queue.addJob(queue.createJob({ dateEnable: at }));
    expect(await queue.getJob(job)).toMatchObject([{ status: "added", dateEnable: at }]);
    await until(() => begun.length === 1, { what: "The job" });
    expect(begun[0]).toBeGreaterThanOrEqual(at.getTime());
  });

  test("holds nobody up, whatever its priority", async () => {
    const queue = await aQueue();
    const later = new Date(Date.now() + HOUR_MS);
    const [delayed, ready] = await queue.addJob([
      queue.createJob({ priority: "highest", dateEnable: later }),
      queue.createJob({ priority: "lowest" }),
    ]);
    await queue.process(async () => {});
    await inStatus(queue, ready!.id, "completed");
    expect(await queue.getJob(delayed)).toMatchObject([{ status: "added", dateEnable: later, processCount: 0 }]);
  });
});

describe("reanimating", () => {
  test.each(["completed", "cancelled", "terminated"])(
    "sets a job that is %s up again, as if it were new",
    async (status) => {
      const queue = await aQueue();
      const [job] = await queue.addJob(queue.createJob({ status, retryMax: 0 }));
      const events = heard(queue, "reanimated");
      const later = new Date(Date.now() + HOUR_MS);
      expect(await queue.reanimateJob(job, later)).toEqual([job!.id]);
      expect(events).toEqual([["reanimated", queue.id, job!.id]]);
      const [stored] = await queue.getJob(job);
      expect(stored).toMatchObject({
        status: "added",
        retryCount: 0,
        progress: 0,
        dateEnable: later,
        dateFinished: null,
      });
      expect(stored!.getLastLog()).toMatchObject({ message: "Job reanimated", queueId: queue.id });
      await expect(queue.reanimateJob(job)).rejects.toMatchObject({ code: "wrong_state" });
    },
  );

  test("runs a job again at once", async () => {
    const queue = await aQueue();
    const events = heard(queue, "completed");
    await queue.process(async () => {});
    const [job] = await queue.addJob(queue.createJob());
    await inStatus(queue, job!.id, "completed");
    await queue.reanimateJob(job!.id);
    await until(() => events.length === 2, { what: "The second run" });
    expect(await inStatus(queue, job!.id, "completed")).toMatchObject({ processCount: 2 });
  });
});
