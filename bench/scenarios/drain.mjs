import { nowMs } from "../actors/clock.mjs";
import { memoryGrowth } from "../measure/statistics.mjs";
import { load, openWorkers, stopAndCount, untilSettled } from "./stage.mjs";

/**
 * Works off a backlog of mixed priorities. The time runs from the order to begin until the store holds no unfinished job,
 * or until the limit; the rate is what was handled in that time.
 * @param {{count: number, workers: number, limitMs: number, variants?: readonly string[]}} size
 */
export const drain = ({ count, workers, limitMs, variants = ["loaded", "analysed"] }) => ({
  title: `drain of ${count.toLocaleString("en-US")} jobs by ${workers} process${workers === 1 ? "" : "es"}`,
  variants: (system) => (system.store === "postgres" ? variants : [""]),
  play: async (stage, variant) => {
    await load(stage, count);
    if (variant === "analysed") await stage.store.analyse();
    return workOff(stage, { count, workers, limitMs, settings: stage.system.settings.drain });
  },
});

/**
 * @param {import("./stage.mjs").Stage} stage
 * @param {{count: number, workers: number, limitMs: number, settings: object}} how
 */
export async function workOff(stage, { count, workers, limitMs, settings }) {
  const actors = await openWorkers(stage, { workers, attempted: count, settings });
  const watch = await stage.system.watch(stage.store);
  const meter = await stage.meter(actors);
  const startMs = nowMs();
  await Promise.all(actors.map((actor) => actor.ask("startWorker")));
  const end = await untilSettled(watch, { actors, attempted: count, untilMs: startMs + limitMs });
  const { cost, load: machine } = await meter.read(end.handled);
  const { counts, memory } = await stopAndCount(watch, { actors, attempted: count });
  const figures = {
    rate: (end.handled * 1000) / (end.endMs - startMs),
    seconds: (end.endMs - startMs) / 1000,
    complete: Number(end.complete),
    memoryGrowth: memoryGrowth(memory[0]),
  };
  return { figures, cost, load: machine, counts, timeline: actors[0].timeline };
}
