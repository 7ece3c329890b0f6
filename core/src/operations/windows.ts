import { capacityAt } from "@callsheet/contract";
import type { Statements } from "../store/store.ts";
import type { Desk } from "./operate.ts";

/** Sets the capacity of every resource that has windows to what counts at this moment, which it answers. */
export async function applyWindows(store: Statements, announce: Desk["announce"]): Promise<Date> {
  const [now, pools] = await Promise.all([store.databaseNow(), store.windowedPools()]);
  for (const pool of pools) {
    const capacity = capacityAt(pool.base, pool.windows, now);
    if (await store.setPoolCapacity(pool, capacity)) announce({ kind: "pool", poolId: pool.id });
  }
  return now;
}
