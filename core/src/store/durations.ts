import { type Durations, MOST_OBSERVATIONS } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** How long attempts of one action and size class took. */
export interface Observed {
  readonly actionId: number;
  readonly sizeClass: number;
  readonly counts: Durations;
}

/**
 * Adds what was observed to what is known, in the order of keys, so that two nodes cannot wait for each other. When a
 * histogram has too many observations all its counts are halved: old ones fade. Under a receipt that stands already, nothing is
 * added. All nodes add to the same rows: one statement, which has them while the server works, and not while a node has yet to
 * read an answer.
 */
export async function addDurations(db: Queryable, receipt: string, observed: readonly Observed[]): Promise<void> {
  const columns = [
    observed.map((one) => one.actionId),
    observed.map((one) => one.sizeClass),
    observed.map((one) => `{${one.counts.join(",")}}`),
  ] as const;
  await db.query(sql`
    with added as (
      insert into callsheet.receipt (id) values (${receipt}::uuid) on conflict do nothing returning id
    )
    insert into callsheet.duration as d (action_id, size_class, counts, at)
    select action_id, size_class, counts::int[], callsheet.now()
    from unnest(${columns[0]}::int[], ${columns[1]}::smallint[], ${columns[2]}::text[]) as o (action_id, size_class, counts)
    where exists (select from added)
    order by action_id, size_class
    on conflict (action_id, size_class) do update set at = excluded.at, counts = (
      select array_agg(n / case when whole > ${MOST_OBSERVATIONS} then 2 else 1 end order by place)
      from (
        select place, coalesce(old, 0) + coalesce(new, 0) as n, sum(coalesce(old, 0) + coalesce(new, 0)) over () as whole
        from rows from (unnest(d.counts), unnest(excluded.counts)) with ordinality as c (old, new, place)
      ) sums
    )`);
}

/** All that is known of how long attempts took. */
export async function readDurations(db: Queryable): Promise<readonly Observed[]> {
  const { rows } = await db.query<Observed>(
    sql`select action_id as "actionId", size_class as "sizeClass", counts from callsheet.duration`,
  );
  return rows;
}
