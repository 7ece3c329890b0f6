import { describe, expect, it } from "vitest";
import { compare } from "../measure/compare.mjs";
import { bestSeries, pairRatios } from "../measure/pairs.mjs";
import { betterVariant, seriesOf } from "../measure/series.mjs";
import { bestFirst } from "../measure/sweep-order.mjs";

const SYSTEMS = [
  { name: "callsheet", store: "postgres" },
  { name: "elephant", store: "postgres" },
  { name: "snail", store: "postgres" },
  { name: "rabbit", store: "redis" },
];

const result = (scenario: string, system: string, round: number, figures: Record<string, number>, more = {}) => ({
  scenario,
  system,
  variant: "",
  round,
  figures,
  void: false,
  contended: false,
  ...more,
});

const points = (...values: number[]) => values.map((value, index) => ({ round: index + 1, value }));

const rowNamed = (results: ReturnType<typeof result>[], name: string, versus?: string) =>
  compare(results, SYSTEMS).find((row) => row.name === name && (versus === undefined || row.versus === versus));

describe("pairing", () => {
  it("divides within a round, so that a slow round cancels out", () => {
    const pairs = pairRatios(points(200, 20, 400), points(100, 10, 200));
    expect(pairs).toMatchObject({ count: 3, median: 2, min: 2, max: 2 });
  });

  it("pairs by the round's number and leaves out a round that one side lacks", () => {
    const pairs = pairRatios(
      [
        { round: 3, value: 30 },
        { round: 1, value: 10 },
      ],
      [
        { round: 1, value: 5 },
        { round: 2, value: 1 },
        { round: 3, value: 10 },
      ],
    );
    expect(pairs.ratios.toSorted()).toEqual([2, 3]);
  });

  it("finds the best by median, not by one lucky run", () => {
    const steady = { system: "steady", points: points(10, 11, 12) };
    const lucky = { system: "lucky", points: points(1, 2, 99) };
    expect(bestSeries([lucky, steady], "high")?.system).toBe("steady");
    expect(bestSeries([lucky, steady], "low")?.system).toBe("lucky");
    expect(bestSeries([{ system: "absent", points: [] }], "high")).toBeUndefined();
  });
});

describe("a sweep's order", () => {
  it("puts the highest rate and the least latency first, within a system and part", () => {
    const tried = (part: string, figure: string, median: number) => ({ system: "snail", part, figure, median });
    const order = bestFirst([
      tried("latency", "p50Ms", 9),
      tried("drain", "rate", 10),
      tried("latency", "p50Ms", 3),
      tried("drain", "rate", 90),
    ]);
    expect(order.map((one) => one.median)).toEqual([90, 10, 3, 9]);
  });
});

describe("series", () => {
  it("leaves out runs that lost jobs", () => {
    const results = [
      result("flow", "elephant", 1, { rate: 10 }),
      result("flow", "elephant", 2, { rate: 99 }, { void: true }),
    ];
    expect(seriesOf(results, { scenario: "flow", system: "elephant" })).toEqual([{ round: 1, value: 10 }]);
  });

  it("takes the better of right after loading and analysed", () => {
    const results = [
      result("drain-10k", "elephant", 1, { rate: 10 }, { variant: "loaded" }),
      result("drain-10k", "elephant", 1, { rate: 30 }, { variant: "analysed" }),
    ];
    expect(betterVariant(results, { scenario: "drain-10k", system: "elephant" })?.variant).toBe("analysed");
  });
});

