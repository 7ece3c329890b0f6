import { nowMs } from "../actors/clock.mjs";
import { quantile } from "../measure/statistics.mjs";
import { openWorkers, stopAndCount, untilSettled } from "./stage.mjs";

const PATIENCE_MS = 15_000;
const WARM_UP_SHARE = 0.05;

/**
 * How long it takes from the call that creates a job until its handler begins, on a system with nothing else to do.
 * `processes` is 2 for a producer and a worker apart, 1 for both in one process.
 * @param {{count: number, perSecond: number, processes: 1 | 2}} size
 */
export const latency = ({ count, perSecond, processes }) => ({
  title: `start latency at ${perSecond} jobs a second, ${processes === 1 ? "one process" : "two processes"}`,
  variants: () => [""],
  play: async (stage) => {
    const { single, latency: settings } = stage.system.settings;
    const [worker] = await openWorkers(stage, { workers: 1, attempted: count, settings });
    const producer = processes === 1 ? worker : stage.actor();
    await producer.ask("openProducer", { settings: { ...single, notify: settings.notify } });
    const watch = await stage.system.watch(stage.store);
    await worker.ask("startWorker");
    const actors = [...new Set([worker, producer])];
    const meter = await stage.meter(actors);
    const { calledMs, ackedMs } = await producer.ask("callPaced", { count, perSecond });
    const end = await untilSettled(watch, { actors: [worker], attempted: count, untilMs: nowMs() + PATIENCE_MS });
    const { cost, load } = await meter.read(count);
    const { counts, startedAtMs } = await stopAndCount(watch, { actors: [worker], attempted: count });
    await producer.ask("close");
    const figures = latencies({ calledMs, ackedMs, startedAtMs: startedAtMs[0] });
    return { figures: { ...figures, complete: Number(end.complete) }, cost, load, counts };
  },
});

/** The first twentieth warms the code up and does not count; neither does a job that never began (it counts as lost). */
function latencies({ calledMs, ackedMs, startedAtMs }) {
  const jobs = [...calledMs.keys()]
    .slice(Math.ceil(calledMs.length * WARM_UP_SHARE))
    .filter((job) => startedAtMs[job] > 0);
  const fromCall = jobs.map((job) => startedAtMs[job] - calledMs[job]);
  const fromAck = jobs.map((job) => startedAtMs[job] - ackedMs[job]);
  return {
    p50Ms: quantile(fromCall, 0.5),
    p99Ms: quantile(fromCall, 0.99),
    maxMs: quantile(fromCall, 1),
    fromAckP50Ms: quantile(fromAck, 0.5),
    fromAckP99Ms: quantile(fromAck, 0.99),
  };
}
