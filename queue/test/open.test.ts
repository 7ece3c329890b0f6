import { Callsheet } from "@callsheet/core";
import { expect, onTestFinished, test, vi } from "vitest";
import { Queue } from "../src/index.ts";
import { aDatabase, aName } from "./fixtures/bench.ts";

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
