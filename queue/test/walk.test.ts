import { until } from "@callsheet/core/testing";
import { describe, expect, test } from "vitest";
import { aQueue, inStatus } from "./fixtures/bench.ts";

const WORDS = [
  { options: {}, waiting: "added" },
  { options: { words: "3.1" }, waiting: "waiting" },
] as const;

describe.each(WORDS)("in a queue that says $waiting", ({ options, waiting }) => {
  test(`jobs walk through created, ${waiting}, active, completed, cancelled, failed and terminated`, async () => {
    const queue = await aQueue({ ...options, concurrency: 10 });
    const [completes, goes, fails] = [queue.createJob({ n: 1 }), queue.createJob({ n: 2 }), queue.createJob({ n: 3 })];
    fails.setRetryMax(1).setRetryDelay(0);
    const all = [completes, goes, fails];
    expect(all.map(({ status }) => status)).toEqual(["created", "created", "created"]);
    await queue.addJob(all);
    expect((await queue.getJob(all)).map(({ status }) => status)).toEqual([waiting, waiting, waiting]);
    const none = { active: 0, completed: 0, cancelled: 0, failed: 0, terminated: 0 };
    expect(await queue.summary()).toEqual({ [waiting]: 3, ...none, total: 3 });

    const entered = new Map<string, (error?: Error) => Promise<number>>();
    await queue.process((job, next) => void entered.set(job.id, next));
    await until(() => entered.size === all.length, { what: "All handlers" });
    for (const { id } of all) await inStatus(queue, id, "active");
    expect(await queue.summary()).toEqual({ [waiting]: 0, ...none, active: 3, total: 3 });

    await entered.get(completes.id)!();
    await queue.cancelJob(goes);
    await inStatus(queue, completes.id, "completed");
    await inStatus(queue, goes.id, "cancelled");

    // Nothing is picked up while the queue is paused: the job that failed waits for its retry.
    const paused = queue.pause(true);
    await entered.get(fails.id)!(new Error("It failed."));
    await paused;
    expect(await inStatus(queue, fails.id, "failed")).toMatchObject({ retryCount: 1 });
    expect(await queue.summary()).toEqual({ [waiting]: 0, ...none, completed: 1, cancelled: 1, failed: 1, total: 3 });
    entered.delete(fails.id);
    await queue.resume(true);
    const next = await until(() => entered.get(fails.id), { what: "The retry" });
    await next(new Error("It failed again."));
    expect(await inStatus(queue, fails.id, "terminated")).toMatchObject({ retryCount: 1, processCount: 2 });
  });
});
