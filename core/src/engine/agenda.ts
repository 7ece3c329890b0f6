import { endOverdue } from "./overrun.ts";
import type { Part } from "./part.ts";
import { type Service, startService } from "./service.ts";
import { wokenBy } from "./woken-by.ts";

/** The first look comes after the same wait as any other: a node that starts takes what waits by itself. */
const LOOK_MS = 500;
const DUE_BATCH = 5_000;

/**
 * Does what the time asks for: jobs come due, running ones overrun, turns at objects follow nodes and pauses, admission and nodes
 * are woken when any wait, and so is the timer when a timed action is due. One look tells which of it there is to do, and when the next of it comes; it sleeps until exactly
 * then, at most half a second.
 */
export function startAgenda(part: Part, admission: Service, timer: Service): Service {
  const { store, environment, log, bus } = part;
  const service = startService({
    name: "agenda",
    environment,
    log,
    everyMs: LOOK_MS,
    firstMs: LOOK_MS,
    round: async () => {
      const { dueMs, overdueMs, timedMs, hasWaiting, hasTurns } = await store.readAgenda();
      if (hasWaiting) {
        admission.wake();
        bus.tellHere({ kind: "waiting" });
      }
      if (isNow(timedMs)) timer.wake();
      if (hasTurns)
        for (const { laneId, rank } of await store.settleTurns()) bus.publish({ kind: "lane", laneId, rank });
      const isDone = [isNow(dueMs) && (await wakeDue(part)), isNow(overdueMs) && (await endOverdue(part)).count > 0];
      if (isDone.includes(true)) return 0;
      return Math.ceil(
        Math.min(dueMs ?? LOOK_MS, overdueMs ?? LOOK_MS, isNow(timedMs) ? LOOK_MS : (timedMs ?? LOOK_MS)),
      );
    },
  });
  return wokenBy(bus, service, (hint) => hint === undefined || hint.kind === "due");
}

const isNow = (ms: number | null): boolean => ms !== null && ms <= 0;

/** Makes jobs pending whose time has come. Answers whether there were any. */
async function wakeDue({ store, bus }: Part): Promise<boolean> {
  const { lanes, count } = await store.comeDue(DUE_BATCH);
  for (const lane of lanes) bus.publish({ kind: "lane", ...lane });
  return count > 0;
}
