import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { durationBucket, type Expectation } from "../src/model/durations.ts";
import {
  type Forecast,
  type ForecastFacts,
  forecast,
  type JobsAhead,
  type RunningAttempt,
} from "../src/model/forecast.ts";
import { Heap } from "../src/model/heap.ts";
import { seededRandom } from "../src/model/random.ts";

const NOW = new Date("2026-08-01T12:00:00Z");
const MINUTE = 60_000;

/** Work that takes as long as this, to within a bucket. */
const about = (ms: number): Expectation => {
  const counts = Array.from({ length: durationBucket(ms) + 1 }, (_, n) => (n === durationBucket(ms) ? 100 : 0));
  return { counts, capMs: null, from: "size" };
};
/** One slot of one pool. */
const slots = (capacity: number, used: number) => [{ capacity, used, wanted: 1 }];
const running = (elapsedMs: number, expected: Expectation | null = about(10 * MINUTE)): RunningAttempt => ({
  ...{ elapsedMs, expected, units: [1] },
});
const ahead = (count: number, expected: Expectation | null = about(10 * MINUTE)): JobsAhead => ({
  ...{ count, expected, units: [1] },
});
const told = (facts: Partial<ForecastFacts>): Forecast =>
  forecast({
    ...{
      jobId: "a job",
      now: NOW,
      notBefore: null,
      isHeld: false,
      pools: slots(1, 0),
      running: [],
      ahead: [],
      lines: [],
    },
    ...facts,
  });
/** Minutes from now until p10, p50 and p90. */
const minutes = (facts: Partial<ForecastFacts>) => {
  const { start, reason } = told(facts);
  expect(reason).toBe(null);
  return Object.values(start!).map((at) => (at.getTime() - NOW.getTime()) / MINUTE);
};
/** Each within a share of what is expected: a bucket is 41 % wide. */
const near = (found: readonly number[], expected: number) => {
  for (const minute of found) {
    expect(minute / expected).toBeGreaterThan(0.7);
    expect(minute / expected).toBeLessThan(1.45);
  }
};

