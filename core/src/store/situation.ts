import type { Needs, NodeInSight, Situation } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** A node, with the types whose jobs it may take instead. */
type Neighbour = NodeInSight & { readonly types: readonly string[] };

/** What stands around a job, beside what its readers see of it. */
export interface Surroundings
  extends Pick<Situation, "now" | "needs" | "lanePause" | "rollback" | "isRetryAsked" | "isNodeLost" | "queue"> {
  readonly actionVersionId: number;
  readonly nodes: readonly Neighbour[];
}

/** Everything but the job itself that may keep it waiting, in one look. */
export async function readSurroundings(db: Queryable, id: string): Promise<Surroundings | undefined> {
  const { rows } = await db.query<Surroundings>(sql`
    select callsheet.now() as now, j.action_version_id as "actionVersionId", l.needs, case when l.paused then json_build_object('reason', l.reason) end as "lanePause",
      coalesce(w.rollback, d.rollback, 'none') as rollback, coalesce(w.intent = 1, false) as "isRetryAsked",
      coalesce((
        select n.state in ('gone', 'dead') from callsheet.node n
        where n.id = coalesce(w.node_id, (select c.node_id from callsheet.claim c where w.job_id is null and d.job_id is null and j.id = any(c.ids)))
      ), false) as "isNodeLost",
      json_build_object(
        'length', (select count(*) from callsheet.work where state = 'queued'),
        'capacity', (select value::text::float8 from callsheet.setting where name = 'queue_capacity')) as queue,
      (select coalesce(json_agg(json_build_object(
          'name', n.name, 'state', n.state, 'slots', n.slots, 'capabilities', n.capabilities,
          'types', (select json_agg(t ->> 'type') from jsonb_array_elements(n.types) t),
          'running', (select count(*) from callsheet.work r where r.node_id = n.id and r.state in ('running', 'timed_out', 'cancelling'))
            + (select coalesce(sum(c.open), 0) from callsheet.claim c where c.node_id = n.id)) order by n.id), '[]')
        from callsheet.node n
        where n.state in ('up', 'draining') and n.site = l.site and n.types @> jsonb_build_array(jsonb_build_object('type', l.type))) as nodes
    from callsheet.job j
    join callsheet.lane l on l.id = j.lane_id
    left join callsheet.work w on w.job_id = j.id
    left join callsheet.outcome d on d.job_id = j.id
    where j.id = ${id}`);
  return rows[0];
}

/** How many jobs of these lanes start before a due one: all queued ones of an earlier turn, then pending ones in order. */
export async function countAhead(db: Queryable, id: string, lanes: readonly number[]): Promise<number> {
  const { rows } = await db.query<{ ahead: number }>(sql`
    select (
      (select count(*) from callsheet.work q
        where q.state = 'queued' and q.lane_id = any(${lanes}::int[]) and (w.turn is null or (q.turn, q.job_id) < (w.turn, w.job_id)))
      + case when w.turn is not null then 0 else (
        select count(*) from callsheet.work p
        where p.state = 'pending' and p.lane_id = any(${lanes}::int[]) and (p.rank, p.due_at, p.job_id) < (w.rank, w.due_at, w.job_id)) end
    )::int as ahead
    from callsheet.work w where w.job_id = ${id} and w.state in ('pending', 'queued')`);
  return rows[0]?.ahead ?? 0;
}

/** The needs of a job's lane. */
export async function needsOf(db: Queryable, id: string): Promise<Needs> {
  const { rows } = await db.query<{ needs: Needs }>(
    sql`select l.needs from callsheet.job j join callsheet.lane l on l.id = j.lane_id where j.id = ${id}`,
  );
  return rows[0]?.needs ?? {};
}
