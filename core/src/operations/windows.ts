import { capacityAt } from "@callsheet/contract";
import type { Statements } from "../store/store.ts";
import type { Desk } from "./operate.ts";

/** Sets the capacity of every resource that has windows to what counts at this moment, which it answers. */
export async function applyWindows(store: Statements, announce: Desk["announce"]): Promise<Date> {
  const [now, pools] = await Promise.all([store.databaseNow(), store.windowedPools()]);
  let hasChanged = false;
  for (const pool of pools)
    if (await store.setPoolCapacity(pool, capacityAt(pool.base, pool.windows, now))) hasChanged = true;
  if (hasChanged) announce({ kind: "everything" });
  return now;
}
