import { callsheetError } from "@callsheet/contract";
import type { Database, Line } from "./database.ts";

/** Rounds of questions; a pooler that is busy with others might by chance answer one round as a server would. */
const ROUNDS = 3;

/**
 * Refuses a pooler that does not keep a session of the server for each connection, with `pooler_unsupported`: settings,
 * prepared statements and LISTEN would be lost between two transactions. One in session mode does.
 */
export async function requireSessions(db: Database): Promise<void> {
  if (!db.isPooled) return;
  const one = await db.line("probe");
  const other = await db.line("probe").catch(async (error: unknown) => {
    await one.close();
    throw error;
  });
  try {
    const [ones, others]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      // Twice each: one that hands out its sessions in turn is seen as well as one that hands out the last one.
      for (const [line, pids] of [
        [one, ones],
        [one, ones],
        [other, others],
        [other, others],
      ] as const)
        pids.push(await pidOf(line));
    }
    if (hasOwnSession(ones, others)) return;
    // What connections set for themselves stands in sessions that are others' from here on.
    for (const line of [one, other]) await line.query({ text: "reset all", values: [] });
  } finally {
    await Promise.all([one.close(), other.close()]);
  }
  throw callsheetError(
    "pooler_unsupported",
    "The address is that of a pooler which gives each transaction another session of the server.",
  );
}

/** Whether each of two connections was answered by one process of the server, of its own. */
export function hasOwnSession(ones: readonly number[], others: readonly number[]): boolean {
  const [one, other] = [new Set(ones), new Set(others)];
  return one.size === 1 && other.size === 1 && ones[0] !== others[0];
}

async function pidOf(line: Line): Promise<number> {
  const { rows } = await line.query<{ pid: number }>({ text: "select pg_backend_pid() as pid", values: [] });
  return rows[0]!.pid;
}
