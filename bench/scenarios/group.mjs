import { nowMs } from "../actors/clock.mjs";
import { quantile } from "../measure/statistics.mjs";
import { workOff } from "./drain.mjs";
import { load } from "./stage.mjs";

/**
 * Works off the members of one group, beside as many independent jobs of the same action and targets, and as many plain ones.
 * The aim: nine tenths of the rate of the independent ones, seven tenths of that of plain ones, and the group is read in 20 ms
 * at any time, as far as the machine lets anything be read.
 * @param {{count: number, workers: number, limitMs: number, variants?: readonly string[]}} size
 */
export const group = ({ count, workers, limitMs, variants = ["plain", "independent", "group"] }) => ({
  title: `drain of ${count.toLocaleString("en-US")} plain jobs, independent ones with targets, and members of one group, by ${workers} process${workers === 1 ? "" : "es"}`,
  systems: ["callsheet"],
  variants: () => variants,
  play: async (stage, variant) => {
    const producer = stage.actor();
    const startMs = nowMs();
    if (variant === "plain") await load(stage, count, { mixed: false });
    else {
      await producer.ask("openProducer", { settings: stage.system.settings.create });
      await producer.ask("createMembers", { count, isGroup: variant === "group" });
    }
    const createSeconds = (nowMs() - startMs) / 1000;
    const creator = variant === "group" ? await creatorFigures(producer) : {};
    await stage.store.analyse();
    if (variant === "group") await producer.ask("watchGroup");
    const run = await workOff(stage, { count, workers, limitMs, settings: stage.system.settings.drain });
    const reads = variant === "group" ? readFigures(await producer.ask("groupReads")) : {};
    producer.kill();
    const workerMb = run.cost.peakMemoryMb / workers;
    return { ...run, figures: { ...run.figures, createSeconds, workerMb, ...creator, ...reads } };
  },
});

async function creatorFigures(producer) {
  const { peakMemoryBytes } = await producer.ask("usage");
  return { creatorMb: peakMemoryBytes / 2 ** 20 };
}

/** @param {{read: readonly number[], bare: readonly number[]}} tookMs */
function readFigures({ read, bare }) {
  return {
    ...{ readP50Ms: quantile(read, 0.5), readP99Ms: quantile(read, 0.99), readMaxMs: quantile(read, 1) },
    ...{ bareP50Ms: quantile(bare, 0.5), bareP99Ms: quantile(bare, 0.99), bareMaxMs: quantile(bare, 1) },
  };
}
