import { until } from "@callsheet/core/testing";
import { describe, expect, test } from "vitest";
import { Queue } from "../src/index.ts";
import { aQueue, heard, inStatus } from "./fixtures/bench.ts";

describe("a handler", () => {
  test("completes a job with a result, and is told how many run", async () => {
    const queue = await aQueue<{ n: number }, { doubled: number }>();
    const told: number[] = [];
    await queue.process(async (job, next) => void told.push(await next(null, { doubled: 2 * job.n })));
    const [job] = await queue.addJob(queue.createJob({ n: 21 }));
    const done = await inStatus(queue, job!.id, "completed");
    expect(done).toMatchObject({ progress: 100, processCount: 1, retryCount: 0, result: { doubled: 42 } });
    expect(done.getLastLog()).toMatchObject({
      data: { doubled: 42 },
      status: "completed",
      duration: expect.any(Number),
    });
    expect(done.dateFinished!.getTime()).toBeGreaterThanOrEqual(done.dateStarted!.getTime());
    await until(() => told.length === 1, { what: "The count" });
    expect(told).toEqual([0]);
  });

  test("completes a job without a result too, and is heard once only", async () => {
    const queue = await aQueue();
    const ends = heard(queue, "completed", "failed", "terminated");
    const told: number[] = [];
    await queue.process(async (_job, next) => {
      const first = next();
      expect(next(new Error("too late"))).toBe(first);
      told.push(await first);
    });
    const [job] = await queue.addJob(queue.createJob());
    expect((await inStatus(queue, job!.id, "completed")).result).toBeUndefined();
    await until(() => told.length === 1, { what: "The count" });
    expect(ends).toEqual([["completed", queue.id, job!.id, false]]);
  });

  test("that takes no next is over when its promise is", async () => {
    const queue = await aQueue<{ n: number }, number>();
    await queue.process(async ({ n }) => n + 1);
    const [job] = await queue.addJob(queue.createJob({ n: 1 }));
    expect(await inStatus(queue, job!.id, "completed")).toMatchObject({ result: 2 });
  });

  const failures: readonly (readonly [
    how: string,
    handler: (job: unknown, next: (error: unknown) => unknown) => unknown,
  ])[] = [
    [
      "throws",
      () => {
        throw new Error("It broke.");
      },
    ],
    [
      "rejects",
      async () => {
        throw new Error("It broke.");
      },
    ],
    ["says so", (_job, next) => void next(Object.assign(new Error("It broke."), { detail: 7 }))],
    ["rejects, and takes next", (_job, _next) => Promise.reject(new Error("It broke."))],
  ];
  test.each(failures)("that %s has failed the job at once", async (how, handler) => {
    const queue = await aQueue();
    queue.jobOptions = { retryMax: 0 };
    const ends = heard(queue, "failed", "terminated");
    await queue.process(handler as never);
    const [job] = await queue.addJob(queue.createJob());
    const failed = await inStatus(queue, job!.id, "terminated");
    expect(failed).toMatchObject({ progress: 0, retryCount: 0 });
    expect(failed.getLastLog()).toMatchObject({
      ...{
        type: "error",
        status: "terminated",
        errorMessage: "It broke.",
        errorStack: expect.stringContaining("It broke."),
      },
      ...{ duration: expect.any(Number), data: how === "says so" ? { detail: 7 } : {} },
    });
    expect(ends).toEqual([["terminated", queue.id, job!.id]]);
  });

  test("is given jobs at most so many at once, each once, and more when there may be more", async () => {
    const queue = await aQueue({ concurrency: 3 });
    const entered: (() => unknown)[] = [];
    const ids: string[] = [];
    let most = 0;
    await queue.process((job, next) => {
      ids.push(job.id);
      most = Math.max(most, queue.running);
      entered.push(next);
    });
    const jobs = await queue.addJob(Array.from({ length: 12 }, () => queue.createJob()));
    await until(() => entered.length === 3, { what: "Three handlers" });
    expect([queue.running, queue.idle]).toEqual([3, false]);
    queue.concurrency = 5;
    await until(() => entered.length === 5, { what: "Five handlers" });
    queue.concurrency = 2;
    for (let done = 0; done < 12; done++) {
      await until(() => entered.length > done, { what: `Handler ${done + 1}` });
      await entered[done]!();
    }
    expect([...ids].sort()).toEqual(jobs.map(({ id }) => id).sort());
    expect(most).toBe(5);
  });

  test("is one: a second, or what is no function, is refused", async () => {
    const queue = await aQueue();
    await expect(queue.process("handler" as never)).rejects.toThrow(/function/);
    expect(await queue.process(() => {})).toBe(true);
    await expect(queue.process(() => {})).rejects.toThrow(/called before/);
  });

  test("is given the jobs of the highest priority first, and of those the oldest", async () => {
    const queue = await aQueue();
    const names = ["lowest", "low", "normal", "medium", "high", "highest"] as const;
    for (const n of [1, 2]) await queue.addJob(names.map((priority) => queue.createJob({ priority, n })));
    const order: unknown[] = [];
    await queue.process(({ priority, n }, next) => {
      order.push([priority, n]);
      void next();
    });
    await until(() => order.length === 12, { what: "Twelve jobs" });
    const expected = [...names].reverse().flatMap((name) => [1, 2].map((n) => [name, n]));
    expect(order).toEqual(expected);
  });

  test("is given its job's log as far as there is one", async () => {
    const queue = await aQueue();
    const logs: string[][] = [];
    const [job] = await queue.addJob(queue.createJob({ retryDelay: 0 }));
    await job!.addLog({ n: 1 }, "before");
    await queue.process((one, next) => {
      logs.push(one.log.map(({ status, message }) => (message === "before" ? message : status)));
      void next(one.processCount < 2 ? new Error("again") : undefined);
    });
    await inStatus(queue, job!.id, "completed");
    expect(logs).toEqual([
      ["added", "before", "active"],
      ["added", "before", "active", "failed", "active"],
    ]);
  });
});

