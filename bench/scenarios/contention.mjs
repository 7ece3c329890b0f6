import { nowMs } from "../actors/clock.mjs";
import { quantile } from "../measure/statistics.mjs";
import { claimFigures, workOff } from "./drain.mjs";
import { load, openWorkers, stopAndCount, untilSettled } from "./stage.mjs";

const amount = (count) => count.toLocaleString("en-US");

/**
 * Works off jobs that need one unit of a pool and lock one of `objects` objects each. Peers, which have neither, work off
 * as many jobs that need nothing.
 * @param {{count: number, objects: number, units: number, workers: number, limitMs: number, variants?: readonly string[]}} size
 */
export const contended = ({ count, objects, units, workers, limitMs, variants = ["loaded", "analysed"] }) => ({
  title: `drain of ${amount(count)} jobs with a unit and a lock each by ${workers} process${workers === 1 ? "" : "es"} (peers: of plain jobs)`,
  variants: (system) => (system.store === "postgres" ? variants : [""]),
  play: async (stage, variant) => {
    const { prepareContention, settings } = stage.system;
    await prepareContention?.(stage.store, { units });
    await load(stage, count, { mixed: false, further: prepareContention ? { objects } : {} });
    if (variant === "analysed") await stage.store.analyse();
    return workOff(stage, { count, workers, limitMs, settings: settings.drain });
  },
});

/**
 * Works off jobs that stand behind others of a better level which cannot start: all places where those may run are full.
 * @param {{blocked: number, lanes: number, openLanes: number, count: number, units: number, limitMs: number}} size
 */
export const behindBlocked = ({ blocked, lanes, openLanes, count, units, limitMs }) => ({
  title: `drain of ${amount(count)} jobs in ${openLanes} lanes beside ${amount(blocked)} blocked ones in ${amount(lanes)} full ones`,
  stores: ["postgres"],
  // What limits jobs by name: BullMQ's groups are not free.
  systems: ["callsheet", "graphile-worker", "pg-boss"],
  variants: () => [""],
  play: async (stage) => {
    const { prepareContention, settings } = stage.system;
    await prepareContention?.(stage.store, { units, lanes });
    const blocker = stage.actor();
    await blocker.ask("openProducer", { settings: { ...settings.create, openLanes } });
    const stuck = await blocker.ask("block", { count: blocked, lanes });
    await load(stage, count, { mixed: false, further: { openLanes } });
    await stage.store.analyse();
    const drained = settings.blocked ?? settings.drain;
    const run = await workOff(stage, { count, workers: 1, limitMs, settings: drained, blocked: stuck });
    await blocker.ask("close");
    return run;
  },
});

const PATIENCE_MS = 15_000;
/** Some of the processes' statements have to be prepared before what they take says anything. */
const WARM_UP_SHARE = 0.05;

/**
 * Many connections that claim for a few slots each: first as fast as they can, then at half of that rate.
 * @param {{count: number, processes: number, nodes: number, slots: number, seconds: number, limitMs: number}} size
 */
export const connections = ({ count, processes, nodes, slots, seconds, limitMs }) => ({
  title: `${processes * nodes} connections of ${slots} slots: ${amount(count)} jobs at full speed, then ${seconds} s at half of it`,
  systems: ["callsheet"],
  variants: () => [""],
  play: async (stage) => {
    await load(stage, count, { mixed: false });
    const attempted = count + limitMs * 50;
    const settings = { slots, nodes };
    const actors = await openWorkers(stage, { workers: processes, attempted, settings });
    const watch = await stage.system.watch(stage.store);
    const meter = await stage.meter(actors);
    const startMs = nowMs();
    await Promise.all(actors.map((actor) => actor.ask("startWorker")));
    const full = await untilSettled(watch, { actors, attempted: count, untilMs: startMs + limitMs });
    const rate = (full.handled * 1000) / (full.endMs - startMs);
    const atFull = await claimsOf(actors);
    const paced = Math.min(attempted - count, Math.floor((rate / 2) * seconds));
    const producer = stage.actor();
    await producer.ask("openProducer", { settings: stage.system.settings.single });
    await producer.ask("callPaced", { count: paced, from: count, perSecond: rate / 2 });
    const end = await untilSettled(watch, { actors, attempted: count + paced, untilMs: nowMs() + PATIENCE_MS });
    const atHalf = (await claimsOf(actors)).map((all, n) => all.slice(atFull[n].length));
    const { cost, load: machine } = await meter.read(end.handled);
    const { counts } = await stopAndCount(watch, { actors, attempted: count + paced });
    await producer.ask("close");
    const warm = atFull.flatMap((all) => all.slice(Math.ceil(all.length * WARM_UP_SHARE)));
    const figures = {
      rate,
      ...claimFigures(warm, full.handled),
      longestOverMedian: quantile(warm, 1) / quantile(warm, 0.5),
      halfClaimP99Ms: quantile(atHalf.flat(), 0.99),
      complete: Number(full.complete && end.complete),
    };
    return { figures, cost, load: machine, counts };
  },
});

const claimsOf = (actors) => Promise.all(actors.map((actor) => actor.ask("claims")));
