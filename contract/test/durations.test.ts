import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DURATION_BUCKETS,
  type Durations,
  durationBucket,
  durationQuantile,
  type Expectation,
  expectDuration,
  meanDuration,
  mergeDurations,
  observations,
  sizeClass,
  UNSIZED,
} from "../src/model/durations.ts";

const histogramOf = (durations: readonly number[]): Durations => {
  const counts = new Array<number>(DURATION_BUCKETS).fill(0);
  for (const ms of durations) counts[durationBucket(ms)]! += 1;
  return counts;
};
const known = (durations: readonly number[], capMs: number | null = null): Expectation => ({
  ...{ counts: histogramOf(durations), capMs, from: "size" },
});
const durations = fc.array(fc.double({ min: 1, max: 4e9, noNaN: true }), { minLength: 1, maxLength: 60 });
const share = fc.double({ min: 0, max: 1, noNaN: true });
/** The width of a bucket: what a histogram cannot tell apart. */
const BUCKET = Math.SQRT2 * 1.000_001;
const noLimit = { timeoutMs: null, onTimeout: "flag" } as const;

describe("a histogram of durations", () => {
  it.each([
    [0, 0],
    [0.2, 0],
    [1, 0],
    [1.4, 0],
    [1.5, 1],
    [2, 2],
    [1_000, 19],
    [4e9, 63],
    [1e15, 63],
  ])("puts %d ms into bucket %d", (ms, bucket) => expect(durationBucket(ms)).toBe(bucket));

  it("knows each quantile to within one bucket", () => {
    fc.assert(
      fc.property(durations, share, (all, q) => {
        const sorted = all.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)]!;
        const told = durationQuantile(known(all), q);
        expect(told).toBeLessThanOrEqual(exact * BUCKET);
        expect(told).toBeGreaterThanOrEqual(exact / BUCKET);
      }),
    );
  });

  it("knows the mean to within one bucket", () => {
    fc.assert(
      fc.property(durations, (all) => {
        const exact = all.reduce((sum, ms) => sum + ms, 0) / all.length;
        expect(meanDuration(known(all)) / exact).toBeGreaterThan(1 / BUCKET);
        expect(meanDuration(known(all)) / exact).toBeLessThan(BUCKET);
      }),
    );
  });

  it("never tells a larger share of a shorter duration", () => {
    fc.assert(
      fc.property(durations, share, share, fc.double({ min: 0, max: 1e10, noNaN: true }), (all, a, b, elapsed) => {
        const [less, more] = [Math.min(a, b), Math.max(a, b)].map((q) => durationQuantile(known(all), q, elapsed));
        expect(less).toBeLessThanOrEqual(more!);
      }),
    );
  });

  it("given what has elapsed, asks only those that lasted longer, and never tells less than has elapsed", () => {
    fc.assert(
      fc.property(durations, share, fc.double({ min: 0, max: 1e10, noNaN: true }), (all, q, elapsed) => {
        const told = durationQuantile(known(all), q, elapsed);
        expect(told).toBeGreaterThanOrEqual(elapsed * 0.999_999);
        const longer = all.filter((ms) => durationBucket(ms) > durationBucket(elapsed));
        if (longer.length === all.length && elapsed >= 1) expect(told).toBe(durationQuantile(known(all), q));
      }),
    );
    const two = known([...Array(9).fill(1_000), 60_000]);
    expect(durationQuantile(two, 0.5)).toBeLessThan(2_000);
    expect(durationQuantile(two, 0.5, 10_000)).toBeGreaterThan(40_000);
  });

  it("beyond all that was seen, takes an attempt to last up to twice as long as it has", () => {
    const hour = 3_600_000;
    expect([0, 0.5, 1].map((q) => durationQuantile(known([1_000]), q, hour))).toEqual([hour, 1.5 * hour, 2 * hour]);
  });

  it("is capped where a time-out ends it, and not where one only marks it", () => {
    fc.assert(
      fc.property(durations, share, fc.integer({ min: 1, max: 1e9 }), (all, q, capMs) => {
        expect(durationQuantile(known(all, capMs), q)).toBeLessThanOrEqual(capMs);
        expect(meanDuration(known(all, capMs))).toBeLessThanOrEqual(capMs * (1 + 1e-9));
      }),
    );
    expect(durationQuantile(known([60_000], 5_000), 0.9)).toBe(5_000);
    expect(durationQuantile(known([60_000], 5_000), 0.9, 7_000)).toBe(7_000);
  });

  it("is the same merged as observed at once", () => {
    fc.assert(
      fc.property(durations, durations, (some, others) => {
        const merged = mergeDurations(histogramOf(some), histogramOf(others));
        expect(merged).toEqual(histogramOf([...some, ...others]));
        expect(observations(merged)).toBe(some.length + others.length);
      }),
    );
    expect(mergeDurations()).toEqual([]);
    expect(mergeDurations([1, 2], [0, 0, 3])).toEqual([1, 2, 3]);
  });
});