describe("a forecast", () => {
  it("is now where nothing is in the way", () => expect(minutes({})).toEqual([0, 0, 0]));

  it("is when the job that runs has ended", () => {
    near(minutes({ pools: slots(1, 1), running: [running(0)] }), 10);
    const soon = minutes({ pools: slots(1, 1), running: [running(8 * MINUTE)] });
    expect(soon[2]).toBeLessThan(4);
  });

  it("counts the jobs ahead, on as many slots as there are", () => {
    near(minutes({ pools: slots(1, 1), running: [running(0)], ahead: [ahead(5)] }), 60);
    const three = { pools: slots(3, 3), running: Array<RunningAttempt>(3).fill(running(0)) };
    near(minutes({ ...three, ahead: [ahead(6)] }), 30);
  });

  it("of a great backlog goes by what is played through of it", () => {
    near(minutes({ pools: slots(2, 2), running: [running(0), running(0)], ahead: [ahead(100_000)] }), 500_000);
    const kinds = [ahead(60_000), ahead(40_000, about(20 * MINUTE))];
    near(minutes({ pools: slots(2, 2), running: [running(0), running(0)], ahead: kinds }), 700_000);
  });

  it("waits for the last pool that it needs", () => {
    const pools = [...slots(9, 1), { capacity: 4, used: 4, wanted: 2 }];
    const units = (licences: number) => [1, licences];
    const attempts = [
      { ...running(0, about(10 * MINUTE)), units: units(1) },
      { ...running(0, about(40 * MINUTE)), units: units(1) },
      { ...running(0, about(90 * MINUTE)), units: units(2) },
    ];
    near(minutes({ pools, running: attempts }), 40);
  });

  it("lets jobs pass that need something else", () => {
    const pools = [...slots(9, 1), { capacity: 1, used: 1, wanted: 0 }];
    const blocked = { count: 1_000, expected: about(MINUTE), units: [1, 1] };
    expect(minutes({ pools, running: [{ ...running(0), units: [1, 1] }], ahead: [blocked] })).toEqual([0, 0, 0]);
  });

  it("is not before its start time, nor before a window opens", () => {
    const notBefore = new Date(NOW.getTime() + 30 * MINUTE);
    expect(minutes({ notBefore })).toEqual([30, 30, 30]);
    const changes = [{ at: new Date(NOW.getTime() + 45 * MINUTE), capacity: 1 }];
    expect(minutes({ notBefore, pools: [{ capacity: 0, used: 0, wanted: 1, changes }] })).toEqual([45, 45, 45]);
  });

  it("goes by its place in the line of each object, and lets those share who may", () => {
    const holder = { mode: "exclusive", elapsedMs: 0, expected: about(10 * MINUTE) } as const;
    const waiting = { ...holder, elapsedMs: null };
    const shared = { ...waiting, mode: "shared" } as const;
    near(minutes({ lines: [{ mode: "exclusive", before: [holder, waiting, waiting] }] }), 30);
    near(minutes({ lines: [{ mode: "exclusive", before: [holder, shared, shared, shared] }] }), 20);
    near(minutes({ lines: [{ mode: "shared", before: [holder, shared, shared, shared] }] }), 10);
    near(
      minutes({
        lines: [
          { mode: "exclusive", before: [holder] },
          { mode: "shared", before: [holder, waiting] },
        ],
      }),
      20,
    );
  });

  it("once its objects are free goes before all that wait for a slot", () => {
    const holder = { mode: "exclusive", elapsedMs: 0, expected: about(30 * MINUTE) } as const;
    const busy = { pools: slots(1, 1), running: [running(0)], ahead: [ahead(100)] };
    const [, median] = minutes({ ...busy, lines: [{ mode: "exclusive", before: [holder] }] });
    expect(median).toBeLessThan(60);
    expect(median).toBeGreaterThan(20);
  });

  it("is wider the less is known", () => {
    const mixed: Expectation = { ...about(10 * MINUTE), counts: about(MINUTE).counts.concat([0, 0, 0, 0, 100]) };
    const width = (expected: Expectation) => {
      const [from, , to] = minutes({
        pools: slots(1, 1),
        running: [running(0, expected)],
        ahead: [ahead(3, expected)],
      });
      return to! - from!;
    };
    expect(width(mixed)).toBeGreaterThan(2 * width(about(4 * MINUTE)));
  });

  it("is the same for the same facts, and in order", () => {
    const kinds = fc.array(fc.record({ count: fc.nat(400), ms: fc.integer({ min: 1, max: 1e9 }) }), { maxLength: 5 });
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 5 }), kinds, (jobId, capacity, waiting) => {
        const facts = {
          ...{ jobId, pools: slots(capacity, capacity) },
          running: Array.from({ length: capacity }, (_, n) => running(n * MINUTE)),
          ahead: waiting.map(({ count, ms }) => ahead(count, about(ms))),
        };
        expect(told(facts)).toEqual(told(facts));
        const [p10, p50, p90] = minutes(facts);
        expect(p10).toBeLessThanOrEqual(p50!);
        expect(p50).toBeLessThanOrEqual(p90!);
      }),
      { numRuns: 20 },
    );
  });
});

describe("there is none", () => {
  const full = { pools: slots(1, 1) };
  it.each([
    ["while it is held", { isHeld: true }, "held"],
    ["where it needs more than there is", { pools: [{ capacity: 3, used: 0, wanted: 4 }] }, "no_room"],
    ["where nobody knows how long what runs takes", { ...full, running: [running(0, null)] }, "unknown_durations"],
    ["nor what is ahead", { ...full, running: [running(0)], ahead: [ahead(1, null)] }, "unknown_durations"],
    ["nor what holds its units", full, "unknown_durations"],
  ] as const)("%s", (_, facts, reason) => expect(told(facts)).toEqual({ start: null, reason }));

  it("and yet there is where enough is known beside it", () => {
    const two = { pools: slots(2, 2), running: [running(0), running(0, null)] };
    near(minutes(two), 10);
  });
});

describe("what it is made of", () => {
  it("a heap gives the smallest first, and equals in the order in which they came", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), (keys) => {
        const heap = new Heap<readonly [number, number]>();
        for (const [n, key] of keys.entries()) heap.add(key, [key, n]);
        const taken = keys.map(() => heap.take());
        expect(taken).toEqual(keys.map((key, n) => [key, n]).sort((a, b) => a[0]! - b[0]! || a[1]! - b[1]!));
        expect(heap.take()).toBe(undefined);
        expect(heap.least).toBe(Number.POSITIVE_INFINITY);
      }),
    );
  });

  it("seeded numbers are the same for one seed, others for another, and spread evenly", () => {
    const drawn = (seed: string) => {
      const random = seededRandom(seed);
      return Array.from({ length: 10_000 }, random);
    };
    expect(drawn("a")).toEqual(drawn("a"));
    expect(drawn("a")).not.toEqual(drawn("b"));
    const tenths = new Array<number>(10).fill(0);
    for (const number of drawn("a")) tenths[Math.floor(number * 10)]! += 1;
    for (const count of tenths) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
