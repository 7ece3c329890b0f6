import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Day } from "../../src/model/simulation/day.ts";
import { madeUpDay } from "../../src/model/simulation/made-up-day.ts";
import { simulate } from "../../src/model/simulation/simulate.ts";
import { type SimulatedAttempt, Simulation, type SimulationOptions } from "../../src/model/simulation/simulation.ts";
import { changeDay } from "../../src/model/simulation/what-if.ts";
import { aDay, aJob, aLimit, aNode, aResource, minute, minutesOf } from "./a-day.ts";

/** The minute at which each job of a day started, in the order of its jobs; null: never. */
function startsOf(day: Day, options?: SimulationOptions): readonly (number | null)[] {
  const starts = new Map(attemptsOf(day, options).map(({ job, startedMs }) => [Number(job.id.slice(4)), startedMs]));
  return day.jobs.map((_, index) => {
    const startedMs = starts.get(index + 1);
    return startedMs === undefined ? null : minutesOf(startedMs - minute(0).getTime());
  });
}

function attemptsOf(day: Day, options?: SimulationOptions): readonly SimulatedAttempt[] {
  const simulation = new Simulation(day, options);
  const all: SimulatedAttempt[] = [];
  for (let now = simulation.advance(); now !== undefined; now = simulation.advance()) all.push(...now);
  return all;
}

describe("a day is replayed", () => {
  it("with as many jobs at once as there are slots", () => {
    const jobs = [aJob(0, 10), aJob(0, 20), aJob(0, 10), aJob(1, 10)];
    expect(startsOf(aDay(aNode(1), ...jobs))).toEqual([0, 10, 30, 40]);
    expect(startsOf(aDay(aNode(2), ...jobs))).toEqual([0, 0, 10, 20]);
    expect(startsOf(aDay(aNode(1), aNode(1, { name: "two" }), ...jobs))).toEqual([0, 0, 10, 20]);
  });

  it("with the better job first, and with ageing", () => {
    const jobs = [aJob(0, 30), aJob(1, 30, { priority: "low" }), aJob(2, 30, { priority: "high" })];
    expect(startsOf(aDay(aNode(1), ...jobs))).toEqual([0, 60, 30]);
    const late = [aJob(0, 30), aJob(1, 5, { priority: "normal" }), aJob(29, 5, { priority: "high" })];
    // After 20 minutes of waiting the normal one counts as highest.
    expect(startsOf(aDay(aNode(1), ...late))).toEqual([0, 30, 35]);
  });

  it("with units of every resource that a job needs, and with others passing it", () => {
    const needs = { transcode: 1 };
    const jobs = [aJob(0, 10, { needs }), aJob(0, 10, { needs }), aJob(0, 5)];
    expect(startsOf(aDay(aNode(9), aResource("transcode", 1), ...jobs))).toEqual([0, 10, 0]);
    const both = [
      aJob(0, 10, { needs: { a: 2, b: 1 } }),
      aJob(0, 10, { needs: { b: 1 } }),
      aJob(0, 4, { needs: { a: 1 } }),
    ];
    expect(startsOf(aDay(aNode(9), aResource("a", 2), aResource("b", 1), ...both))).toEqual([0, 10, 10]);
  });

  it("with resources of a site, of a node and by tag", () => {
    const gpu = [
      aJob(0, 10, { needs: { "#gpu": 1 } }),
      aJob(0, 10, { needs: { "#gpu": 1 } }),
      aJob(0, 10, { needs: { "#gpu": 1 } }),
    ];
    const cards = [aResource("small", 1, { tags: ["gpu"] }), aResource("large", 1, { tags: ["gpu"], site: "default" })];
    expect(startsOf(aDay(aNode(9), ...cards, ...gpu))).toEqual([0, 0, 10]);
    const own = aDay(
      aNode(9),
      aResource("disk", 1, { node: "one" }),
      aJob(0, 10, { needs: { disk: 1 } }),
      aJob(0, 10, { needs: { disk: 1 } }),
    );
    expect(startsOf(own)).toEqual([0, 10]);
  });

  it("with limits of actions, queues and sites, each by itself where they are defaults", () => {
    const jobs = [aJob(0, 10), aJob(0, 10), aJob(0, 10, { action: "probe" }), aJob(0, 10, { action: "probe" })];
    expect(startsOf(aDay(aNode(9), aLimit("action", "proxy", 1), ...jobs))).toEqual([0, 10, 0, 0]);
    expect(startsOf(aDay(aNode(9), aLimit("action", "*", 1), ...jobs))).toEqual([0, 10, 0, 10]);
    expect(startsOf(aDay(aNode(9), aLimit("action", "*", 1), aLimit("action", "probe", 2), ...jobs))).toEqual([
      0, 10, 0, 0,
    ]);
    expect(startsOf(aDay(aNode(9), aLimit("queue", "default", 3), ...jobs))).toEqual([0, 0, 0, 10]);
  });

  it("with objects that one job has at a time, first come, first served, and that others share", () => {
    const lock = (mode: string) => ({ locks: [{ key: "asset/a", mode }] });
    const alone = lock("exclusive");
    const jobs = [aJob(0, 10, alone), aJob(1, 10, alone), aJob(2, 10, { ...alone, priority: "urgent" }), aJob(3, 10)];
    expect(startsOf(aDay(aNode(9), ...jobs))).toEqual([0, 10, 20, 3]);
    const sharing = [
      aJob(0, 10, lock("shared")),
      aJob(1, 20, lock("shared")),
      aJob(2, 10, alone),
      aJob(3, 10, lock("shared")),
      aJob(4, 1, lock("shared")),
    ];
    expect(startsOf(aDay(aNode(9), ...sharing))).toEqual([0, 1, 21, 31, 31]);
  });

  it("with a job that waits for an object holding neither slot nor units", () => {
    const alone = { locks: [{ key: "asset/a" }], needs: { transcode: 1 } };
    const jobs = [aJob(0, 30, alone), aJob(1, 10, alone), aJob(2, 10, { needs: { transcode: 1 } })];
    expect(startsOf(aDay(aNode(2), aResource("transcode", 2), ...jobs))).toEqual([0, 30, 2]);
  });

  it("with the capacities of each time of the day", () => {
    const night = { from: "00:30", to: "06:00", timeZone: "UTC", capacity: 2 };
    const needs = { transcode: 1 };
    const jobs = [aJob(0, 10, { needs }), aJob(40, 400, { needs }), aJob(40, 10, { needs }), aJob(380, 10, { needs })];
    expect(startsOf(aDay(aNode(9), aResource("transcode", 0, { windows: [night] }), ...jobs))).toEqual([
      30, 40, 40, 1_470,
    ]);
  });

  it("only at the site of each job, and never where there is too little of what it needs", () => {
    const day = aDay(
      aNode(9),
      aResource("transcode", 1),
      aJob(0, 1, { site: "far" }),
      aJob(0, 1, { needs: { transcode: 2 } }),
      aJob(0, 1, { needs: { none: 1 } }),
    );
    expect(startsOf(day)).toEqual([null, null, null]);
    expect(simulate(day).neverStarted).toEqual([{ action: "proxy", jobs: 3 }]);
    const shut = { from: "00:00", to: "00:00", timeZone: "UTC", capacity: 0 };
    const never = aDay(
      aNode(1),
      aResource("transcode", 1, { windows: [shut] }),
      aJob(0, 1, { needs: { transcode: 1 } }),
    );
    expect(startsOf(never)).toEqual([null]);
  });
});

