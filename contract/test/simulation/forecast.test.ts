import { describe, expect, it } from "vitest";
import {
  type Durations,
  durationBucket,
  type Expectation,
  expectDuration,
  mergeDurations,
  sizeClass,
} from "../../src/model/durations.ts";
import { type ForecastFacts, forecast } from "../../src/model/forecast.ts";
import { seededRandom } from "../../src/model/random.ts";
import type { DayJob, FacilityDay } from "../../src/model/simulation/day.ts";
import { madeUpDay } from "../../src/model/simulation/made-up-day.ts";
import { Simulation } from "../../src/model/simulation/simulation.ts";
import type { SimulatedJob } from "../../src/model/simulation/waiting-room.ts";
import { minute } from "./a-day.ts";

const NO_LIMIT = { timeoutMs: null, onTimeout: "flag" } as const;

type Learned = ReadonlyMap<string, ReadonlyMap<number, Durations>>;

/** What jobs of a day took. */
function learnFrom(day: FacilityDay): Learned {
  const learned = new Map<string, Map<number, Durations>>();
  for (const { action, size, durationMs } of day.jobs) {
    const classes = learned.get(action) ?? new Map<number, Durations>();
    learned.set(action, classes);
    const one = new Array<number>(durationBucket(durationMs) + 1).fill(0).with(-1, 1);
    classes.set(sizeClass(size), mergeDurations(classes.get(sizeClass(size)) ?? [], one));
  }
  return learned;
}

/** Those of one owner and priority start in the order in which they came due, wherever they stand meanwhile. */
const inOrder = (waiting: Simulation["waiting"]) =>
  waiting.all().toSorted((a, b) => a.dueAt.getTime() - b.dueAt.getTime() || (a.id < b.id ? -1 : 1));

/** What explain would know of a job that waits. */
function factsOf({ stock, running, waiting, now }: Simulation, job: SimulatedJob, learned: Learned): ForecastFacts {
  const units = job.lane.needs.units ?? {};
  const { pools } = stock;
  const known = new Map<string, Expectation | null>();
  const expected = ({ lane, size }: SimulatedJob) => {
    const key = `${lane.action}/${sizeClass(size)}`;
    const found = known.get(key) ?? expectDuration(learned.get(lane.action), size, NO_LIMIT);
    known.set(key, found);
    return found;
  };
  const unitsOf = (lane: SimulatedJob["lane"]) => [1, ...pools.map(({ name }) => lane.needs.units?.[name] ?? 0)];
  const all = inOrder(waiting);
  const slots = stock.nodes.reduce((sum, node) => sum + node.slots, 0);
  return {
    ...{ jobId: job.id, now, notBefore: null, isHeld: false },
    pools: [
      { capacity: slots, used: running.size, wanted: 1 },
      ...pools.map(({ name, capacity, used }) => ({ capacity, used, wanted: units[name] ?? 0 })),
    ],
    running: [...running].map((attempt) => ({
      ...{
        elapsedMs: now.getTime() - attempt.startedMs,
        expected: expected(attempt.job),
        units: unitsOf(attempt.job.lane),
      },
    })),
    ahead: all
      .slice(0, all.indexOf(job))
      .map((one) => ({ count: 1, expected: expected(one), units: unitsOf(one.lane) })),
    lines: [],
  };
}

/** What a person would reckon: the jobs ahead, times what jobs took on the average, over the slots. */
function reckoned(simulation: Simulation, job: SimulatedJob, meanMs: number): number {
  const slots = simulation.stock.nodes.reduce((sum, node) => sum + node.slots, 0);
  return simulation.now.getTime() + (inOrder(simulation.waiting).indexOf(job) * meanMs) / slots;
}

interface Told {
  readonly p10: number;
  readonly p50: number;
  readonly p90: number;
  readonly naive: number;
  readonly started: number;
}

/** Forecasts of one waiting job each now and then, once it is known how long work takes, with when they started. */
function play(day: FacilityDay, seed: string, learned: Learned): readonly Told[] {
  const simulation = new Simulation(day);
  const random = seededRandom(seed);
  const told = new Map<string, Omit<Told, "started">>();
  const results: Told[] = [];
  let [count, sumMs] = [0, 0];
  for (let now = simulation.advance(); now !== undefined; now = simulation.advance()) {
    for (const { job, startedMs, endsMs } of now) {
      count += 1;
      sumMs += endsMs - startedMs;
      const known = told.get(job.id);
      if (known) results.push({ ...known, started: startedMs });
    }
    const all = inOrder(simulation.waiting);
    if (count < 20 || all.length === 0 || random() > 0.05) continue;
    const job = all[Math.floor(random() * all.length)]!;
    if (told.has(job.id)) continue;
    const { start } = forecast(factsOf(simulation, job, learned));
    if (start === null) continue;
    const [p10, p50, p90] = [start.p10, start.p50, start.p90].map((at) => at.getTime());
    told.set(job.id, { p10: p10!, p50: p50!, p90: p90!, naive: reckoned(simulation, job, sumMs / count) });
  }
  return results;
}

/** A day of one owner and one priority, on which nothing that comes later passes what waits. */
function plainDay(jobs: number, seed: string, load: number): FacilityDay {
  const day = madeUpDay({ jobs, seed, load, from: minute(0) });
  const once = (needs: DayJob["needs"]) => Object.fromEntries(Object.keys(needs).map((name) => [name, 1]));
  const plain = { owner: "ada", priority: "normal", locks: [] } as const;
  return { ...day, jobs: day.jobs.map((job) => ({ ...job, ...plain, needs: once(job.needs), locks: [] })) };
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe("forecasts of days whose durations are known", { timeout: 120_000 }, () => {
  const known = learnFrom(plainDay(3_000, "yesterday", 1));
  const seeds = Array.from({ length: 24 }, (_, n) => `day ${n}`);

  it.each([0.7, 1])("at a load of %d: four of five intervals hold, and the median beats a naive mean", (load) => {
    const told = seeds.flatMap((seed) => play(plainDay(200, seed, load), seed, known));
    const held = told.filter(({ p10, p90, started }) => p10 <= started && started <= p90).length;
    const error = (of: (one: Told) => number) => mean(told.map((one) => Math.abs(of(one) - one.started)));
    expect(told.length).toBeGreaterThan(150);
    expect(held / told.length).toBeGreaterThanOrEqual(0.8);
    // Not because they are so wide that everything holds.
    expect(held / told.length).toBeLessThan(0.9);
    expect(error(({ p50 }) => p50)).toBeLessThan(0.7 * error(({ naive }) => naive));
  });
});
