import sql, { raw } from "sql-template-tag";
import { quoted } from "./archive/read.ts";
import type { Queryable } from "./database.ts";

/** A partition of events, and the end of its time. */
interface Partition {
  readonly name: string;
  readonly until: Date;
}

/** Whoever writes or reads events is kept waiting for no longer than this; what was not had by then is tried another time. */
const LOCK_TIMEOUT = raw("set local lock_timeout = '200ms'");

/** Whether this role may make and drop partitions: where the schema is another's, all goes into the last one. */
export async function mayPartition(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ may: boolean }>(sql`
    select pg_has_role(relowner, 'usage') as may from pg_class where oid = 'callsheet.event'::regclass`);
  return rows[0]!.may;
}

/** Partitions with a time of their own, the oldest first. */
async function partitions(db: Queryable): Promise<readonly Partition[]> {
  const { rows } = await db.query<Partition>(sql`
    select c.relname::text as name, (regexp_match(pg_get_expr(c.relpartbound, c.oid), ${"TO \\('([^']+)'\\)"}))[1]::timestamptz as until
    from pg_inherits i join pg_class c on c.oid = i.inhrelid
    where i.inhparent = 'callsheet.event'::regclass and pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
    order by until`);
  return rows;
}

/**
 * The days, as `2026-11-30`, that have no partition yet, up to so many ahead of today; none that has begun, since its lines are
 * somewhere already.
 */
export async function missingDays(db: Queryable, ahead: number): Promise<readonly string[]> {
  const known = await partitions(db);
  const { rows } = await db.query<{ day: string }>(sql`
    select to_char(today + n, 'YYYY-MM-DD') as day
    from generate_series(1, ${ahead}::int) n, (select (callsheet.now() at time zone 'UTC')::date as today) t
    where (today + n)::timestamp at time zone 'UTC' >= ${known.at(-1)?.until ?? new Date(0)}::timestamptz order by 1`);
  return rows.map(({ day }) => day);
}

/** Makes a day's partition, in a transaction. It is attached when it is ready, so that writers of other days go on. */
export async function makeDay(tx: Queryable, day: string): Promise<void> {
  const name = raw(`callsheet.event_${day.replaceAll("-", "_")}`);
  const [from, until] = [raw(`'${day} 00:00:00+00'`), raw(`'${dayAfter(day)} 00:00:00+00'`)];
  await tx.query(sql`${LOCK_TIMEOUT}`);
  await tx.query(sql`create table ${name} (like callsheet.event including all)`);
  await tx.query(sql`alter table callsheet.event attach partition ${name} for values from (${from}) to (${until})`);
}

const dayAfter = (day: string): string => new Date(Date.parse(`${day}T00:00Z`) + 86_400_000).toISOString().slice(0, 10);

/** Partitions whose time was over a day ago and in which there is nothing. */
export async function emptyPartitions(db: Queryable): Promise<readonly string[]> {
  const { rows } = await db.query<{ at: Date }>(sql`select callsheet.now() - interval '1 day' as at`);
  const over = (await partitions(db)).filter(({ until }) => until < rows[0]!.at);
  const empty: string[] = [];
  for (const { name } of over) if (await isEmpty(db, name)) empty.push(name);
  return empty;
}

/** Drops a partition in a transaction, if there is still nothing in it once nobody can write to it any more. */
export async function dropPartition(tx: Queryable, name: string): Promise<boolean> {
  await tx.query(sql`${LOCK_TIMEOUT}`);
  await tx.query(sql`lock table callsheet.${raw(quoted(name))} in access exclusive mode`);
  if (!(await isEmpty(tx, name))) return false;
  await tx.query(sql`drop table callsheet.${raw(quoted(name))}`);
  return true;
}

async function isEmpty(db: Queryable, name: string): Promise<boolean> {
  const { rows } = await db.query<{ is: boolean }>(
    sql`select not exists (select from callsheet.${raw(quoted(name))}) as is`,
  );
  return rows[0]!.is;
}
