import type { Database } from "../store/database.ts";
import { createStore } from "../store/store.ts";
import { advanceClock, setClock, stopClock } from "./store/clock.ts";

/** The time of one test's database, which moves only when it is told to. */
export interface ManualClock {
  /** What `callsheet.now()` answers. */
  now(): Promise<Date>;
  set(instant: Date): Promise<Date>;
  /** Moves it by milliseconds; answers the new time. */
  advance(ms: number): Promise<Date>;
}

/** Stops the clock of a database at the present. Who waits for a time is told of each move. */
export async function openManualClock(db: Database): Promise<ManualClock> {
  const store = createStore(db);
  await db.transaction(stopClock);
  const told = async (at: Date) => {
    await store.notify("clock d");
    return at;
  };
  return {
    now: () => store.databaseNow(),
    set: async (instant) => told(await setClock(db, instant)),
    advance: async (ms) => told(await advanceClock(db, ms)),
  };
}
