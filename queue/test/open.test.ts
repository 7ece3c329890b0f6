import { Callsheet } from "@callsheet/core";
import { until } from "@callsheet/core/testing";
import { makeTemporaryDirectory, removeTemporary } from "@callsheet/postgres";
import { expect, onTestFinished, test, vi } from "vitest";
import { Queue } from "../src/index.ts";
import { aDatabase, aName, heard } from "./fixtures/bench.ts";

function aQueueOf(url: string): Queue {
  const queue = new Queue(url, { name: aName() });
  onTestFinished(async () => {
    await queue.stop();
  });
  return queue;
}

test("a queue that is processed right away is opened for that; one that is not has no connection too many", async () => {
  const { url } = await aDatabase();
  const opening = vi.spyOn(Callsheet, "open");
  onTestFinished(() => opening.mockRestore());
  await aQueueOf(url).process(async () => {});
  expect(opening).toHaveBeenLastCalledWith(expect.objectContaining({ worksSoon: true }));
  await aQueueOf(url).ready();
  expect(opening).toHaveBeenLastCalledWith(expect.objectContaining({ worksSoon: false }));
});

test("databases that are named are made on the private server too, whoever comes first", {
  timeout: 60_000,
}, async () => {
  const dataDir = await makeTemporaryDirectory();
  onTestFinished(() => removeTemporary(dataDir));
  const queues = ["one", "one", "an other"].map((db) => new Queue({ dataDir, db }, { name: "same" }));
  try {
    const [first, same, other] = queues;
    await Promise.all(queues.map((queue) => queue.ready()));
    await first!.addJob(first!.createJob());
    expect([(await same!.summary()).total, (await other!.summary()).total]).toEqual([1, 0]);
  } finally {
    await Promise.all(queues.map((queue) => queue.stop()));
  }
});

test("a queue processes as soon as it runs jobs, and tells later when it cannot hear of those of others", async () => {
  const { url } = await aDatabase();
  const { work } = Callsheet.prototype;
  const deaf = vi.spyOn(Callsheet.prototype, "work").mockImplementation(async function (this: Callsheet, options) {
    await work.call(this, options);
    throw new Error("no ears");
  });
  onTestFinished(() => deaf.mockRestore());
  const queue = aQueueOf(url);
  const errors = heard(queue, "error");
  expect(await queue.process(async () => {})).toBe(true);
  await until(() => errors.length > 0, { what: "The trouble" });
  expect(errors).toEqual([["error", expect.objectContaining({ message: "no ears", queueId: queue.id })]]);
});

test("a queue that cannot begin to process says so, once", async () => {
  const { url } = await aDatabase();
  const broken = vi.spyOn(Callsheet.prototype, "work").mockRejectedValue(new Error("no room"));
  onTestFinished(() => broken.mockRestore());
  const queue = aQueueOf(url);
  const errors = heard(queue, "error");
  await expect(queue.process(async () => {})).rejects.toThrow("no room");
  expect(errors).toHaveLength(1);
});
