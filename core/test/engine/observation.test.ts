import { describe, expect, test } from "vitest";
import {
  BEAT_MS,
  FIRST_BEAT_MS,
  LEASE_MS,
  LONGEST_GAP_MS,
  LOOK_MS,
  SILENCE_MS,
} from "../../src/engine/heartbeat/times.ts";
import { type Look, type Observation, observe, silentIn } from "../../src/engine/observation.ts";

const identity = { id: 1, name: "one", host: "h", bootId: "b", pid: 1, pidStarted: "1" };
const aLook = (askedAt: number, counters: Readonly<Record<string, number>>, tookMs = 0): Look => ({
  askedAt,
  answeredAt: askedAt + tookMs,
  heartbeats: Object.entries(counters).map(([incarnation, n]) => ({ ...identity, incarnation, counter: String(n) })),
});
const watch = (looks: readonly Look[]) =>
  looks.reduce<Observation | undefined>((before, look) => observe(before, look), undefined)!;
const silentAfter = (looks: readonly Look[]) => silentIn(watch(looks)).map(({ incarnation }) => incarnation);

/** Looks at the usual interval from a moment on; the counter of `still` does not change, that of `beating` does. */
const looksFrom = (fromMs: number, count: number) =>
  Array.from({ length: count }, (_, n) => aLook(fromMs + n * LOOK_MS, { still: 7, beating: fromMs + n }));
const ENOUGH = SILENCE_MS / LOOK_MS + 1;

describe("a counter that an observer watches", () => {
  test("and that stands still for long enough says that its node is dead; one that grows does not", () => {
    expect(silentAfter(looksFrom(0, ENOUGH - 1))).toEqual([]);
    expect(silentAfter(looksFrom(0, ENOUGH))).toEqual(["still"]);
  });

  test("is watched from the answer in which it was first seen", () => {
    const late = [aLook(0, { still: 7 }, 1_500), ...looksFrom(LOOK_MS, ENOUGH - 1)];
    expect(silentAfter(late)).toEqual([]);
    expect(silentAfter([...late, aLook(ENOUGH * LOOK_MS, { still: 7 })])).toEqual(["still"]);
  });

  test("is watched anew after a break: the observer stood still, or the database did not answer for a while", () => {
    const stopped = [...looksFrom(0, ENOUGH - 1), ...looksFrom(600_000, 1)];
    expect(silentAfter(stopped)).toEqual([]);
    expect(silentAfter([...stopped, ...looksFrom(600_000 + LOOK_MS, ENOUGH - 1)])).toEqual(["still"]);
    const slow = [...looksFrom(0, 2), aLook(2 * LOOK_MS, { still: 7 }, 60_000)];
    expect(silentAfter(slow)).toEqual([]);
    expect(silentAfter([...slow, aLook(2 * LOOK_MS + 60_001, { still: 7 })])).toEqual([]);
  });

  test("of another life of the same node is another one", () => {
    const looks = [...looksFrom(0, ENOUGH - 1), aLook((ENOUGH - 1) * LOOK_MS, { again: 7 })];
    expect(silentAfter(looks)).toEqual([]);
  });
});

test("a node doubts its own life before anybody else may, and what a dead one held is free within 20 s", () => {
  expect(LEASE_MS).toBeLessThan(SILENCE_MS);
  expect(2 * BEAT_MS).toBeLessThan(LEASE_MS);
  expect(FIRST_BEAT_MS + BEAT_MS).toBeLessThan(LEASE_MS);
  expect(LOOK_MS).toBeLessThan(LONGEST_GAP_MS);
  expect(SILENCE_MS + 2 * LOOK_MS).toBeLessThan(20_000);
});
