import { nowMs } from "../actors/clock.mjs";
import { quantile, tookDuring } from "../measure/statistics.mjs";
import { workOff } from "./drain.mjs";
import { load } from "./stage.mjs";

/**
 * Works off the members of one group, beside as many independent jobs of the same action and targets, and as many plain ones;
 * and again while somebody reads the group. The aim: nine tenths of the rate of the independent ones, seven tenths of that of
 * plain ones, and the group is read in 20 ms at any time of the drain. Who reads is apart from the workers: Linux may share its
 * processors among sessions first, and in the session of four busy workers any process then waits for them, whatever it asks.
 * @param {{count: number, workers: number, limitMs: number, variants?: readonly string[]}} size
 */
export const group = ({ count, workers, limitMs, variants = ["plain", "independent", "group", "read"] }) => ({
  title: `drain of ${count.toLocaleString("en-US")} plain jobs, independent ones with targets, and members of one group, also while it is read, by ${workers} process${workers === 1 ? "" : "es"}`,
  systems: ["callsheet"],
  variants: () => variants,
  play: async (stage, variant) => {
    const producer = stage.actor({ isApart: true });
    const isGroup = variant === "group" || variant === "read";
    const startMs = nowMs();
    if (variant === "plain") await load(stage, count, { mixed: false });
    else {
      await producer.ask("openProducer", { settings: stage.system.settings.create });
      await producer.ask("createMembers", { count, isGroup });
    }
    const createSeconds = (nowMs() - startMs) / 1000;
    const creator = isGroup ? await creatorFigures(producer) : {};
    await stage.store.analyse();
    if (variant === "read") await producer.ask("watchGroup");
    const run = await workOff(stage, { count, workers, limitMs, settings: stage.system.settings.drain });
    const reads = variant === "read" ? readFigures(await producer.ask("groupReads"), run) : {};
    producer.kill();
    const workerMb = run.cost.peakMemoryMb / workers;
    return { ...run, figures: { ...run.figures, createSeconds, workerMb, ...creator, ...reads } };
  },
});

async function creatorFigures(producer) {
  const { peakMemoryBytes } = await producer.ask("usage");
  return { creatorMb: peakMemoryBytes / 2 ** 20 };
}

/** Of the reads that were under way while the members were worked off. */
function readFigures(timed, drain) {
  const [read, bare] = [tookDuring(drain, timed.read), tookDuring(drain, timed.bare)];
  return {
    readCount: read.length,
    ...{ readP50Ms: quantile(read, 0.5), readP99Ms: quantile(read, 0.99), readMaxMs: quantile(read, 1) },
    ...{ bareP50Ms: quantile(bare, 0.5), bareP99Ms: quantile(bare, 0.99), bareMaxMs: quantile(bare, 1) },
  };
}
