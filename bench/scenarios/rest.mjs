import { setTimeout as pause } from "node:timers/promises";
import { openWorkers, stopAndCount } from "./stage.mjs";

/**
 * What one worker process costs while there is nothing to do: percent of a core, its own and the server's, and its memory.
 * @param {{lengthMs: number}} size
 */
export const atRest = ({ lengthMs }) => ({
  title: `one process at rest, ${lengthMs / 1000} s`,
  variants: () => [""],
  play: async (stage) => {
    const [worker] = await openWorkers(stage, { workers: 1, attempted: 0, settings: stage.system.settings.latency });
    const watch = await stage.system.watch(stage.store);
    // Looking at its progress 200 times a second would be most of what it does.
    await worker.ask("startWorker", { watched: false });
    // What a node does once when it starts is over by then: its heart begins after four seconds, its house after ten.
    await pause(0.6 * lengthMs);
    const meter = await stage.meter([worker]);
    await pause(lengthMs);
    const { cost, load, elapsedUs } = await meter.read(1);
    const { counts } = await stopAndCount(watch, { actors: [worker], attempted: 0 });
    const figures = {
      nodePercent: (100 * cost.nodeCpuUs) / elapsedUs,
      serverPercent: (100 * cost.serverCpuUs) / elapsedUs,
      memoryMb: cost.peakMemoryMb,
    };
    return { figures, cost: {}, load, counts };
  },
});
