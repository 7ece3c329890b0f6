import { BEHIND_ALL, type Needs, type NodeInSight, type Situation, type Units } from "@callsheet/contract";
import sql, { raw } from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { CODES, type Codes } from "./nodes.ts";
import { pendingTurn } from "./pending-turn.ts";
import { ROLLBACK_NOW } from "./rollback.ts";

/** A node, with the types whose jobs it may take instead. */
type Neighbour = NodeInSight & { readonly id: number; readonly codes: Codes };

/** What stands around a job, beside what its readers see of it. */
export interface Surroundings
  extends Pick<
    Situation,
    | "now"
    | "lane"
    | "locks"
    | "ticket"
    | "rollback"
    | "rollbackProblem"
    | "isRetryAsked"
    | "isNodeLost"
    | "queue"
    | "group"
  > {
  readonly actionVersionId: number;
  readonly size: number | null;
  readonly nodes: readonly Neighbour[];
}

/** Everything but the job itself, its pools and its objects that may keep it waiting, in one look. */
export async function readSurroundings(db: Queryable, id: string): Promise<Surroundings | undefined> {
  const { rows } = await db.query<Surroundings>(sql`
    select callsheet.now() as now, j.action_version_id as "actionVersionId", j.size,
      json_build_object('id', l.id, 'site', l.site, 'queue', l.queue, 'action', coalesce(a.name, v.name), 'needs', l.needs,
        'pause', case when l.paused then json_build_object('reason', l.reason) end) as lane,
      coalesce(j.locks, '[]') as locks,
      (select json_build_object('number', min(t.number), 'held', bool_and(t.held)) from json_array_elements(j.locks) k
        join callsheet.ticket t on t.object_key = k ->> 'key' and t.job_id = j.id and t.token is null
        where w.state in ('waiting_for_lock', 'queued') having count(*) > 0) as ticket,
      ${raw(ROLLBACK_NOW)} as rollback,
      case when coalesce(w.rollback, d.rollback) in ('required', 'failed') then (
        select '"' || e.name || '": ' || (e.error ->> 'message') from callsheet.undo_entry e
        where e.job_id = j.id and e.state in ('intent', 'failed') and e.error is not null order by e.attempt desc, e.n desc limit 1
      ) end as "rollbackProblem", coalesce(w.intent = 1, false) as "isRetryAsked",
      coalesce((
        select n.state in ('gone', 'dead') from callsheet.node n
        where n.id = coalesce(w.node_id, (select c.node_id from callsheet.claim c where w.job_id is null and d.job_id is null and j.id = any(c.ids)))
      ), false) as "isNodeLost",
      (select json_build_object('id', g.job_id, 'intent', g.intent, 'reason', g.reason) from callsheet.composite g
        where g.job_id = j.parent_id) as "group",
      json_build_object(
        'length', (select count(*) from callsheet.work where state = 'queued'),
        'capacity', (select value::text::float8 from callsheet.setting where name = 'queue_capacity')) as queue,
      (select coalesce(json_agg(json_build_object(
          'id', n.id, 'name', n.name, 'state', case when n.paused and n.state = 'up' then 'paused' else n.state end, 'slots', n.slots,
          'capabilities', n.capabilities, 'codes', ${CODES}, 'code', ${CODES} -> l.type,
          'running', (select count(*) from callsheet.work r where r.node_id = n.id and r.state in ('running', 'timed_out', 'cancelling'))
            + (select coalesce(sum(c.open), 0) from callsheet.claim c where c.node_id = n.id)) order by n.id), '[]')
        from callsheet.node n
        where n.state in ('up', 'draining') and n.site = l.site and n.types @> jsonb_build_array(jsonb_build_object('type', l.type))) as nodes
    from callsheet.job j
    join callsheet.lane l on l.id = j.lane_id
    join callsheet.action_version v on v.id = j.action_version_id
    left join callsheet.action a on a.id = j.action_id
    left join callsheet.work w on w.job_id = j.id
    left join callsheet.outcome d on d.job_id = j.id
    where j.id = ${id}`);
  return rows[0];
}

/** Jobs of one lane and size that start before another. */
export interface Ahead {
  readonly laneId: number;
  readonly size: number | null;
  readonly count: number;
}

/**
 * How many jobs of these lanes start before a due one, counted up to `most` in all (indexes work_queued, work_pending, work_guest). A
 * pending job is taken to be queued at the turn that admission will give it: before worse ones that are queued already, and
 * before those of other owners where its own has nothing else. Before it stand the pending ones that are better or earlier.
 */
