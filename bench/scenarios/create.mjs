import { quantile } from "../measure/statistics.mjs";
import { tally } from "../measure/tally.mjs";

/** Creates many jobs in few calls. @param {{count: number}} size */
export const bulkCreate = ({ count }) => ({
  title: `bulk create of ${count.toLocaleString("en-US")} jobs`,
  variants: () => [""],
  play: (stage) =>
    create(stage, { count, settings: stage.system.settings.create }, (producer, { chunk, inFlight }) =>
      producer.ask("createMany", { count, chunk, inFlight }),
    ),
});

/** Creates jobs one in a call, with `callers` calls at a time. @param {{count: number, callers: number}} size */
export const singleCreate = ({ count, callers }) => ({
  title: callers === 1 ? "single create, one at a time" : `single create, ${callers} concurrent callers`,
  variants: () => [""],
  play: (stage) =>
    create(stage, { count, settings: stage.system.settings.single }, (producer) =>
      producer.ask("callTogether", { count, callers }),
    ),
});

async function create(stage, { count, settings }, call) {
  const producer = stage.actor();
  await producer.ask("openProducer", { settings });
  const meter = await stage.meter([producer]);
  const { startMs, endMs, tookMs } = await call(producer, settings);
  const { cost, load } = await meter.read(count);
  const watch = await stage.system.watch(stage.store);
  const stored = await watch.left();
  await watch.close();
  await producer.ask("close");
  const figures = { rate: (count * 1000) / (endMs - startMs) };
  if (tookMs !== undefined) {
    figures.p50Ms = quantile(tookMs, 0.5);
    figures.p99Ms = quantile(tookMs, 0.99);
  }
  return { figures, cost, load, counts: countCreated(count, stored) };
}

/** A created job is neither begun nor finished here: it is stored, or lost. */
function countCreated(attempted, stored) {
  const counts = tally({ attempted, seen: [], left: Math.min(stored, attempted) });
  return { ...counts, doubled: Math.max(0, stored - attempted) };
}
