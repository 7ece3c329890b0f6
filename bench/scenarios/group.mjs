import { nowMs } from "../actors/clock.mjs";
import { quantile } from "../measure/statistics.mjs";
import { workOff } from "./drain.mjs";
import { load } from "./stage.mjs";

/**
 * Works off the members of one group, beside as many independent jobs of the same action and targets, and as many plain ones.
 * The aim: nine tenths of the rate of the independent ones, seven tenths of that of plain ones, and the group is read in 20 ms
 * at any time.
 * @param {{count: number, workers: number, limitMs: number}} size
 */
export const group = ({ count, workers, limitMs }) => ({
  title: `drain of ${count.toLocaleString("en-US")} plain jobs, independent ones with targets, and members of one group, by ${workers} process${workers === 1 ? "" : "es"}`,
  systems: ["callsheet"],
  variants: () => ["plain", "independent", "group"],
  play: async (stage, variant) => {
    const producer = stage.actor();
    const startMs = nowMs();
    if (variant === "plain") await load(stage, count, { mixed: false });
    else {
      await producer.ask("openProducer", { settings: stage.system.settings.create });
      await producer.ask("createMembers", { count, isGroup: variant === "group" });
    }
    const createSeconds = (nowMs() - startMs) / 1000;
    await stage.store.analyse();
    if (variant === "group") await producer.ask("watchGroup");
    const run = await workOff(stage, { count, workers, limitMs, settings: stage.system.settings.drain });
    const tookMs = variant === "group" ? await producer.ask("groupReads") : [];
    producer.kill();
    const reads = tookMs.length > 0 ? { readP99Ms: quantile(tookMs, 0.99), readMaxMs: quantile(tookMs, 1) } : {};
    return { ...run, figures: { ...run.figures, createSeconds, ...reads } };
  },
});