export async function countAhead(
  db: Queryable,
  id: string,
  lanes: readonly number[],
  most: number,
): Promise<readonly Ahead[]> {
  const { rows } = await db.query<Ahead>(sql`
    with own as materialized (
      select w.*, w.turn is null and w.guest
        and not exists (select from callsheet.work q where q.state = 'queued' and q.lane_id = w.lane_id and q.owner_id = w.owner_id)
        and not exists (
          select from callsheet.work p where p.state = 'pending' and p.guest and p.lane_id = w.lane_id and p.rank = w.rank
            and p.owner_id = w.owner_id and (p.due_at, p.job_id) < (w.due_at, w.job_id)) as is_first
      from callsheet.work w where w.job_id = ${id} and w.state in ('pending', 'queued')
    ), place as materialized (
      select job_id, rank, turn is null as is_pending, case when is_first then '-infinity' else due_at end as due_at,
        coalesce(turn, case when is_first then ${raw(pendingTurn("own", 0))} else ${raw(pendingTurn("own", BEHIND_ALL))} end) as turn
      from own
    ), ahead as materialized (
      select a.* from place w cross join lateral (
        select q.lane_id, q.job_id from callsheet.work q
        where q.state = 'queued' and q.lane_id = any(${lanes}::int[]) and (q.turn, q.job_id) < (w.turn, w.job_id)
        union all
        select p.lane_id, p.job_id from callsheet.work p
        where w.is_pending and p.state = 'pending' and p.lane_id = any(${lanes}::int[])
          and (p.rank, p.due_at, p.job_id) < (w.rank, w.due_at, w.job_id)
        limit ${most}
      ) a
    )
    select a.lane_id as "laneId", j.size, count(*)::int as count from ahead a join callsheet.job j on j.id = a.job_id group by 1, 2`);
  return rows;
}

/** An attempt that lives, or a job that waits in a line: what a forecast needs to know of it. */
export interface Neighbouring {
  readonly id: string;
  readonly actionVersionId: number;
  readonly size: number | null;
  /** Null: it has not begun. */
  readonly elapsedMs: number | null;
  readonly nodeId: number | null;
  readonly units: readonly Units[];
}

/** More attempts are not looked at: the cost of an explanation must not grow with the cluster. */
const MOST_ATTEMPTS = 1_000;

/** Attempts that live on these nodes or hold units of these pools, and these jobs, wherever they stand. */
export async function readNeighbours(
  db: Queryable,
  nodeIds: readonly number[],
  poolIds: readonly number[],
  jobIds: readonly string[],
): Promise<readonly Neighbouring[]> {
  const { rows } = await db.query<Neighbouring>(sql`
    with live as (
      select w.job_id, w.started_at, w.node_id, coalesce((
          select json_agg(json_build_object('poolId', g.pool_id, 'units', g.units)) from callsheet.grant_of_units g
          where g.token = w.token and g.job_id = w.job_id), '[]') as units
      from callsheet.work w where w.state in ('running', 'timed_out', 'cancelling')
        and (w.node_id = any(${nodeIds}::int[]) or exists (
          select from callsheet.grant_of_units g where g.token = w.token and g.job_id = w.job_id and g.pool_id = any(${poolIds}::int[])))
      union all
      select m.id, c.started_at, c.node_id, coalesce((
          select json_agg(json_build_object('poolId', u.pool_id, 'units', u.units)) from unnest(c.pool_ids, c.units) as u (pool_id, units)), '[]')
      from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n)
      where get_bit(c.ended, m.n::int - 1) = 0 and (c.node_id = any(${nodeIds}::int[]) or c.pool_ids && ${poolIds}::int[])
    ), near as (
      select * from (select * from live limit ${MOST_ATTEMPTS}) l
      union all
      select id, null, null, '[]' from unnest(${jobIds}::uuid[]) as id where id not in (select job_id from live)
    )
    select j.id, j.action_version_id as "actionVersionId", j.size, n.node_id as "nodeId", n.units,
      greatest(0, extract(epoch from callsheet.now() - n.started_at) * 1000)::float8 as "elapsedMs"
    from near n join callsheet.job j on j.id = n.job_id`);
  return rows;
}

/** The needs of a job's lane. */
export async function needsOf(db: Queryable, id: string): Promise<Needs> {
  const { rows } = await db.query<{ needs: Needs }>(
    sql`select l.needs from callsheet.job j join callsheet.lane l on l.id = j.lane_id where j.id = ${id}`,
  );
  return rows[0]?.needs ?? {};
}
