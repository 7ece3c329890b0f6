import { afterAll, beforeAll } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";

/** One database for all tests of a file, for tests that only look at jobs of their own. */
export function databaseOfFile(): { readonly get: () => TestDatabase } {
  let database: TestDatabase | undefined;
  beforeAll(async () => {
    database = await openTestDatabase();
  });
  afterAll(() => database?.close());
  return { get: () => database! };
}

/** Runs a test on a database of its own. */
export function withDatabase(run: (database: TestDatabase) => Promise<void>): () => Promise<void> {
  return async () => {
    const database = await openTestDatabase();
    try {
      await run(database);
    } finally {
      await database.close();
    }
  };
}

/** Everything that is stored of a job, as text that can be compared. */
export async function rowsOf(database: TestDatabase, id: string): Promise<Record<string, unknown[]>> {
  const { rows } = await database.db.query<{ all: Record<string, unknown[]> }>({
    text: `
      select json_build_object(
        'job', (select json_agg(t) from callsheet.job t where id = $1),
        'work', (select json_agg(t) from callsheet.work t where job_id = $1),
        'outcome', (select json_agg(t) from callsheet.outcome t where job_id = $1),
        'claim', (select json_agg(t) from callsheet.claim t where $1 = any(ids)),
        'event', (select json_agg(t order by seq) from callsheet.event t where job_id = $1),
        'configuration', (select json_agg(t order by version) from callsheet.configuration t where job_id = $1),
        'progress', (select json_agg(t) from callsheet.progress t where job_id = $1),
        'variable', (select json_agg(t order by name) from callsheet.variable t where job_id = $1),
        'log_line', (select json_agg(t order by attempt, n) from callsheet.log_line t where job_id = $1)) as all`,
    values: [id],
  });
  const found = Object.entries(rows[0]!.all).map(([table, all]) => [table, all ?? []]);
  return Object.fromEntries(found);
}

/** The only row of a job in a table. */
export async function rowOf(database: TestDatabase, table: string, id: string): Promise<Record<string, unknown>> {
  const all = (await rowsOf(database, id))[table]!;
  if (all.length !== 1) throw new Error(`${all.length} rows in ${table}`);
  return all[0] as Record<string, unknown>;
}
