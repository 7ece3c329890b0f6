import type { Callsheet } from "../callsheet.ts";
import { countBusy } from "./store/rows.ts";
import { databaseOf } from "./test-database.ts";
import { until, type WaitOptions } from "./until.ts";

/** Waits until nothing is due, queued or live: what is left waits for its time, or for somebody. For one that a `TestDatabase` opened. */
export async function runUntilIdle(cs: Callsheet, options: WaitOptions = {}): Promise<void> {
  const { db } = databaseOf(cs);
  await until(async () => (await countBusy(db)) === 0, { what: "An idle engine", ...options });
}
