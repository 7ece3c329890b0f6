import type { Queryable } from "./database.ts";

/**
 * Takes the barrier alone until the transaction ends: claims that are under way are over, and those that come wait and then
 * see what this transaction changed. Nothing may be locked before it.
 */
export async function takeBarrier(tx: Queryable): Promise<void> {
  await tx.query({ text: "lock table callsheet.barrier in exclusive mode", values: [] });
  await tx.query({ text: "select nextval('callsheet.rules_number')", values: [] });
}

/**
 * Grows whenever somebody has taken the barrier, or a lane has come under a limit: a claim that meets another number than when
 * it read the pools reads them again.
 */
export async function rulesNumber(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ number: string }>({
    name: "rules_number",
    text: "select last_value::text as number from callsheet.rules_number",
    values: [],
  });
  return rows[0]!.number;
}