describe("the size class of a job", () => {
  it.each([
    [null, UNSIZED],
    [0, -1],
    [0.9, -1],
    [1, 0],
    [3.9, 0],
    [4, 1],
    [15, 1],
    [16, 2],
    [4 ** 20, 20],
    [Number.MAX_VALUE, 512],
  ])("of size %s is %d", (size, expected) => expect(sizeClass(size)).toBe(expected));
});

describe("what a job is expected to take", () => {
  const of = (count: number, ms: number) => histogramOf(Array<number>(count).fill(ms));
  const expected = (learned: readonly (readonly [size: number | null, counts: Durations])[], size: number | null) =>
    expectDuration(new Map(learned.map(([of, counts]) => [sizeClass(of), counts])), size, noLimit);

  it("is learned from jobs of its own size, where there are enough", () => {
    const found = expected(
      [
        [4, of(8, 1_000)],
        [16, of(900, 60_000)],
      ],
      5,
    );
    expect(found).toMatchObject({ from: "size", counts: of(8, 1_000) });
  });

  it("else from the sizes beside it too, else from all jobs of its action", () => {
    expect(
      expected(
        [
          [4, of(3, 1_000)],
          [16, of(9, 9_000)],
        ],
        5,
      ),
    ).toMatchObject({
      ...{ from: "near", counts: mergeDurations(of(3, 1_000), of(9, 9_000)) },
    });
    expect(
      expected(
        [
          [4, of(1, 1_000)],
          [4 ** 9, of(9, 9_000)],
        ],
        5,
      )?.from,
    ).toBe("action");
    expect(expected([[null, of(1, 1_000)]], 5)).toMatchObject({ from: "action", counts: of(1, 1_000) });
  });

  it("of unknown size is learned from jobs of unknown size, and not from those of no size at all", () => {
    expect(
      expected(
        [
          [null, of(9, 1_000)],
          [0, of(900, 9_000)],
        ],
        null,
      ),
    ).toMatchObject({ from: "size" });
    expect(
      expected(
        [
          [null, of(1, 1_000)],
          [0, of(9, 9_000)],
        ],
        null,
      )?.from,
    ).toBe("action");
  });

  it("else is its time-out; without one nothing is known", () => {
    const found = expectDuration(undefined, 5, { timeoutMs: 60_000, onTimeout: "flag" });
    expect(found).toMatchObject({ from: "timeout", capMs: null });
    expect(durationQuantile(found!, 0.5) / 60_000).toBeGreaterThan(1 / BUCKET);
    expect(durationQuantile(found!, 0.5) / 60_000).toBeLessThan(BUCKET);
    expect(expectDuration(new Map(), null, noLimit)).toBe(null);
  });

  it("is capped by a time-out that fails it", () => {
    const learned = new Map([[UNSIZED, of(9, 60_000)]]);
    expect(expectDuration(learned, null, { timeoutMs: 5_000, onTimeout: "fail" })?.capMs).toBe(5_000);
    expect(expectDuration(learned, null, { timeoutMs: 5_000, onTimeout: "flag" })?.capMs).toBe(null);
  });
});
