import { workOff } from "./drain.mjs";
import { load } from "./stage.mjs";

/**
 * Works off jobs that need one unit of a pool and lock one of `objects` objects each. Peers, which have neither, work off
 * as many jobs that need nothing.
 * @param {{count: number, objects: number, units: number, workers: number, limitMs: number, variants?: readonly string[]}} size
 */
export const contended = ({ count, objects, units, workers, limitMs, variants = ["loaded", "analysed"] }) => ({
  title: `drain of ${count.toLocaleString("en-US")} jobs with a unit and a lock each by ${workers} process${workers === 1 ? "" : "es"}; peers: of plain jobs`,
  variants: (system) => (system.store === "postgres" ? variants : [""]),
  play: async (stage, variant) => {
    const { prepareContention, settings } = stage.system;
    await prepareContention?.(stage.store, { units });
    await load(stage, count, { mixed: false, further: prepareContention ? { objects } : {} });
    if (variant === "analysed") await stage.store.analyse();
    return workOff(stage, { count, workers, limitMs, settings: settings.drain });
  },
});
