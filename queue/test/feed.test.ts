import { expect, onTestFinished, test, vi } from "vitest";
import { Feed } from "../src/feed.ts";
import type { QueuePart } from "../src/part.ts";

const CURSOR = { snapshot: "1:1:", at: new Date(0), since: new Date(0) };

/** A feed of a queue of which somebody hears, and how often it looked. */
async function aFeed() {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  const seen = { looks: 0, hint: () => {} };
  const desk = {
    hear: (call: () => void) => {
      seen.hint = call;
      return () => {};
    },
    beginFeed: async () => ({ ...CURSOR, isPaused: false }),
    readFeed: async () => {
      seen.looks += 1;
      return { lines: [], cursor: CURSOR };
    },
  };
  const part = { id: "here", desk, isHeard: () => true, emit: () => {}, fail: expect.unreachable };
  const host = { isPausedByAll: false, paused: () => {}, resumed: () => {} };
  const feed = new Feed(part as unknown as QueuePart, host);
  await feed.start();
  onTestFinished(async () => {
    await feed.stop();
    vi.useRealTimers();
  });
  return seen;
}

const passes = (ms: number) => vi.advanceTimersByTimeAsync(ms);

test("a hint right after a look is looked at a moment later, with all that come meanwhile", async () => {
  const seen = await aFeed();
  seen.hint();
  await passes(24);
  seen.hint();
  expect(seen.looks).toBe(0);
  await passes(1);
  expect(seen.looks).toBe(1);
  seen.hint();
  await passes(24);
  expect(seen.looks).toBe(1);
  await passes(1);
  expect(seen.looks).toBe(2);
});

test("a hint after a quiet while is looked at at once", async () => {
  const seen = await aFeed();
  await passes(30);
  seen.hint();
  await passes(0);
  expect(seen.looks).toBe(1);
});
