import { callsheetError } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./statement.ts";

/** What the server knows a connection by; never another's, however its numbers are used again. */
export interface Session {
  readonly pid: number;
  readonly startedAt: string;
}

/**
 * Ends a session, and waits until it has ended. Its connection was lost, but what was sent on it may reach the server
 * later: from here on nothing of it is done any more. Fails with `database_lost` when it does not end in time.
 */
export async function endSession(db: Queryable, { pid, startedAt }: Session): Promise<void> {
  const { rows } = await db.query<{ hasEnded: boolean }>(sql`
    select pg_terminate_backend(pid, 5000) as "hasEnded" from pg_stat_activity
    where pid = ${pid} and backend_start = ${startedAt}::timestamptz`);
  if (rows[0]?.hasEnded === false)
    throw callsheetError("database_lost", "The server has not yet ended the session of a connection that was lost.");
}
