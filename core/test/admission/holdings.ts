import { expect } from "vitest";
import type { TestDatabase } from "../../src/testing/index.ts";

/** Makes a pool of the cluster. */
export async function poolOf(database: TestDatabase, name: string, capacity: number, scope = "cluster") {
  const { rows } = await database.db.query<{ id: number }>({
    text: "insert into callsheet.pool (name, scope, capacity, base) values ($1, $2, $3, $3) returning id",
    values: [name, scope, capacity],
  });
  return rows[0]!.id;
}

/** What is used is what attempts hold, no object has two owners who exclude each other, and nobody waits for a free one. */
export async function checkHoldings(database: TestDatabase): Promise<void> {
  const { rows } = await database.db.query<Record<string, unknown>>({
    text: `
      select 'pool ' || p.name as what, p.used::text as found, held.units::text as expected from callsheet.pool p cross join lateral (
        select coalesce((select sum(g.units) from callsheet.grant_of_units g where g.pool_id = p.id), 0)
          + coalesce((select sum(c.open * u.units) from callsheet.claim c, unnest(c.pool_ids, c.units) as u (pool_id, units) where u.pool_id = p.id), 0) as units
      ) held where p.used <> held.units
      union all
      select 'object ' || object_key, string_agg(job_id::text, ' '), 'one holder' from callsheet.ticket where held
      group by object_key having count(*) > 1 and bool_or(mode = 'exclusive')
      union all
      select 'free object ' || object_key, string_agg(job_id::text, ' '), 'nobody waits' from callsheet.ticket
      group by object_key having not bool_or(held)
        and not exists (select from callsheet.ticket o where o.job_id = any(array_agg(ticket.job_id)) and o.object_key <> ticket.object_key)
      union all
      select 'ticket of ' || t.job_id, t.object_key, 'a live attempt' from callsheet.ticket t
      where t.token is not null and not exists (select from callsheet.work w where w.job_id = t.job_id and w.token = t.token and w.node_id is not null)
        and not exists (select from callsheet.claim c where c.token = t.token and t.job_id = any(c.ids) and get_bit(c.ended, array_position(c.ids, t.job_id) - 1) = 0)
        and not exists (select from callsheet.remnant r where r.token = t.token and r.job_id = t.job_id)`,
    values: [],
  });
  expect(rows).toEqual([]);
}
