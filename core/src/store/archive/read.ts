import sql, { raw } from "sql-template-tag";
import type { Queryable } from "../database.ts";

/** A table that holds something of Callsheet, with its columns in their order. */
export interface StoredTable {
  readonly name: string;
  readonly columns: readonly string[];
}

/** Rows that are read at once: each may be large, and all are in memory together. */
const BATCH_ROWS = 200;

/** Lets the rest of a transaction read one state of everything, however long that takes. The first statement of its transaction. */
export async function beginSnapshot(tx: Queryable): Promise<void> {
  await tx.query({ text: "set transaction isolation level repeatable read, read only", values: [] });
  await sitStill(tx);
}

/** Lets a transaction wait for whoever reads or writes beside it, without being ended for it. */
export async function sitStill(tx: Queryable): Promise<void> {
  await tx.query({ text: "set local idle_in_transaction_session_timeout = 0", values: [] });
}

/**
 * Every table of the schema but the record of its migrations. Asked of the catalogue, so that none can be forgotten;
 * partitions are read by way of what they are parts of, and what the server itself forgets holds nothing to keep.
 */
export async function storedTables(db: Queryable, schema: string): Promise<readonly StoredTable[]> {
  const { rows } = await db.query<StoredTable>(sql`
    select c.relname::text as name, array_agg(a.attname::text order by a.attnum) as columns
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where c.relnamespace = ${schema}::regnamespace and c.relkind in ('r', 'p') and c.relpersistence = 'p' and not c.relispartition and c.relname <> 'migration'
    group by c.relname order by c.relname`);
  return rows;
}

export async function countRows(tx: Queryable, table: string): Promise<number> {
  const { rows } = await tx.query<{ count: string }>({
    text: `select count(*) from callsheet.${quoted(table)}`,
    values: [],
    patience: "bulk",
  });
  return Number(rows[0]!.count);
}

/** Every row of a table, a line of JSON each, in batches. In a transaction. */
export async function* readRows(tx: Queryable, table: string): AsyncGenerator<readonly string[]> {
  // A line feed in JSON stands between its parts only; those in texts are escaped.
  await tx.query(sql`
    declare rows no scroll cursor for
    select replace(row_to_json(t)::text, e'\\n', ' ') as line from callsheet.${raw(quoted(table))} t`);
  for (;;) {
    const text = `fetch ${BATCH_ROWS} from rows`;
    const { rows } = await tx.query<{ line: string }>({ text, values: [], patience: "bulk" });
    if (rows.length > 0) yield rows.map(({ line }) => line);
    if (rows.length < BATCH_ROWS) break;
  }
  await tx.query({ text: "close rows", values: [] });
}

/** The last number of each sequence that has given one, as text: they are larger than what a number of JSON can hold. */
export async function readSequences(db: Queryable, schema: string): Promise<Readonly<Record<string, string>>> {
  const { rows } = await db.query<{ name: string; value: string }>(sql`
    select sequencename::text as name, last_value::text as value
    from pg_sequences where schemaname = ${schema} and last_value is not null order by 1`);
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
}

/** A name of the catalogue, or of an archive, as it may stand in a statement. */
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
