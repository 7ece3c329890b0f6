import sql, { raw } from "sql-template-tag";
import type { Queryable } from "../../store/database.ts";

type Table = "job" | "work" | "claim" | "outcome" | "event" | "node" | "composite";

/** Inserts one row as it is given, by the names of its columns. Columns that are absent are null. */
export async function insertRow(db: Queryable, table: Table, row: Readonly<Record<string, unknown>>): Promise<void> {
  await db.query(sql`
    insert into callsheet.${raw(table)}
    select * from json_populate_record(null::callsheet.${raw(table)}, ${JSON.stringify(row)}::json)`);
}

/** Takes the state of a job away that follows from elsewhere. */
export async function removeWork(db: Queryable, id: string): Promise<void> {
  await db.query(sql`delete from callsheet.work where job_id = ${id}`);
}

export async function nextToken(db: Queryable): Promise<string> {
  const { rows } = await db.query<{ token: string }>(sql`select nextval('callsheet.token_number')::text as token`);
  return rows[0]!.token;
}

/** Jobs that something can be done for now: due, in the internal queue, live, or come due and not woken yet. */
export async function countBusy(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(sql`
    select ((select count(*) from callsheet.work
             where state in ('pending', 'queued', 'running', 'timed_out', 'cancelling')
                or (state in ('scheduled', 'retrying') and due_at <= callsheet.now() and rollback in ('none', 'done')))
          + (select coalesce(sum(open), 0) from callsheet.claim))::int as count`);
  return rows[0]!.count;
}
