import type { LimitScope } from "@callsheet/contract";
import sql, { raw } from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { LANE_ACTION } from "./dictionary.ts";

/** A limit, or the default of a scope, as stored. */
export interface LimitRow {
  readonly id: number;
  readonly scope: LimitScope;
  /** `*`: a default. */
  readonly name: string;
  readonly running: number;
  readonly used: number;
  readonly inherits: boolean;
}

const IS_LIVE = raw("('running', 'timed_out', 'cancelling')");
/** What lane `l` is called in a scope. */
const nameIn = (scope: ReturnType<typeof raw>) =>
  sql`case ${scope} when 'site' then l.site when 'queue' then l.queue else ${LANE_ACTION} end`;

/** Every limit and default. */
export async function readLimits(db: Queryable): Promise<readonly LimitRow[]> {
  const { rows } = await db.query<LimitRow>(sql`
    select id, scope, name, capacity::float8 as running, used::float8, inherits
    from callsheet.pool where scope in ('action', 'queue', 'site') order by scope, name <> '*', name`);
  return rows;
}

/** Lanes that a new limit concerns; a default: those that have none in its scope. */
export async function lanesUnder(tx: Queryable, scope: LimitScope, name: string): Promise<readonly number[]> {
  const { rows } = await tx.query<{ id: number }>(sql`
    select l.id from callsheet.lane l cross join lateral (select ${nameIn(sql`${scope}::text`)} as name) own
    where case when ${name} = '*' then not exists (select from callsheet.pool p where p.scope = ${scope} and p.name = own.name)
      else own.name = ${name} end`);
  return rows.map(({ id }) => id);
}

/** Members of claims that run in these lanes, by claim, in the order of tokens. */
export async function membersIn(
  tx: Queryable,
  lanes: readonly number[],
): Promise<readonly { readonly token: string; readonly ids: readonly string[] }[]> {
  const { rows } = await tx.query<{ token: string; ids: string[] }>(sql`
    select c.token::text, array_agg(j.id::text) as ids
    from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n) join callsheet.job j on j.id = m.id
    where get_bit(c.ended, m.n::int - 1) = 0 and j.lane_id = any(${lanes}::int[])
    group by c.token order by c.token`);
  return rows;
}

/** Locks live attempts of these lanes that have rows, so that none ends before this transaction does. */
export async function lockLive(tx: Queryable, lanes: readonly number[]): Promise<void> {
  await tx.query(sql`
    select from callsheet.work where lane_id = any(${lanes}::int[]) and state in ${IS_LIVE} order by job_id for update`);
  await tx.query(sql`
    select from callsheet.remnant where job_id in (
      select r.job_id from callsheet.remnant r join callsheet.job j on j.id = r.job_id where j.lane_id = any(${lanes}::int[]))
    order by token, job_id for update`);
}

/** Puts a limit. A default gives one to each name of these lanes. Answers those that jobs take units of. */
export async function addLimit(
  tx: Queryable,
  limit: { readonly scope: LimitScope; readonly name: string; readonly running: number },
  lanes: readonly number[],
): Promise<readonly number[]> {
  const { scope, name, running } = limit;
  const { rows } = await tx.query<{ id: number; name: string }>(sql`
    insert into callsheet.pool (name, scope, capacity, base, inherits)
    select ${name}, ${scope}, ${running}::bigint, ${running}::bigint, false
    union all
    select own.name, ${scope}, ${running}::bigint, ${running}::bigint, true
    from (select distinct ${nameIn(sql`${scope}::text`)} as name from callsheet.lane l where ${name} = '*' and l.id = any(${lanes}::int[])) own
    returning id, name`);
  return rows.filter((row) => row.name !== "*").map(({ id }) => id);
}

/** Gives every live attempt a unit of each of these limits that concerns it. The attempts are locked, the limits new. */
export async function grantLive(tx: Queryable, poolIds: readonly number[]): Promise<void> {
  await tx.query(sql`
    with live as materialized (
      select token, job_id, lane_id from callsheet.work where state in ${IS_LIVE}
      union all
      select r.token, r.job_id, j.lane_id from callsheet.remnant r join callsheet.job j on j.id = r.job_id
    ), granted as (
      insert into callsheet.grant_of_units (token, job_id, pool_id, units)
      select live.token, live.job_id, p.id, 1
      from live join callsheet.lane l on l.id = live.lane_id
      join callsheet.pool p on p.id = any(${poolIds}::int[]) and p.name = ${nameIn(sql`p.scope`)}
      returning pool_id
    )
    update callsheet.pool p set used = p.used + g.count
    from (select pool_id, count(*) from granted group by pool_id) g where p.id = g.pool_id`);
}

/** Sets how many may run; of a default also for all that inherit it. */
export async function setLimit(tx: Queryable, { id, scope, name }: LimitRow, running: number): Promise<void> {
  await tx.query(sql`
    update callsheet.pool set capacity = ${running}, base = ${running}, inherits = inherits and id <> ${id}
    where id = ${id} or (${name} = '*' and scope = ${scope} and inherits)`);
}

/** Lets a limit be what the default of its scope is. */
export async function inheritLimit(tx: Queryable, id: number, running: number): Promise<void> {
  await tx.query(sql`
    update callsheet.pool set capacity = ${running}, base = ${running}, inherits = true where id = ${id}`);
}

/** Removes limits, with what live attempts hold of them. */
export async function dropLimits(tx: Queryable, ids: readonly number[]): Promise<void> {
  await tx.query(sql`select from callsheet.claim where pool_ids && ${ids}::int[] order by token for update`);
  await tx.query(sql`
    update callsheet.claim c set (pool_ids, units) = (
      select array_agg(u.pool_id), array_agg(u.units) from unnest(c.pool_ids, c.units) as u (pool_id, units)
      where u.pool_id <> all(${ids}::int[]))
    where c.pool_ids && ${ids}::int[]`);
  await tx.query(sql`select from callsheet.pool where id = any(${ids}::int[]) order by id for update`);
  await tx.query(sql`delete from callsheet.grant_of_units where pool_id = any(${ids}::int[])`);
  await tx.query(sql`delete from callsheet.pool where id = any(${ids}::int[])`);
}

/** Lets lanes follow from the limits that stand, under the barrier: a lane contends while any is left, or for its own reasons. */
export async function settleContention(tx: Queryable): Promise<void> {
  const contends = sql`(l.shared or l.needs ? 'units' or l.needs ? 'locks' or exists (
    select from callsheet.pool p where (p.scope, p.name) in (('site', l.site), ('queue', l.queue), ('action', ${LANE_ACTION}))))`;
  await tx.query(sql`update callsheet.lane l set contended = ${contends} where l.contended <> ${contends}`);
}
