import type { Queryable } from "./database.ts";

/**
 * Takes the barrier alone until the transaction ends: claims that are under way are over, and those that come wait and then
 * see what this transaction changed. Nothing may be locked before it.
 */
export async function takeBarrier(tx: Queryable): Promise<void> {
  await tx.query({ text: "lock table callsheet.barrier in exclusive mode", values: [] });
}
