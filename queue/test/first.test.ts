import { until } from "@callsheet/core/testing";
import { expect, test } from "vitest";
import { aQueue, heard } from "./fixtures/bench.ts";

test("a job is added and processed, and each step is told", async () => {
  const queue = await aQueue();
  const events = heard(queue, "added", "active", "processing", "completed", "idle");
  const job = queue.createJob({ to: "ada" });
  expect(job.status).toBe("created");
  expect(await queue.addJob(job)).toEqual([job]);
  expect(job.status).toBe("added");
  let running: unknown;
  await queue.process((one, next) => {
    running = next(null, `hello ${one.to}`);
  });
  await until(() => events.length >= 5, { what: "Five events" });
  expect(events).toEqual([
    ["added", queue.id, job.id],
    ["active", queue.id, job.id],
    ["processing", queue.id, job.id],
    ["completed", queue.id, job.id, false],
    ["idle", queue.id],
  ]);
  expect(await running).toBe(0);
  const [stored] = await queue.getJob(job);
  expect(stored).toMatchObject({ id: job.id, status: "completed", progress: 100, to: "ada", processCount: 1 });
  expect(stored?.log.map(({ status, data }) => [status, data])).toEqual([
    ["added", undefined],
    ["active", undefined],
    ["completed", "hello ada"],
  ]);
});