describe("a job that is cancelled", () => {
  test("by its handler is cancelled for the reason given", async () => {
    const queue = await aQueue();
    const ends = heard(queue, "cancelled", "failed", "completed");
    const told: number[] = [];
    await queue.process(async (_job, next) => void told.push(await next({ cancelJob: "not needed" })));
    const [job] = await queue.addJob(queue.createJob());
    const gone = await inStatus(queue, job!.id, "cancelled");
    expect(gone.getLastLog()).toMatchObject({ message: "not needed", status: "cancelled" });
    await until(() => told.length === 1, { what: "The count" });
    expect(ends).toEqual([["cancelled", queue.id, job!.id]]);
  });

  test.each(["the same", "another"])(
    "by %s queue object calls back, frees its slot, and stays cancelled",
    async (which) => {
      const queue = await aQueue();
      const other = which === "another" ? await aQueue({ name: queue.name }) : queue;
      const entered: { id: string; next: () => Promise<number> }[] = [];
      let calls = 0;
      await queue.process((job, next, onCancel) => {
        onCancel(job, () => {
          calls += 1;
        });
        entered.push({ id: job.id, next });
      });
      const [first, second] = await queue.addJob([queue.createJob(), queue.createJob()]);
      await until(() => entered.length === 1, { what: "The first job" });
      expect(await other.cancelJob(first, "stop it")).toEqual([first!.id]);
      await until(() => calls === 1, { what: "The callback", deadlineMs: 5_000 });
      await until(() => entered.length === 2, { what: "The second job" });
      expect(entered[1]!.id).toBe(second!.id);
      await entered[0]!.next();
      expect(queue.running).toBe(1);
      await entered[1]!.next();
      expect(queue.running).toBe(0);
      await inStatus(queue, second!.id, "completed");
      const [gone] = await queue.getJob(first);
      expect(gone).toMatchObject({ status: "cancelled", dateFinished: expect.any(Date) });
      expect(gone!.getLastLog()).toMatchObject({ message: "stop it", queueId: other.id });
      expect(calls).toBe(1);
    },
  );

  test("before it began never begins", async () => {
    const queue = await aQueue();
    const jobs = await queue.addJob([1, 2, 3].map((n) => queue.createJob({ n })));
    const cancelled = heard(queue, "cancelled");
    expect(await queue.cancelJob(jobs.slice(0, 2))).toEqual(jobs.slice(0, 2).map(({ id }) => id));
    expect(cancelled).toEqual(jobs.slice(0, 2).map(({ id }) => ["cancelled", queue.id, id]));
    const numbers: unknown[] = [];
    await queue.process(async ({ n }) => void numbers.push(n));
    await inStatus(queue, jobs[2]!.id, "completed");
    expect(numbers).toEqual([3]);
    await expect(queue.cancelJob(jobs[2])).rejects.toMatchObject({ code: "wrong_state" });
  });

  test("before its handler asks to be told calls back at once; what the callback throws is told by an event", async () => {
    const queue = await aQueue();
    const errors = heard(queue, "error");
    const entered: ((callback: () => void) => void)[] = [];
    await queue.process((job, _next, onCancel) => void entered.push((callback) => onCancel(job, callback)));
    const [job] = await queue.addJob(queue.createJob());
    await until(() => entered.length === 1, { what: "The handler" });
    expect(await queue.cancelJob(job)).toEqual([job!.id]);
    let calls = 0;
    entered[0]!(() => {
      calls += 1;
      throw new Error("not ours");
    });
    expect(calls).toBe(1);
    expect(errors).toMatchObject([["error", { message: "not ours", queueId: queue.id }]]);
  });

  test("among others that cannot be is told and called back, and the call fails", async () => {
    const queue = await aQueue();
    const cancelled = heard(queue, "cancelled");
    let calls = 0;
    await queue.process((job, _next, onCancel) =>
      onCancel(job, () => {
        calls += 1;
      }),
    );
    const over = Object.assign(queue.createJob(), { status: "completed" });
    const [runs] = await queue.addJob([queue.createJob(), over]);
    await until(() => queue.running === 1, { what: "The handler" });
    await expect(queue.cancelJob([over, runs!])).rejects.toMatchObject({ code: "wrong_state" });
    expect(cancelled).toEqual([["cancelled", queue.id, runs!.id]]);
    expect(calls).toBe(1);
  });

  test("needs a function to call back", async () => {
    const queue = await aQueue();
    queue.jobOptions = { retryMax: 0 };
    const errors = heard(queue, "error");
    await queue.process((job, _next, onCancel) => onCancel(job, "me" as never));
    const [job] = await queue.addJob(queue.createJob());
    const failed = await inStatus(queue, job!.id, "terminated");
    expect(failed.getLastLog()).toMatchObject({ errorMessage: "The cancel callback must be a function." });
    expect(errors).toMatchObject([["error", { queueId: queue.id }]]);
  });
});

