import { setTimeout as pause } from "node:timers/promises";
import { nowMs } from "../actors/clock.mjs";
import { quantile } from "../measure/statistics.mjs";
import { claimFigures, timed } from "./drain.mjs";
import { load, openWorkers, stopAndCount, untilSettled, warmUp } from "./stage.mjs";

const amount = (count) => count.toLocaleString("en-US");

/**
 * Works off jobs that need one unit of a pool and lock one of `objects` objects each. A peer, which has neither, works off
 * as many jobs that need nothing. Before that each process has worked off `first` such jobs and rested while the others were
 * made: what is compared is what units and locks cost, by one process and by two, and not how long two take to begin.
 * @param {{count: number, first: number, objects: number, units: number, workers: number, limitMs: number, variants?: readonly string[], systems: readonly string[]}} size
 *   `systems`: only these
 */
export const contended = ({ variants = ["loaded", "analysed"], systems, ...size }) => ({
  title: `drain of ${amount(size.count)} jobs with a unit and a lock each by ${size.workers} process${size.workers === 1 ? "" : "es"} (peers: of plain jobs)`,
  systems,
  variants: (system) => (system.store === "postgres" ? variants : [""]),
  play: async (stage, variant) => {
    const { count, first, objects, units, workers, limitMs } = size;
    const { prepareContention, settings } = stage.system;
    const further = prepareContention ? { objects } : {};
    const before = first * workers;
    await prepareContention?.(stage.store, { units });
    await load(stage, before, { mixed: false, further });
    const actors = await openWorkers(stage, { workers, attempted: before + count, settings: settings.drain });
    await warmUp(stage, { actors, count: before, limitMs });
    await load(stage, count, { mixed: false, from: before, further });
    if (variant === "analysed") await stage.store.analyse();
    return timed(stage, { actors, count, before, limitMs });
  },
});

/**
 * Works off jobs that stand behind others of a better level which cannot start: all places where those may run are full.
 * Before that the process has worked off `first` jobs and rested while the others were made.
 * @param {{blocked: number, lanes: number, openLanes: number, count: number, first: number, units: number, limitMs: number}} size
 */
export const behindBlocked = ({ blocked, lanes, openLanes, count, first, units, limitMs }) => ({
  title: `drain of ${amount(count)} jobs in ${openLanes} lanes beside ${amount(blocked)} blocked ones in ${amount(lanes)} full ones`,
  stores: ["postgres"],
  // What limits jobs by name: BullMQ's groups are not free.
  systems: ["callsheet", "graphile-worker", "pg-boss"],
  variants: () => [""],
  play: async (stage) => {
    const { prepareContention, settings } = stage.system;
    await prepareContention?.(stage.store, { units, lanes });
    const further = { openLanes };
    await load(stage, first, { mixed: false, further });
    const drained = settings.blocked ?? settings.drain;
    const actors = await openWorkers(stage, { workers: 1, attempted: first + count, settings: drained });
    await warmUp(stage, { actors, count: first, limitMs });
    const blocker = stage.actor();
    await blocker.ask("openProducer", { settings: { ...settings.create, ...further } });
    const stuck = await blocker.ask("block", { count: blocked, lanes });
    await load(stage, count, { mixed: false, from: first, further });
    await stage.store.analyse();
    const run = await timed(stage, { actors, count, before: first, limitMs, blocked: stuck });
    await blocker.ask("close");
    return run;
  },
});

const PATIENCE_MS = 15_000;
/** So many jobs for each slot are worked off before anything is timed: statements are prepared, and every node has jobs. */
const WARM_UP = 5;

/**
 * Many connections that claim for a few slots each: all at rest, then as fast as they can, then at half of that rate.
 * @param {{count: number, processes: number, nodes: number, slots: number, seconds: number, limitMs: number}} size
 */
export const connections = ({ count, processes, nodes, slots, seconds, limitMs }) => ({
  title: `${processes * nodes} connections of ${slots} slots: ${amount(count)} jobs at full speed, then ${seconds} s at half of it`,
  systems: ["callsheet"],
  variants: () => [""],
  play: async (stage) => {
    const first = processes * nodes * slots * WARM_UP;
    const attempted = first + count + limitMs * 50;
    const actors = await openWorkers(stage, { workers: processes, attempted, settings: { slots, nodes } });
    const watch = await stage.system.watch(stage.store);
    const settled = (jobs, ms) => untilSettled(watch, { actors, attempted: jobs, untilMs: nowMs() + ms });
    const producer = stage.actor();
    const { create, single } = stage.system.settings;
    await producer.ask("openProducer", { settings: create });
    const createMany = (jobs, from) => producer.ask("createMany", { ...create, count: jobs, from, mixed: false });
    await Promise.all(actors.map((actor) => actor.ask("startWorker")));
    await createMany(first, 0);
    await settled(first, PATIENCE_MS);
    await untilBegun(stage);
    const warm = await claimsOf(actors);
    const meter = await stage.meter(actors);
    const startMs = nowMs();
    await createMany(count, first);
    const full = await settled(first + count, limitMs);
    const rate = (count * 1000) / (full.endMs - startMs);
    const all = await claimsOf(actors);
    const atFull = all.flatMap((took, n) => took.slice(warm[n].length));
    const paced = Math.min(attempted - first - count, Math.floor((rate / 2) * seconds));
    await producer.ask("callPaced", { ...single, count: paced, from: first + count, perSecond: rate / 2 });
    const end = await settled(first + count + paced, PATIENCE_MS);
    const atHalf = (await claimsOf(actors)).flatMap((took, n) => took.slice(all[n].length));
    const { cost, load: machine } = await meter.read(end.handled);
    const { counts } = await stopAndCount(watch, { actors, attempted: first + count + paced });
    await producer.ask("close");
    const figures = {
      rate,
      ...claimFigures(atFull, count),
      longestOverMedian: quantile(atFull, 1) / quantile(atFull, 0.5),
      halfClaimP99Ms: quantile(atHalf, 0.99),
      halfJobsPerClaim: paced / atHalf.length,
      complete: Number(full.complete && end.complete),
    };
    return { figures, cost, load: machine, counts };
  },
});

/** Waits until no node has anything left to do that it does once: a hundred first heartbeats open as many connections. */
async function untilBegun({ system, store }) {
  const untilMs = nowMs() + PATIENCE_MS;
  while (!(await system.haveBegun(store)) && nowMs() < untilMs) await pause(50);
}

const claimsOf = (actors) => Promise.all(actors.map((actor) => actor.ask("claims")));
