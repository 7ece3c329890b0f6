import { quantile } from "../measure/statistics.mjs";

const WARM_UP_SHARE = 0.1;

/**
 * How long it takes a program to open the system, create a job and complete it, on a server that is up and has its tables.
 * Each time everything is opened anew and closed in the end; the first times warm the code up and do not count. `alone`: with
 * connections of its own; `joined`: on a Callsheet that the program has open.
 * @param {{count: number}} size
 */
export const firstJob = ({ count }) => ({
  title: "opened, a job created and completed, in a warm process",
  systems: ["callsheet", "callsheet-queue"],
  variants: ({ name }) => (name === "callsheet" ? ["alone"] : ["alone", "joined"]),
  play: async (stage, variant) => {
    const actor = stage.actor();
    const meter = await stage.meter([actor]);
    const { tookMs } = await actor.ask("firstJobs", { count, variant });
    const { cost, load } = await meter.read(count);
    const watch = await stage.system.watch(stage.store);
    const left = await watch.left();
    await watch.close();
    const warm = tookMs.slice(Math.ceil(count * WARM_UP_SHARE));
    const figures = { p50Ms: quantile(warm, 0.5), p99Ms: quantile(warm, 0.99), firstMs: tookMs[0] };
    const counts = { attempted: count, handled: count, finished: count - left, left, lost: 0, doubled: 0 };
    return { figures, cost, load, counts };
  },
});
