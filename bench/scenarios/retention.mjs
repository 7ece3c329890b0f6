import { workOff } from "./drain.mjs";
import { load } from "./stage.mjs";

const amount = (count) => count.toLocaleString("en-US");

/**
 * Works off a backlog, large enough for many pages of retention, beside settled jobs whose time is over: by itself, and
 * while retention deletes them. The claim may be a fifth slower at most.
 * @param {{count: number, settled: number, limitMs: number}} size
 */
export const retention = ({ count, settled, limitMs }) => ({
  title: `drain of ${amount(count)} jobs beside ${amount(settled)} settled ones that are kept, or deleted meanwhile`,
  systems: ["callsheet"],
  variants: () => ["kept", "deleted"],
  play: async (stage, variant) => {
    await load(stage, count, { mixed: false });
    const keeper = stage.actor();
    await keeper.ask("openProducer", { settings: stage.system.settings.create });
    await stage.system.prepareSettled(stage.store, { count: settled });
    await stage.store.analyse();
    if (variant === "deleted") await keeper.ask("retain");
    const run = await workOff(stage, { count, workers: 1, limitMs, settings: stage.system.settings.drain });
    const [{ n: left }] = await stage.store.query(
      "select count(*)::int n from callsheet.outcome where ended_at < now() - interval '1 day'",
    );
    keeper.kill();
    return { ...run, figures: { ...run.figures, deletedPerSecond: (settled - left) / run.figures.seconds } };
  },
});
