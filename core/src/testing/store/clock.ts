import sql from "sql-template-tag";
import type { Queryable } from "../../store/database.ts";

/** Puts a clock that stands still in place of the database's: `callsheet.now()` reads a table from now on. */
export async function stopClock(tx: Queryable): Promise<void> {
  await tx.query(sql`create table callsheet.manual_clock as select pg_catalog.now() as at`);
  await tx.query({
    text: "create or replace function callsheet.now() returns timestamptz language sql stable as 'select at from callsheet.manual_clock'",
    values: [],
  });
}

export async function setClock(db: Queryable, at: Date): Promise<Date> {
  const { rows } = await db.query<{ at: Date }>(sql`update callsheet.manual_clock set at = ${at} returning at`);
  return rows[0]!.at;
}

export async function advanceClock(db: Queryable, ms: number): Promise<Date> {
  const { rows } = await db.query<{ at: Date }>(sql`
    update callsheet.manual_clock set at = at + ${ms}::float8 * interval '1 millisecond' returning at`);
  return rows[0]!.at;
}
