import { type Level, priorityName } from "../priority.ts";
import type { Day } from "./day.ts";
import { Gauge, type Usage } from "./gauge.ts";
import { type SimulatedAttempt, type SimulatedPool, Simulation, type SimulationOptions } from "./simulation.ts";

/** How long jobs waited that have something in common. */
export interface Waits {
  readonly name: string;
  /** Those that started. */
  readonly jobs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly maxMs: number;
}

/** What became of a day. */
export interface SimulationReport {
  /** When the first job came due, and the last one ended. */
  readonly from: Date;
  readonly until: Date;
  readonly makespanMs: number;
  readonly jobs: number;
  /** Jobs that never started, by action: they need what there never was. */
  readonly neverStarted: readonly { readonly action: string; readonly jobs: number }[];
  readonly waits: {
    readonly all: Waits;
    readonly action: readonly Waits[];
    readonly owner: readonly Waits[];
    readonly priority: readonly Waits[];
  };
  /** Slots first, then resources and limits. */
  readonly pools: readonly Usage[];
  /** Jobs that waited, in the same parts of time. */
  readonly waiting: readonly number[];
}

/** Parts of time that use is told in. */
const PARTS = 96;

/** Replays a day, and tells how long jobs waited and what was in use. The same day gives the same answer. */
export function simulate(day: Day, options: SimulationOptions = {}): SimulationReport {
  const simulation = new Simulation(day, options);
  const { stock, waiting, inLine } = simulation;
  const started: SimulatedAttempt[] = [];
  const slots = new Gauge("slots");
  const queue = new Gauge("waiting");
  const pools = stock.pools.map((pool) => [pool, new Gauge(nameOf(pool))] as const);
  const capacity = stock.nodes.reduce((sum, node) => sum + node.slots, 0);
  let endMs = 0;
  for (let now = simulation.advance(); now !== undefined; now = simulation.advance()) {
    for (const attempt of now) started.push(attempt);
    const atMs = simulation.now.getTime();
    slots.set(atMs, simulation.running.size, capacity);
    queue.set(atMs, waiting.size + inLine.size, 0);
    for (const [pool, gauge] of pools) gauge.set(atMs, pool.used, pool.capacity);
    endMs = now.reduce((latest, { endsMs }) => Math.max(latest, endsMs), endMs);
  }
  const fromMs = day.jobs.reduce((first, { at }) => Math.min(first, at.getTime()), Number.POSITIVE_INFINITY);
  const [from, until] = Number.isFinite(fromMs) ? [fromMs, Math.max(fromMs, endMs)] : [0, 0];
  const read = (gauge: Gauge) => gauge.read(from, until, PARTS);
  return {
    ...{ from: new Date(from), until: new Date(until), makespanMs: until - from, jobs: day.jobs.length },
    neverStarted: countBy([...waiting.all(), ...inLine.values()].map(({ lane }) => lane.action)),
    waits: {
      all: waitsOf("all", started),
      action: grouped(started, ({ job }) => job.lane.action),
      owner: grouped(started, ({ job }) => job.owner),
      priority: grouped(started, ({ job }) => job.level).map(({ name, ...waits }) => ({
        name: priorityName(Number(name) as Level),
        ...waits,
      })),
    },
    pools: [read(slots), ...pools.map(([, gauge]) => read(gauge))],
    waiting: read(queue).used,
  };
}

/** A resource of a place, or a limit, as `--set` names it. */
function nameOf({ name, scope }: SimulatedPool): string {
  if (scope === "cluster") return name;
  return scope.includes("/") ? `${name} of ${scope}` : `${scope}/${name}`;
}

function countBy(names: readonly string[]): SimulationReport["neverStarted"] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].map(([action, jobs]) => ({ action, jobs })).sort((a, b) => (a.action < b.action ? -1 : 1));
}

function grouped(
  attempts: readonly SimulatedAttempt[],
  nameOf: (attempt: SimulatedAttempt) => string | number,
): readonly Waits[] {
  const groups = new Map<string | number, SimulatedAttempt[]>();
  for (const attempt of attempts) {
    const name = nameOf(attempt);
    const group = groups.get(name) ?? [];
    groups.set(name, group);
    group.push(attempt);
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, group]) => waitsOf(String(name), group));
}

function waitsOf(name: string, attempts: readonly SimulatedAttempt[]): Waits {
  const waits = attempts.map(({ job, startedMs }) => startedMs - job.dueAt.getTime()).sort((a, b) => a - b);
  const at = (share: number) => waits[Math.ceil(share * waits.length) - 1] ?? 0;
  return { name, jobs: waits.length, p50Ms: at(0.5), p90Ms: at(0.9), maxMs: at(1) };
}
