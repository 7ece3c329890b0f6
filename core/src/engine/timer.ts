import { tellFreed } from "../operations/tell-freed.ts";
import { decideTimed } from "../operations/timed/decide.ts";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";

/** The agenda wakes it when something is due; it looks by itself now and then. */
const LOOK_MS = 5_000;
/** Who lost a timed action to another process looks again when that has decided. */
const GAP_MS = 20;
const BATCH = 100;

/**
 * Decides on the instants of timed actions that are due, in every process: the database's clock says which those are, and a key
 * in it lets each of them fire once. One that cannot be decided on stands in nobody else's way. `onDecided`: told when some were.
 */
export function startTimer(part: Part, onDecided: () => void): Service {
  const { store, environment, log } = part;
  return startService({
    name: "timer",
    environment,
    log,
    everyMs: LOOK_MS,
    firstMs: LOOK_MS,
    gapMs: GAP_MS,
    round: async () => {
      const due = await store.dueTimed(BATCH);
      const failures: unknown[] = [];
      let isMoved = false;
      for (const one of due) {
        const changed = await decideTimed(part, one).catch((error: unknown) => void failures.push(error));
        isMoved ||= changed !== undefined;
        tellFreed(part.bus, changed ?? [], []);
      }
      if (isMoved) onDecided();
      if (failures.length > 0) throw failures[0];
      return isMoved ? 0 : null;
    },
  });
}
