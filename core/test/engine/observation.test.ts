import { describe, expect, test } from "vitest";
import {
  ANSWER_MS,
  BEAT_AGAIN_MS,
  BEAT_MS,
  CHANCE_MS,
  FIRST_BEAT_MS,
  LATE_MS,
  LEASE_MS,
  LONGEST_GAP_MS,
  LOOK_MS,
  SILENCE_MS,
} from "../../src/engine/heartbeat/times.ts";
import { type Look, lateIn, nextLookMs, type Observation, observe, silentIn } from "../../src/engine/observation.ts";
import { PATIENCE } from "../../src/store/patience.ts";

const identity = { id: 1, name: "one", host: "h", bootId: "b", pid: 1, pidStarted: "1", notedMs: 0, notedAgoMs: 0 };
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

/** Looks at one life of which others noted something before the first of them, `agoMs` before. */
const looksAfter = (noted: { readonly ms: number; readonly agoMs: number }, times: readonly number[]) =>
  times.map((at) => ({
    ...{ askedAt: at, answeredAt: at },
    heartbeats: [
      { ...identity, incarnation: "still", counter: "7", notedMs: noted.ms, notedAgoMs: at - times[0]! + noted.agoMs },
    ],
  }));

describe("what others noted of a counter", () => {
  test.each([
    {
      title: "is believed, but not judged by before this observer has seen a part itself",
      ms: SILENCE_MS,
      times: [0],
      dead: false,
    },
    {
      title: "is enough with a part that this observer saw itself",
      ms: SILENCE_MS,
      times: [0, 2_000, 4_000],
      dead: true,
    },
    { title: "is added to what this observer saw", ms: SILENCE_MS - 4_000, times: [0, 2_000, 4_000], dead: true },
    { title: "counts no more than it is", ms: SILENCE_MS - 4_001, times: [0, 2_000, 4_000], dead: false },
    { title: "is not judged by across a break", ms: SILENCE_MS, times: [0, 2_000, 60_000, 62_000], dead: false },
    { title: "stands after a break", ms: SILENCE_MS, times: [0, 2_000, 60_000, 62_000, 64_000], dead: true },
    { title: "does not grow during a break", ms: 6_000, times: [0, 60_000, 62_000, 64_000], dead: false },
  ])("$title", ({ ms, times, dead }) => {
    expect(silentAfter(looksAfter({ ms, agoMs: 0 }, times))).toEqual(dead ? ["still"] : []);
  });

  test("a moment ago leaves of the time between two looks what came after it, and a clock that was set back nothing", () => {
    const [first, second] = looksAfter({ ms: 6_000, agoMs: 0 }, [0, 2_000]);
    const at = (agoMs: number) =>
      lateIn(
        watch([first!, { ...second!, heartbeats: [{ ...second!.heartbeats[0]!, notedMs: 8_000, notedAgoMs: agoMs }] }]),
      );
    expect(at(500)).toEqual([{ id: 1, counter: "7", silentMs: 8_500 }]);
    expect(at(600_000)).toEqual([{ id: 1, counter: "7", silentMs: 10_000 }]);
    expect(at(-600_000)).toEqual([{ id: 1, counter: "7", silentMs: 8_000 }]);
  });

  test("is noted of one that is late, and of no other", () => {
    const seen = (n: number) => lateIn(watch(looksFrom(0, n))).map(({ silentMs }) => silentMs);
    expect(seen(Math.ceil(LATE_MS / LOOK_MS))).toEqual([]);
    expect(seen(Math.ceil(LATE_MS / LOOK_MS) + 1)).toEqual([4_000]);
  });
});

test("the look that may judge takes place when it may, and not at the next turn", () => {
  const twoLate = watch(looksAfter({ ms: SILENCE_MS - CHANCE_MS - 1, agoMs: 0 }, [0, 2_000, 4_000]));
  expect(nextLookMs(watch(looksFrom(0, 2)))).toBe(LOOK_MS);
  expect(nextLookMs(twoLate)).toBe(100);
  expect(nextLookMs(watch(looksAfter({ ms: SILENCE_MS, agoMs: 0 }, [0, 2_000])))).toBe(CHANCE_MS - 2_000);
});

test("a node doubts its own life before anybody else may, and what a dead one held is free within 15 s", () => {
  expect(LEASE_MS).toBeLessThan(SILENCE_MS);
  // One beat that is swallowed, and another one.
  expect(BEAT_MS + ANSWER_MS + 2 * BEAT_AGAIN_MS).toBeLessThan(LEASE_MS);
  expect(FIRST_BEAT_MS + ANSWER_MS + 2 * BEAT_AGAIN_MS).toBeLessThan(LEASE_MS);
  expect(LOOK_MS).toBeLessThan(LONGEST_GAP_MS);
  expect(SILENCE_MS + LOOK_MS).toBeLessThan(15_000);
  // Three transactions of stopped processes, each waiting for what the one before has locked.
  expect(3 * PATIENCE.idle).toBeLessThanOrEqual(SILENCE_MS);
});

test("who lives and has lost the database tries to beat before anybody may judge it after that", () => {
  expect(2 * BEAT_AGAIN_MS).toBeLessThan(CHANCE_MS);
  expect(BEAT_MS + 2 * BEAT_AGAIN_MS + CHANCE_MS).toBeLessThan(SILENCE_MS);
  expect(BEAT_MS).toBeLessThan(LATE_MS);
});
