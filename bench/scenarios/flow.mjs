import { nowMs } from "../actors/clock.mjs";
import { openWorkers, stopAndCount, untilSettled } from "./stage.mjs";

/**
 * Creates and drains at the same time: one process creates in bulk, another works. The time runs until the last job is
 * finished in the store.
 * @param {{count: number, limitMs: number}} size
 */
export const flow = ({ count, limitMs }) => ({
  title: `create and drain together, ${count.toLocaleString("en-US")} jobs`,
  variants: () => [""],
  play: async (stage) => {
    const { create, flow: settings } = stage.system.settings;
    const producer = stage.actor();
    await producer.ask("openProducer", { settings: { ...create, notify: settings.notify } });
    const [worker] = await openWorkers(stage, { workers: 1, attempted: count, settings });
    const watch = await stage.system.watch(stage.store);
    const meter = await stage.meter([producer, worker]);
    const startMs = nowMs();
    await worker.ask("startWorker");
    const created = producer.ask("createMany", { count, chunk: create.chunk, inFlight: create.inFlight });
    const end = await untilSettled(watch, { actors: [worker], attempted: count, untilMs: startMs + limitMs });
    const { cost, load } = await meter.read(end.handled);
    await created;
    const { counts } = await stopAndCount(watch, { actors: [worker], attempted: count });
    await producer.ask("close");
    const figures = { rate: (end.handled * 1000) / (end.endMs - startMs), complete: Number(end.complete) };
    return { figures, cost, load, counts };
  },
});
