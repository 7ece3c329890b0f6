import { nowMs } from "../actors/clock.mjs";
import { memoryGrowth, quantile } from "../measure/statistics.mjs";
import { load, openWorkers, stopAndCount, untilSettled } from "./stage.mjs";

/**
 * Works off a backlog of mixed priorities. The time runs from the order to begin until the store holds no unfinished job,
 * or until the limit; the rate is what was handled in that time.
 * @param {{count: number, workers: number, limitMs: number, variants?: readonly string[], systems?: readonly string[]}} size
 *   `systems`: only these
 */
export const drain = ({ count, workers, limitMs, variants = ["loaded", "analysed"], systems }) => ({
  title: `drain of ${count.toLocaleString("en-US")} jobs by ${workers} process${workers === 1 ? "" : "es"}`,
  systems,
  variants: (system) => (system.store === "postgres" ? variants : [""]),
  play: async (stage, variant) => {
    await load(stage, count);
    if (variant === "analysed") await stage.store.analyse();
    return workOff(stage, { count, workers, limitMs, settings: stage.system.settings.drain });
  },
});

/**
 * How long claims took, of systems that tell, and how many jobs each brought.
 * @param {readonly number[]} tookMs
 * @param {number} jobs
 */
export function claimFigures(tookMs, jobs) {
  if (tookMs.length === 0) return {};
  return {
    claimP50Ms: quantile(tookMs, 0.5),
    claimP99Ms: quantile(tookMs, 0.99),
    claimMaxMs: quantile(tookMs, 1),
    jobsPerClaim: jobs / tookMs.length,
  };
}

/**
 * @param {import("./stage.mjs").Stage} stage
 * @param {{count: number, workers: number, limitMs: number, settings: object}} how
 */
export async function workOff(stage, { count, workers, limitMs, settings }) {
  const actors = await openWorkers(stage, { workers, attempted: count, settings });
  return timed(stage, { actors, count, before: 0, limitMs });
}

/**
 * Has workers work off `count` jobs behind the first `before`, which they have handled.
 * @param {import("./stage.mjs").Stage} stage
 * @param {{actors: readonly any[], count: number, before: number, limitMs: number, blocked?: number}} how
 *   `blocked`: jobs that are there besides and stay
 */
export async function timed(stage, { actors, count, before, limitMs, blocked = 0 }) {
  const attempted = before + count;
  const { left, close } = await stage.system.watch(stage.store);
  const watch = { left: async () => (await left()) - blocked, close };
  for (const actor of actors) actor.timeline.length = 0;
  const meter = await stage.meter(actors);
  const startMs = nowMs();
  await Promise.all(actors.map((actor) => actor.ask("startWorker")));
  const end = await untilSettled(watch, { actors, attempted, untilMs: startMs + limitMs });
  const handled = end.handled - before;
  const { cost, load: machine } = await meter.read(handled);
  const { counts, memory, claims } = await stopAndCount(watch, { actors, attempted });
  const figures = {
    rate: (handled * 1000) / (end.endMs - startMs),
    seconds: (end.endMs - startMs) / 1000,
    complete: Number(end.complete),
    memoryGrowth: memoryGrowth(memory[0]),
    ...claimFigures(claims.flat(), handled),
  };
  return { figures, cost, load: machine, counts, timeline: actors[0].timeline, startMs, endMs: end.endMs };
}
