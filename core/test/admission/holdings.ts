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

/** Attempts that hold something: members of claims, live rows, and those whose job was over before they ended. */
const ATTEMPTS = `
  select m.id as job_id, c.token from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n) where get_bit(c.ended, m.n::int - 1) = 0
  union all select job_id, token from callsheet.work where node_id is not null
  union all select job_id, token from callsheet.remnant`;

/** What jobs that are not settled ask for. */
const LOCKS = `
  select w.job_id, w.state::text as state, w.turn, case when w.node_id is not null then w.token end as token, l ->> 'key' as key
  from callsheet.work w join callsheet.job j on j.id = w.job_id, json_array_elements(j.locks) l
  union all
  select m.id, 'running', null, c.token, l ->> 'key'
  from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n), callsheet.job j, json_array_elements(j.locks) l
  where get_bit(c.ended, m.n::int - 1) = 0 and j.id = m.id`;

const BREACHES = `
  with attempt as materialized (${ATTEMPTS}), lock as materialized (${LOCKS}), line as materialized (
    select t.*, t.held or callsheet.is_served(t.lane_id) as counts from callsheet.line t
  )
  select 'what is used of ' || p.name as what, p.used::text as found, held.units::text as expected
  from callsheet.pool p cross join lateral (
    select coalesce((select sum(g.units) from callsheet.grant_of_units g where g.pool_id = p.id), 0)
      + coalesce((select sum(c.open * u.units) from callsheet.claim c, unnest(c.pool_ids, c.units) as u (pool_id, units)
                  where u.pool_id = p.id), 0) as units
  ) held where p.used <> held.units
  union all
  select 'units of ' || job_id, token::text, 'an attempt that lives' from callsheet.grant_of_units g
  where not exists (select from attempt a where a.job_id = g.job_id and a.token = g.token)
  union all
  select 'the line of ' || o.key, 'tickets', 'none: nobody said that there are any' from callsheet.object o
  where not o.lined and exists (select from callsheet.ticket t where t.object_key = o.key)
  union all
  select 'who holds ' || object_key, string_agg(job_id::text, ' '), 'one, or some who share it' from line where held
  group by object_key having count(*) > 1 and bool_or(mode = 'exclusive')
  union all
  select 'who holds ' || object_key, job_id::text, 'an attempt that lives, or one that is about to start' from line t
  where held and not exists (select from attempt a where a.job_id = t.job_id and a.token = t.token)
    and not (t.token is null and exists (select from callsheet.work w where w.job_id = t.job_id and w.state = 'queued' and w.turn < 0))
  union all
  select 'who waits for ' || object_key, job_id::text, 'a job that waits for a lock' from line t
  where not held and not exists (select from callsheet.work w where w.job_id = t.job_id and w.state = 'waiting_for_lock')
  union all
  select state || ' job ' || job_id, 'no ticket of ' || key, 'one that waits' from lock l
  where state = 'waiting_for_lock' and not exists (select from line t where t.job_id = l.job_id and t.object_key = l.key and not t.held)
  union all
  select state || ' job ' || job_id, 'no ticket of ' || key, 'one that was handed over' from lock l
  where state = 'queued' and turn < 0 and not exists (
    select from line t where t.job_id = l.job_id and t.object_key = l.key and t.held and t.token is null)
  union all
  select state || ' job ' || job_id, 'no ticket of ' || key, 'one that its attempt holds' from lock l
  where token is not null and not exists (
    select from line t where t.job_id = l.job_id and t.object_key = l.key and t.held and t.token = l.token)
  union all
  select 'job ' || w.job_id, 'waits for a lock', 'has it: nobody stands before' from callsheet.work w
  where w.state = 'waiting_for_lock' and callsheet.is_served(w.lane_id) and not exists (
    select from line own join line other on other.object_key = own.object_key and other.counts
      and (other.held or other.number < own.number) and (other.job_id, other.number) <> (own.job_id, own.number)
      and (other.mode = 'exclusive' or own.mode = 'exclusive')
    where own.job_id = w.job_id and not own.held
  ) and not exists (select from line own join callsheet.object o on o.key = own.object_key where own.job_id = w.job_id and o.quarantined)`;

/**
 * What is used is what attempts hold; only live attempts, and such as are about to start, hold anything; no two who exclude
 * each other hold one object; who runs has all it asked for, who waits has nothing, and nobody waits for what is free.
 */
export async function checkHoldings(database: Pick<TestDatabase, "db">): Promise<void> {
  const { rows } = await database.db.query({ text: BREACHES, values: [] });
  expect(rows).toEqual([]);
}

/** Nobody runs: nothing is used, held or left behind. */
export async function checkRest(database: Pick<TestDatabase, "db">): Promise<void> {
  await checkHoldings(database);
  const { rows } = await database.db.query({
    text: `
      select 'pool' as what, name as which from callsheet.pool where used <> 0
      union all select 'place at', object_key from callsheet.line
      union all select 'units', job_id::text from callsheet.grant_of_units
      union all select 'remnant', job_id::text from callsheet.remnant
      union all select 'claim', token::text from callsheet.claim`,
    values: [],
  });
  expect(rows).toEqual([]);
}
