import type { ObjectFacts, TicketFacts } from "@callsheet/contract";
import type { Queryable, Statement } from "./database.ts";
import { textArray } from "./statement.ts";

/** Makes rows for objects that have none yet. A row stays while anybody asks for it now and then: who made it need not ask again soon. */
export async function makeObjects(tx: Queryable, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await tx.query({
    name: "make_objects",
    text: `insert into callsheet.object (key) select k.key from unnest($1::text[]) as k (key)
      where not exists (select from callsheet.object o where o.key = k.key offset 0) order by k.key collate "C" on conflict do nothing`,
    values: [keys],
  });
}

/*
 * Who locks objects finds all who stand at them in tickets, and it stays so until `leaveLines`: a holder that stood in the
 * object's own row is written out. Those that a node keeps are not locked: nobody stands in their lines.
 */
const withLines = (others: "awaited" | "left") => `
  with locked as materialized (
    select key, token, job_id, at, lined from callsheet.object where key = any($1::text[]) and keeper_id is null
    order by key collate "C" for update ${others === "left" ? "skip locked" : ""}
  ), written as (
    insert into callsheet.ticket (object_key, number, job_id, lane_id, mode, held, token, at)
    select l.key, nextval('callsheet.ticket_number'), l.job_id, coalesce((select lane_id from callsheet.job where id = l.job_id), 0),
      'exclusive', true, l.token, l.at
    from locked l where l.token is not null
  ), lined as (
    update callsheet.object set token = null, job_id = null, lined = true
    where key = any(array(select key from locked where not lined))
  )
  select count(*)::int as count, case when count(*) < cardinality($1::text[]) then coalesce(json_agg(key), '[]') end as locked from locked`;

interface Locked {
  readonly count: number;
  /** Null: all. */
  readonly locked: readonly string[] | null;
}

/** Locks objects that nobody stands at. Answers those. Their tickets are read by the next statement. */
export async function tryObjects(tx: Queryable, keys: readonly string[]): Promise<readonly string[]> {
  if (keys.length === 0) return [];
  const text = withLines("left");
  const { rows } = await tx.query<Locked>({ name: "try_objects", text, values: [keys] });
  return rows[0]!.locked ?? keys;
}

/** Locks objects, which were made before, in the order of their keys. Their tickets are read by the next statement. */
export async function lockObjects(tx: Queryable, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const text = withLines("awaited");
  await tx.query({ name: "lock_objects", text, values: [keys] });
}

/** Lets objects, which are locked, be held in their own rows again where nobody stands at them any more. */
export async function leaveLines(tx: Queryable, keys: readonly string[]): Promise<void> {
  await tx.query({
    name: "leave_lines",
    text: `
      update callsheet.object o set lined = false
      where key = any($1::text[]) and lined and not exists (select from callsheet.ticket where object_key = o.key)`,
    values: [keys],
  });
}

/** Locks objects in the order of their keys, and leaves who holds one alone where he stands. Answers those that have lines. */
export async function lockHeld(tx: Queryable, keys: readonly string[]): Promise<readonly string[]> {
  if (keys.length === 0) return [];
  const { rows } = await tx.query<{ lined: readonly string[] | null }>({
    name: "lock_held",
    text: `
      with locked as materialized (
        select key, lined from callsheet.object where key = any($1::text[]) order by key collate "C" for update
      )
      select json_agg(key) filter (where lined) as lined from locked`,
    values: [keys],
  });
  return rows[0]!.lined ?? [];
}

/** Above these the units of a text do not sort as its bytes do. */
const HIGH = /[\ud800-\uffff]/;

/** As the server sorts text by "C". */
function byBytes(a: string, b: string): number {
  if (HIGH.test(a) || HIGH.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b));
  return a < b ? -1 : Number(a > b);
}

/**
 * What frees objects of attempts that hold them alone, in the order of their keys. Fails, as `isOvertaken` tells, where one of
 * them is not held so.
 */
