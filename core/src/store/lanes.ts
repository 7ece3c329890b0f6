import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

/**
 * Pauses the lanes of an action, or lets them go on. Once it is committed nothing of them starts any more: each claim shares
 * the barrier that is taken alone here, and a claim that waited for it sees the pause. Answers the lanes that did not stand so before.
 */
export async function setPaused(
  tx: Queryable,
  actionId: number,
  isPaused: boolean,
  reason: string | null,
): Promise<readonly number[]> {
  await tx.query(sql`lock table callsheet.barrier in exclusive mode`);
  const { rows } = await tx.query<{ id: number }>(sql`
    update callsheet.lane set paused = ${isPaused}, reason = ${reason} where action_id = ${actionId} and paused <> ${isPaused}
    returning id`);
  return rows.map(({ id }) => id);
}

/** Deletes the lanes of an action; it must have no jobs any more. */
export async function deleteLanes(tx: Queryable, actionId: number): Promise<void> {
  await tx.query(sql`delete from callsheet.lane where action_id = ${actionId}`);
}