describe("promises", () => {
  it("holds a drain against the best peer, whatever it runs on", () => {
    const results = [
      result("drain-100k", "callsheet", 1, { rate: 45 }),
      result("drain-100k", "elephant", 1, { rate: 30 }),
      result("drain-100k", "rabbit", 1, { rate: 20 }),
    ];
    expect(rowNamed(results, "drain 100k, 1 process")).toMatchObject({ versus: "elephant", median: 1.5, kept: true });
  });

  it("misses a promise by a hair and says so", () => {
    const results = [result("flow", "callsheet", 1, { rate: 149 }), result("flow", "snail", 1, { rate: 100 })];
    expect(rowNamed(results, "create and drain together")).toMatchObject({ median: 1.49, kept: false });
  });

  it("holds the queue library against the core, and against no peer; peers are not held against it", () => {
    const results = [
      result("queue-drain-100k", "callsheet", 1, { rate: 100 }),
      result("queue-drain-100k", "callsheet-queue", 1, { rate: 90 }),
      result("queue-first-job", "callsheet-queue", 1, { p50Ms: 31 }, { variant: "alone" }),
      result("queue-first-job", "callsheet-queue", 1, { p50Ms: 9 }, { variant: "joined" }),
      result("drain-100k", "callsheet", 1, { rate: 100 }),
      result("drain-100k", "callsheet-queue", 1, { rate: 90 }),
      result("drain-100k", "snail", 1, { rate: 50 }),
    ];
    const systems = [...SYSTEMS, { name: "callsheet-queue", store: "postgres" }];
    expect(compare(results, systems)).toMatchObject([
      { name: "drain 100k, 1 process", versus: "snail", median: 2 },
      { name: "queue library, drain 100k beside the core", versus: "callsheet", median: 0.9, kept: true },
      { name: "queue library, opened and one job done, ms", versus: "itself", median: 31, kept: false },
    ]);
  });

  it("holds members of a group against jobs of their own in the same scenario, and what grows against a smaller group", () => {
    const group = (name: string, variant: string, figures: Record<string, number>) =>
      result(name, "callsheet", 1, figures, { variant });
    const results = [
      group("group-100k", "plain", { rate: 100 }),
      group("group-100k", "independent", { rate: 50 }),
      group("group-100k", "group", { rate: 45, workerMb: 100 }),
      group("group-100k", "read", { rate: 36, readP99Ms: 21, readMaxMs: 19 }),
      group("group-400k", "group", { rate: 45, workerMb: 140 }),
    ];
    expect(compare(results, SYSTEMS)).toMatchObject([
      { name: "members of a group, 1 process, beside independent jobs", median: 0.9, kept: true },
      { name: "members of a group, 1 process, beside plain jobs", median: 0.45, kept: false },
      { name: "members of a group that is read, 1 process, beside one that is not", median: 0.8, kept: undefined },
      { name: "group read while it drains, 1 process, p99, ms", median: 21, kept: false },
      { name: "longest read of a group, 1 process, ms", median: 19, kept: true },
      { name: "memory of the worker, 400k members beside 100k", versus: "group-100k, group", median: 1.4 },
    ]);
  });

  it("holds 100 callers against the best on PostgreSQL and the best on Redis apart", () => {
    const results = [
      result("single-create-100", "callsheet", 1, { rate: 60 }),
      result("single-create-100", "elephant", 1, { rate: 10 }),
      result("single-create-100", "rabbit", 1, { rate: 80 }),
    ];
    expect(rowNamed(results, "single create, 100 callers", "elephant")).toMatchObject({ median: 6, kept: true });
    expect(rowNamed(results, "single create, 100 callers", "rabbit")).toMatchObject({ median: 0.75, kept: false });
  });

  it("wants latency low: the peer with the least, and a ratio of 1 at most", () => {
    const results = [
      result("latency", "callsheet", 1, { p50Ms: 3, p99Ms: 11 }),
      result("latency", "elephant", 1, { p50Ms: 4, p99Ms: 9 }),
      result("latency", "snail", 1, { p50Ms: 40, p99Ms: 90 }),
    ];
    expect(rowNamed(results, "start latency p50")).toMatchObject({ versus: "elephant", median: 0.75, kept: true });
    expect(rowNamed(results, "start latency p99, ms")).toMatchObject({ versus: "itself", median: 11, kept: false });
  });

  it("holds a million right after loading against ten thousand at its best", () => {
    const results = [
      result("drain-10k", "callsheet", 1, { rate: 50 }, { variant: "loaded" }),
      result("drain-1m", "callsheet", 1, { rate: 30 }, { variant: "loaded" }),
      result("drain-1m", "callsheet", 1, { rate: 45 }, { variant: "analysed" }),
    ];
    expect(rowNamed(results, "drain 1M beside 10k")).toMatchObject({ median: 0.9, kept: true });
    expect(rowNamed(results, "1M right after loading beside 10k")).toMatchObject({ median: 0.6, kept: false });
  });

  it("tells the share of what the server does alone, and judges it not", () => {
    const results = [
      result("drain-100k", "callsheet", 1, { rate: 45 }),
      result("server-limit", "postgresql", 1, { rate: 90 }),
    ];
    expect(rowNamed(results, "drain 100k beside the server alone")).toMatchObject({
      versus: "server-limit",
      median: 0.5,
      target: "-",
      kept: undefined,
    });
  });

  it("leaves out what was not measured", () => {
    expect(compare([result("flow", "elephant", 1, { rate: 1 })], SYSTEMS)).toEqual([]);
  });
});