export function freeingAlone(freed: readonly { readonly key: string; readonly token: string }[]): readonly Statement[] {
  if (freed.length === 0) return [];
  const ordered = [...freed].sort((a, b) => byBytes(a.key, b.key));
  return [
    {
      name: "free_alone",
      text: `
        with freed as (
          update callsheet.object o set token = null, job_id = null
          from unnest($1::text[], $2::bigint[]) as f (key, token)
          where o.key = f.key and o.token = f.token
          returning o.key
        )
        select callsheet.insist(count(*) = $3::int) from freed`,
      values: [
        textArray(ordered.map(({ key }) => key)),
        `{${ordered.map(({ token }) => token).join()}}`,
        ordered.length,
      ],
    },
  ];
}

/**
 * Deletes the rows of objects at which nobody stands, which nobody has taken alone for a day, and of which nobody decided anything:
 * of a page of them, in the order of their keys, those that nobody locks. Answers the last key of that page; undefined: there are no
 * more.
 */
export async function forgetObjects(db: Queryable, after: string, limit: number): Promise<string | undefined> {
  const { rows } = await db.query<{ last: string | null }>({
    text: `
      with page as materialized (
        select key from callsheet.object where key > $1 order by key limit $2
      ), idle as materialized (
        select o.key from page p cross join lateral (
          select key from callsheet.object where key = p.key and token is null and not lined and quarantined_at is null
            and (at is null or at < callsheet.now() - interval '1 day') offset 0 for update skip locked
        ) o
      ), gone as (
        delete from callsheet.object where key = any(array(select key from idle))
      )
      select max(key) as last from page`,
    values: [after, limit],
  });
  return rows[0]!.last ?? undefined;
}

/** How much of an object's line is read at most: those behind it wait in any case. */
export const LONGEST_LINE = 200;

/** How much is read. `limit`: of those who wait in each line, but were not passed over. `linesOf`: objects of which more is asked than whether they are in quarantine. Default: all. */
export interface ReadObjects {
  readonly limit?: number;
  readonly linesOf?: readonly string[];
}

/** The lines of objects, in order. Objects that are in quarantine are there in any case, others when somebody stands in their line. */
export async function readObjects(
  db: Queryable,
  keys: readonly string[],
  { limit = LONGEST_LINE, linesOf = keys }: ReadObjects = {},
): Promise<readonly ObjectFacts[]> {
  if (keys.length === 0) return [];
  const { rows } = await db.query<{
    key: string;
    quarantine: ObjectFacts["quarantine"];
    tickets: TicketFacts[] | null;
  }>({
    name: "read_objects",
    text: `
      with line as materialized (
        select t.* from unnest($2::text[]) as k (key) cross join lateral (
          (select * from callsheet.ticket where object_key = k.key and held order by object_key, number limit ${LONGEST_LINE})
          union all
          (select * from callsheet.ticket where object_key = k.key and not held and not passed order by object_key, number limit $3::int)
          union all
          (select * from callsheet.ticket where object_key = k.key and passed order by object_key, number limit ${LONGEST_LINE})
        ) t
      ), served as materialized (
        select lane_id, callsheet.is_served(lane_id) as yes from (select distinct lane_id from line where token is null) l
      )
      select key, case when quarantined then json_build_object('reason', reason) end as quarantine,
        case when token is not null and keeper_id is null
          then json_build_array(json_build_object('jobId', job_id, 'number', 0, 'mode', 'exclusive', 'held', true, 'isServed', true)) end as tickets
      from callsheet.object where (quarantined or token is not null) and keeper_id is null and key = any($1::text[])
      union all
      select object_key, null, json_build_array(json_build_object('jobId', job_id, 'number', 0, 'mode', 'exclusive', 'held', true, 'isServed', true))
      from callsheet.kept where object_key = any($1::text[])
      union all
      select object_key, null, json_agg(json_build_object('jobId', job_id, 'number', number, 'mode', mode, 'held', held,
        'isServed', token is not null or (select yes from served s where s.lane_id = line.lane_id)) order by number)
      from line group by object_key`,
    values: [keys, linesOf, limit],
  });
  const objects = new Map<string, ObjectFacts>();
  for (const { key, quarantine, tickets } of rows) {
    const known = objects.get(key);
    objects.set(key, {
      key,
      quarantine: quarantine ?? known?.quarantine ?? null,
      tickets: tickets ?? known?.tickets ?? [],
    });
  }
  return [...objects.values()];
}
