import { describe, expect, it } from "vitest";
import { decileGrowth, median, memoryGrowth, quantile, spread, tookDuring } from "../measure/statistics.mjs";

describe("growth of memory", () => {
  it("is the greatest of the last fifth over the greatest of the first", () => {
    expect(memoryGrowth([10, 20, 90, 90, 90, 90, 90, 90, 25, 30])).toBe(1.5);
    expect(memoryGrowth([10, 10, 10, 10, 10])).toBe(1);
  });

  it("is unknown of too few values", () => {
    expect(memoryGrowth([10, 20])).toBeNaN();
  });
});

describe("what took how long during something", () => {
  it("is all that was under way at any time of it", () => {
    const times = [
      { startMs: 1, tookMs: 8 },
      { startMs: 5, tookMs: 6 },
      { startMs: 12, tookMs: 1 },
      { startMs: 20, tookMs: 30 },
      { startMs: 21, tookMs: 2 },
    ];
    expect(tookDuring({ startMs: 10, endMs: 20 }, times)).toEqual([6, 1, 30]);
  });
});

describe("quantiles", () => {
  it("takes the middle of an odd count and the mean of the middle two of an even one", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it("sorts as numbers and leaves the values as they were", () => {
    const values = [10, 9, 100];
    expect(median(values)).toBe(10);
    expect(values).toEqual([10, 9, 100]);
  });

  it("interpolates between neighbours", () => {
    expect(quantile([0, 10], 0.99)).toBeCloseTo(9.9);
    expect(quantile(Float64Array.of(1, 2, 3, 4, 5), 1)).toBe(5);
  });

  it("has no value for nothing", () => {
    expect(quantile([], 0.5)).toBeNaN();
    expect(spread([Number.NaN, undefined])).toEqual({ count: 0, median: Number.NaN, min: Number.NaN, max: Number.NaN });
  });

  it("leaves out of a spread what was not measured", () => {
    expect(spread([3, Number.NaN, 1, undefined, 2])).toEqual({ count: 3, median: 2, min: 1, max: 3 });
  });
});

describe("growth over a run", () => {
  const timelineOf = (ratePerSecond: (ms: number) => number) => {
    const points = [{ ms: 5000, handled: 0 }];
    for (let ms = 10; ms <= 10_000; ms += 10) {
      const before = points.at(-1)?.handled ?? 0;
      points.push({ ms: 5000 + ms, handled: before + ratePerSecond(ms) / 100 });
    }
    return points;
  };

  it("is 1 for an even run", () => {
    expect(decileGrowth(timelineOf(() => 2000)).growth).toBeCloseTo(1);
  });

  it("is 4 when the last tenth has a quarter of the first one's rate", () => {
    const run = decileGrowth(timelineOf((ms) => (ms <= 1000 ? 4000 : ms > 9000 ? 1000 : 2000)));
    expect(run.first).toBeCloseTo(4000, -1);
    expect(run.last).toBeCloseTo(1000, -1);
    expect(run.growth).toBeCloseTo(4, 1);
  });

  it("counts what lies between two reports in proportion", () => {
    const run = decileGrowth([
      { ms: 0, handled: 0 },
      { ms: 500, handled: 1000 },
      { ms: 1000, handled: 1500 },
    ]);
    expect(run.first).toBeCloseTo(2000);
    expect(run.last).toBeCloseTo(1000);
  });

  it("is unknown for a run without reports", () => {
    expect(decileGrowth([{ ms: 0, handled: 0 }]).growth).toBeNaN();
  });
});
