import pg from "pg";
import type { Statement } from "../../src/store/database.ts";
import type { TestDatabase } from "../../src/testing/index.ts";
import { literal, SETTINGS, type Where } from "./plan.ts";

/** What a transaction read of a table. */
export interface TableReads {
  readonly table: string;
  /** How often it was read from end to end. */
  readonly wholeScans: number;
  /** Rows, by whatever way. */
  readonly rows: number;
}

/**
 * Runs statements in one transaction up to all that happens at its commit, then undoes it. Answers what was read of each table, by
 * the statements and by all that triggers did, the deferred ones included.
 */
export async function readsWithin(
  database: TestDatabase,
  statements: readonly Statement[],
  where: Where,
): Promise<readonly TableReads[]> {
  const options = SETTINGS[where].map((setting) => `-c ${setting}`).join(" ");
  const client = new pg.Client({ connectionString: database.url, options });
  await client.connect();
  try {
    for (const [index, { text }] of statements.entries()) await client.query(`prepare sent${index} as ${text}`);
    await client.query("begin");
    for (const [index, { values }] of statements.entries()) {
      const list = values.map((value) => (value === null ? "null" : pg.escapeLiteral(literal(value)))).join(", ");
      await client.query(`execute sent${index}${list && `(${list})`}`);
    }
    await client.query("set constraints all immediate");
    const { rows } = await client.query<TableReads>(
      `select relname as table, seq_scan::int as "wholeScans", (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as rows
       from pg_stat_xact_user_tables where schemaname = 'callsheet' and seq_scan + coalesce(idx_scan, 0) > 0`,
    );
    return rows;
  } finally {
    await client.end();
  }
}