describe("a job's time", () => {
  test("runs out: it has failed, and its slot is free", async () => {
    const queue = await aQueue();
    let count = 0;
    await queue.process((_job, next) => void (++count > 1 && next()));
    const late = queue.createJob({ timeout: 50, retryMax: 0 });
    const [, after] = await queue.addJob([late, queue.createJob()]);
    const failed = await inStatus(queue, late.id, "terminated");
    expect(failed.getLastLog()).toMatchObject({ errorMessage: "Job timed out (run time > 50 ms)" });
    await inStatus(queue, after!.id, "completed");
    expect(queue.running).toBe(0);
  });

  test("begins anew with each progress, which is brought within 0 and 100", async () => {
    const queue = await aQueue();
    const events = heard(queue, "progress", "failed", "terminated");
    const said: unknown[] = [null, -10, Number.NaN, 40, 50, 101];
    await queue.process(async (job, next) => {
      for (const percent of said) {
        await new Promise((resolve) => setTimeout(resolve, 500));
        expect(await job.updateProgress(percent as number)).toBe(job);
      }
      await next();
    });
    const [job] = await queue.addJob(queue.createJob({ timeout: 2_500, retryMax: 0 }));
    const done = await inStatus(queue, job!.id, "completed");
    expect(events).toEqual([0, 0, 0, 40, 50, 100].map((percent) => ["progress", queue.id, job!.id, percent]));
    expect(done.log.filter(({ message }) => message.includes("progress")).map(({ data }) => data)).toEqual([
      0, 0, 0, 0, 40, 50,
    ]);
    await expect(done.updateProgress(5)).rejects.toMatchObject({ code: "wrong_state" });
  });

  test("is shown as until when it may run", async () => {
    const queue = await aQueue();
    const [job] = await queue.addJob(queue.createJob({ timeout: 10_000, retryDelay: 1_000 }));
    const seen: number[] = [];
    const entered: (() => unknown)[] = [];
    await queue.process((one, next) => {
      seen.push(one.dateEnable.getTime() - one.dateStarted!.getTime());
      entered.push(next);
    });
    await until(() => entered.length === 1, { what: "The handler" });
    const [active] = await queue.getJob(job);
    expect(active!.dateEnable.getTime() - active!.dateStarted!.getTime()).toBe(10_000);
    expect(seen).toEqual([10_000]);
    await entered[0]!();
  });
});

test("a job that is passed back is stored, and picked up again at once or when it says", async () => {
  const queue = await aQueue();
  const updated = heard(queue, "updated");
  const later = new Date(Date.now() + 3_600_000);
  await queue.process((job, next) => {
    const step = ((job.step as number | undefined) ?? 0) + 1;
    Object.assign(job, { step });
    if (step === 2) job.setDateEnable(later).setPriority("high");
    void next(null, job);
  });
  const [job] = await queue.addJob(queue.createJob({ list: [1] }));
  await until(() => updated.length === 2, { what: "Two steps" });
  const [stored] = await queue.getJob(job);
  expect(stored).toMatchObject({ step: 2, list: [1], status: "added", dateEnable: later, priority: "high" });
  expect(stored).toMatchObject({ processCount: 2, retryCount: 0 });
  expect(stored!.log.map(({ message }) => message)).toContain("Job passed back to the queue");
  expect(stored).toBeInstanceOf(Queue.Job);
});

describe("a job that is passed back by its handler", () => {
  test("is picked up again at once, whatever its progress was", async () => {
    const queue = await aQueue();
    await queue.process(async (job, next) => {
      await job.updateProgress(50);
      if (job.processCount === 1) void next(null, job);
      else void next();
    });
    const [job] = await queue.addJob(queue.createJob());
    expect(await inStatus(queue, job!.id, "completed")).toMatchObject({ processCount: 2 });
  });

  test("waits until it says, also when it was stored before", async () => {
    const queue = await aQueue();
    const updated = heard(queue, "updated");
    const later = new Date(Date.now() + 3_600_000);
    await queue.process(async (job, next) => {
      await job.setDateEnable(later).update();
      await next(null, job);
    });
    const [job] = await queue.addJob(queue.createJob());
    await until(() => updated.length === 2, { what: "The end" });
    expect(await queue.getJob(job)).toMatchObject([{ status: "added", dateEnable: later, processCount: 1 }]);
  });
});