describe("whatever the day", () => {
  const days = fc.record({
    jobs: fc.integer({ min: 1, max: 300 }),
    seed: fc.string(),
    load: fc.constantFrom(0.3, 0.7, 1.5),
  });
  const from = minute(0);

  it("nothing is used beyond what there is, no object has two jobs that do not share it, and every job starts once", () => {
    fc.assert(
      fc.property(days, (options) => {
        const day = madeUpDay({ ...options, from });
        const attempts = attemptsOf(day);
        expect(new Set(attempts.map(({ job }) => job.id)).size).toBe(day.jobs.length);
        expect(attempts).toHaveLength(day.jobs.length);
        const slots = day.nodes.reduce((sum, node) => sum + node.slots, 0);
        expect(mostAtOnce(attempts, () => 1)).toBeLessThanOrEqual(slots);
        for (const { name, capacity } of day.resources)
          expect(mostAtOnce(attempts, ({ job }) => job.lane.needs.units?.[name] ?? 0)).toBeLessThanOrEqual(capacity);
        const keys = new Set(day.jobs.flatMap(({ locks }) => locks.map(({ key }) => key)));
        const holds = (key: string) => (attempt: SimulatedAttempt) =>
          attempt.job.locks.some((lock) => lock.key === key) ? 1 : 0;
        for (const key of keys) expect(mostAtOnce(attempts, holds(key))).toBeLessThanOrEqual(1);
        for (const { job, startedMs } of attempts) expect(startedMs).toBeGreaterThanOrEqual(job.dueAt.getTime());
      }),
      { numRuns: 25 },
    );
  });

  it("the same day gives the same report, and the same seed the same day", () => {
    const options = { jobs: 800, seed: "monday", from };
    expect(simulate(madeUpDay(options))).toEqual(simulate(madeUpDay(options)));
    expect(madeUpDay({ ...options, seed: "tuesday" })).not.toEqual(madeUpDay(options));
  });

  it("a bounded internal queue leaves no slot idle", () => {
    const day = madeUpDay({ jobs: 300, seed: "queue", load: 1.2, from });
    const [small, large] = [5, 1_000].map((queueCapacity) => simulate(day, { queueCapacity }));
    expect(small!.makespanMs / large!.makespanMs).toBeLessThan(1.1);
  });

  it("twice the scarce resource halves no job's wait into more, and all jobs' waits by far", () => {
    const day = madeUpDay({ jobs: 1_000, seed: "what if", load: 0.9, from });
    const more = changeDay(day, {
      capacities: { transcode: 2 * day.resources.find(({ name }) => name === "transcode")!.capacity },
      slots: 16,
    });
    const [before, after] = [simulate(day), simulate(more)];
    expect(after.waits.all.p90Ms).toBeLessThan(before.waits.all.p90Ms / 2);
    expect(after.makespanMs).toBeLessThanOrEqual(before.makespanMs);
  });
});

