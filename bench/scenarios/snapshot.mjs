import pg from "pg";
import { decileGrowth } from "../measure/statistics.mjs";
import { workOff } from "./drain.mjs";
import { load } from "./stage.mjs";

/**
 * Works off a backlog while another session holds an old snapshot, so that no dead row can be cleared away: how much slower
 * is the last tenth of the time than the first? The tables are analysed, so that growth is all that shows.
 * @param {{count: number, lengthMs: number}} size
 */
export const heldSnapshot = ({ count, lengthMs }) => ({
  title: `drain under a held snapshot, ${lengthMs / 1000} s`,
  stores: ["postgres"],
  variants: () => [""],
  play: async (stage) => {
    await load(stage, count);
    await stage.store.analyse();
    const holder = new pg.Client({ connectionString: stage.store.url });
    holder.on("error", () => {}); // the server may end it while it stops
    await holder.connect();
    try {
      await holder.query("begin isolation level repeatable read read only");
      await holder.query("select count(*) from pg_class");
      const settings = stage.system.settings.drain;
      const run = await workOff(stage, { count, workers: 1, limitMs: lengthMs, settings });
      const { first, last, growth } = decileGrowth(run.timeline);
      // The time is set here, not a limit that cuts it off.
      const { complete: _, ...figures } = run.figures;
      return { ...run, figures: { ...figures, firstTenthRate: first, lastTenthRate: last, growth } };
    } finally {
      await holder.end();
    }
  },
});
