import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** Deletes the lanes of an action; it must have no jobs any more. */
export async function deleteLanes(tx: Queryable, actionId: number): Promise<void> {
  await tx.query(sql`delete from callsheet.lane where action_id = ${actionId}`);
}