/** The most that attempts used of something at once. */
function mostAtOnce(attempts: readonly SimulatedAttempt[], of: (attempt: SimulatedAttempt) => number): number {
  const changes = attempts.flatMap((attempt) => [
    { atMs: attempt.startedMs, by: of(attempt) },
    { atMs: attempt.endsMs, by: -of(attempt) },
  ]);
  // What ends at an instant is free for what starts then.
  changes.sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  let [used, most] = [0, 0];
  for (const { by } of changes) {
    used += by;
    most = Math.max(most, used);
  }
  return most;
}

describe("the report", () => {
  const day = aDay(
    ...[aNode(2), aResource("transcode", 1)],
    ...[
      aJob(0, 60, { needs: { transcode: 1 }, owner: "ada" }),
      aJob(0, 30, { needs: { transcode: 1 }, owner: "grace", priority: "low" }),
    ],
    aJob(30, 30, { action: "probe", owner: "ada" }),
  );
  const report = simulate(day);

  it("tells waits of all, by action, owner and priority", () => {
    const hour = 3_600_000;
    expect(report.waits).toEqual({
      all: { name: "all", jobs: 3, p50Ms: 0, p90Ms: hour, maxMs: hour },
      action: [
        { name: "probe", jobs: 1, p50Ms: 0, p90Ms: 0, maxMs: 0 },
        { name: "proxy", jobs: 2, p50Ms: 0, p90Ms: hour, maxMs: hour },
      ],
      owner: [
        { name: "ada", jobs: 2, p50Ms: 0, p90Ms: 0, maxMs: 0 },
        { name: "grace", jobs: 1, p50Ms: hour, p90Ms: hour, maxMs: hour },
      ],
      priority: [
        { name: "low", jobs: 1, p50Ms: hour, p90Ms: hour, maxMs: hour },
        { name: "normal", jobs: 2, p50Ms: 0, p90Ms: 0, maxMs: 0 },
      ],
    });
  });

  it("tells the use of slots and resources by their time, and how many waited", () => {
    expect(report).toMatchObject({
      from: minute(0),
      until: minute(90),
      makespanMs: 90 * 60_000,
      jobs: 3,
      neverStarted: [],
    });
    const [slots, transcode] = report.pools;
    expect(slots).toMatchObject({ name: "slots", mostUsed: 2 });
    expect(slots!.meanUsed).toBeCloseTo(120 / 90);
    expect(transcode).toMatchObject({ name: "transcode", mostUsed: 1 });
    expect(transcode!.meanUsed).toBeCloseTo(1);
    const thirds = (values: readonly number[]) => [0, 1, 2].map((n) => values.slice(n * 32, n * 32 + 32));
    for (const [index, part] of thirds(slots!.used).entries())
      for (const used of part) expect(used).toBeCloseTo([1, 2, 1][index]!);
    for (const [index, part] of thirds(report.waiting).entries())
      for (const count of part) expect(count).toBeCloseTo([1, 1, 0][index]!);
  });

  it("of a day without jobs is empty", () => {
    expect(simulate(aDay(aNode(1)))).toMatchObject({ jobs: 0, makespanMs: 0, waits: { all: { jobs: 0, maxMs: 0 } } });
  });
});
