import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { until } from "@callsheet/core/testing";
import { describe, expect, onTestFinished, test } from "vitest";
import type { QueueOptions } from "../src/index.ts";
import { aDatabase, aQueue, heard, inStatus } from "./fixtures/bench.ts";

const PROGRAM = fileURLToPath(new URL("./fixtures/worker.mjs", import.meta.url));

interface Worker {
  readonly child: ChildProcess;
  readonly began: string[];
  ready: string | undefined;
}

/** A process that works on a queue. */
async function aWorker(name: string, does: "ends" | "hangs", queue: QueueOptions = {}): Promise<Worker> {
  const { url } = await aDatabase();
  const args = [PROGRAM, url, name, JSON.stringify({ queue, does })];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  const worker: Worker = { child, began: [], ready: undefined };
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { began, ready } = JSON.parse(line);
    if (began) worker.began.push(began);
    worker.ready ??= ready;
  });
  await until(() => worker.ready, { what: "The worker", deadlineMs: 20_000 });
  return worker;
}

describe("processes that share a queue", { timeout: 60_000 }, () => {
  test("run each job once", async () => {
    const queue = await aQueue();
    const workers = await Promise.all([1, 2, 3].map(() => aWorker(queue.name, "ends", { concurrency: 5 })));
    const far = heard(queue, "completed");
    const jobs = await queue.addJob(Array.from({ length: 600 }, (_, n) => queue.createJob({ n })));
    await until(() => far.length >= jobs.length, { what: "All jobs", deadlineMs: 20_000 });
    // What they say may arrive later than what the database tells.
    const began = await until(
      () => {
        const ids = workers.flatMap((worker) => worker.began);
        return ids.length >= jobs.length ? ids : undefined;
      },
      { what: "Their words" },
    );
    expect([...began].sort()).toEqual(jobs.map(({ id }) => id).sort());
    expect(await queue.summary()).toMatchObject({ completed: jobs.length, total: jobs.length });
    expect(new Set(far.map(([, , id]) => id)).size).toBe(jobs.length);
    const [one] = await queue.getJob(jobs[0]);
    expect(workers.map(({ child }) => child.pid)).toContain(one!.result);
    workers[0]!.child.kill("SIGTERM");
    expect(await once(workers[0]!.child, "exit")).toEqual([0, null]);
  });

  test.each([
    { retryMax: 1, status: "failed", retryCount: 1 },
    { retryMax: 0, status: "terminated", retryCount: 0 },
  ])("leave a job $status when one dies with it that may be retried $retryMax times", async (expected) => {
    const { retryMax, status, retryCount } = expected;
    const queue = await aQueue();
    const [job] = await queue.addJob(queue.createJob({ retryMax, retryDelay: 0 }));
    const worker = await aWorker(queue.name, "hangs");
    await until(() => worker.began.length === 1, { what: "The job" });
    const events = heard(queue, "failed", "terminated", "reviewed");
    worker.child.kill("SIGKILL");
    await once(worker.child, "exit");
    expect(await queue.review()).toEqual({ reviewed: 1, removed: 0, local: true });
    expect(events).toMatchObject([
      [status, queue.id, job!.id],
      ["reviewed", queue.id, { reviewed: 1 }],
    ]);
    const left = (await queue.getJob(job))[0]!;
    expect(left).toMatchObject({ retryCount, processCount: 1 });
    expect(left.log.find(({ errorMessage }) => errorMessage !== undefined)).toMatchObject({
      errorMessage: expect.stringContaining("was lost"),
      type: status === "failed" ? "warning" : "error",
    });
    if (status === "terminated") return;
    await queue.process(async () => {});
    expect(await inStatus(queue, job!.id, "completed")).toMatchObject({ processCount: 2, retryCount: 1 });
  });

  test("let a job that repeats wait for its next turn when one dies with its last retry", async () => {
    const queue = await aQueue();
    const [job] = await queue.addJob(queue.createJob({ retryMax: 0, repeat: true, repeatDelay: 3_600_000 }));
    const worker = await aWorker(queue.name, "hangs");
    await until(() => worker.began.length === 1, { what: "The job" });
    const events = heard(queue, "failed", "terminated", "reviewed");
    worker.child.kill("SIGKILL");
    await once(worker.child, "exit");
    await queue.review();
    expect(events).toMatchObject([
      ["failed", queue.id, job!.id],
      ["reviewed", queue.id, { reviewed: 1 }],
    ]);
    expect(await queue.getJob(job)).toMatchObject([{ status: "added", retryCount: 0, processCount: 1 }]);
  });

  test("recover a dead one's job by themselves as they begin to process", async () => {
    const queue = await aQueue({ masterInterval: false });
    const [job] = await queue.addJob(queue.createJob({ retryDelay: 0 }));
    const worker = await aWorker(queue.name, "hangs");
    await until(() => worker.began.length === 1, { what: "The job" });
    worker.child.kill("SIGKILL");
    await once(worker.child, "exit");
    const reviews = heard(queue, "reviewed");
    await queue.process(async () => {});
    expect(reviews).toMatchObject([["reviewed", queue.id, { local: true }]]);
    await inStatus(queue, job!.id, "completed");
  });
});

describe("a CommonJS program", () => {
  test("is given the class itself, to be called with new and to be extended", async () => {
    const { url } = await aDatabase();
    const program = `
      const Queue = require("@callsheet/queue");
      class Mail extends Queue { get kind() { return "mail"; } }
      const q = new Mail(process.argv[1], { name: "commonjs" });
      q.on("completed", async () => { await q.stop(); console.log(q.kind, Queue === Queue.Queue, new Queue.Job(q) instanceof Queue.Job); });
      q.process(async (job) => job.to);
      q.addJob(q.createJob({ to: "ada" }));`;
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    expect(execFileSync(process.execPath, ["-e", program, url], { cwd, encoding: "utf8" })).toBe("mail true true\n");
  });
});
