import type { ObjectFacts, TicketFacts } from "@callsheet/contract";
import type { Queryable } from "./database.ts";

/** Makes rows for objects that have none yet. A row that is there stays for ever: who made it once need not ask again. */
export async function makeObjects(tx: Queryable, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await tx.query({
    name: "make_objects",
    text: `insert into callsheet.object (key) select k.key from unnest($1::text[]) as k (key)
      where not exists (select from callsheet.object o where o.key = k.key offset 0) order by k.key collate "C" on conflict do nothing`,
    values: [keys],
  });
}

/** Locks objects that nobody stands at. Answers those. Their tickets are read by the next statement. */
export async function tryObjects(tx: Queryable, keys: readonly string[]): Promise<readonly string[]> {
  if (keys.length === 0) return [];
  const { rows } = await tx.query<{ count: number; locked: readonly string[] | null }>({
    name: "try_objects",
    text: `
      with locked as materialized (
        select key from callsheet.object where key = any($1::text[]) order by key collate "C" for update skip locked
      )
      select count(*)::int as count, case when count(*) < cardinality($1::text[]) then coalesce(json_agg(key), '[]') end as locked from locked`,
    values: [keys],
  });
  return rows[0]!.locked ?? keys;
}

/** Locks objects, which were made before, in the order of their keys. Their tickets are read by the next statement. */
export async function lockObjects(tx: Queryable, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  await tx.query({
    name: "lock_objects",
    text: 'select from callsheet.object where key = any($1::text[]) order by key collate "C" for update',
    values: [keys],
  });
}

/** How much of an object's line is read: those behind it wait in any case. */
const LONGEST_LINE = 200;

/** The lines of objects, in order. Objects that are in quarantine are there in any case, others when somebody stands in their line. */
export async function readObjects(db: Queryable, keys: readonly string[]): Promise<readonly ObjectFacts[]> {
  if (keys.length === 0) return [];
  const { rows } = await db.query<{
    key: string;
    quarantine: ObjectFacts["quarantine"];
    tickets: TicketFacts[] | null;
  }>({
    name: "read_objects",
    text: `
      with line as materialized (
        select t.* from unnest($1::text[]) as k (key) cross join lateral (
          (select * from callsheet.ticket where object_key = k.key and not passed order by object_key, number limit ${LONGEST_LINE})
          union all
          (select * from callsheet.ticket where object_key = k.key and passed order by object_key, number limit ${LONGEST_LINE})
        ) t
      ), served as materialized (
        select lane_id, callsheet.is_served(lane_id) as yes from (select distinct lane_id from line where token is null) l
      )
      select key, json_build_object('reason', reason) as quarantine, null as tickets
      from callsheet.object where quarantined and key = any($1::text[])
      union all
      select object_key, null, json_agg(json_build_object('jobId', job_id, 'number', number, 'mode', mode, 'held', held,
        'isServed', token is not null or (select yes from served s where s.lane_id = line.lane_id)) order by number)
      from line group by object_key`,
    values: [keys],
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
