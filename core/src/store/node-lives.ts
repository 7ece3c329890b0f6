import type { NodeFilter, NodeLife } from "@callsheet/contract";
import sql, { type Sql } from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** A life with the number by which rows name it. */
export type NodeLifeRow = NodeLife & { readonly id: number };

const LIFE = sql`
  select n.id, n.name, n.incarnation, case when n.state = 'up' and n.paused then 'maintenance' else n.state end as state, n.site, n.slots,
    ((select count(*) from callsheet.work w where w.node_id = n.id and w.state in ('running', 'timed_out', 'cancelling'))
      + (select coalesce(sum(c.open), 0) from callsheet.claim c where c.node_id = n.id))::int as running,
    array(select t ->> 'type' from jsonb_array_elements(n.types) t order by 1) as types, n.capabilities, n.labels, n.host, n.pid,
    n.time_zones as "timeZones", n.started_at as "startedAt", coalesce(n.beat_at, n.started_at) as "heardAt", n.lag_ms as "lagMs", n.refused,
    coalesce(n.reason, p.reason) as reason, coalesce(n.actor, p.actor) as actor, n.ended_at as "endedAt", n.cause
  from callsheet.node n
  left join callsheet.pause p on n.state = 'up' and n.paused and p.scope = 'node' and p.name = n.name`;

/** Lives of nodes by name, the newest of each first. */
export async function readNodes(db: Queryable, filter: NodeFilter): Promise<readonly NodeLifeRow[]> {
  const { ended = false, site = null, labels = {}, limit = 1_000 } = filter;
  return read(
    db,
    sql`where (${ended} or n.state in ('up', 'draining')) and (${site}::text is null or n.site = ${site})
      and n.labels @> ${JSON.stringify(labels)}::jsonb
    order by n.name, n.id desc limit ${limit}`,
  );
}

/** Lives of one name, newest first. */
export async function livesOf(db: Queryable, name: string, limit: number): Promise<readonly NodeLifeRow[]> {
  return read(db, sql`where n.name = ${name} order by n.id desc limit ${limit}`);
}

async function read(db: Queryable, which: Sql): Promise<readonly NodeLifeRow[]> {
  const { rows } = await db.query<NodeLifeRow>(sql`${LIFE} ${which}`);
  return rows;
}

/** Lets a life start nothing more, under the barrier; it ends itself when it hears of it. False: it has ended. */
export async function askToDrain(
  tx: Queryable,
  nodeId: number,
  actor: string,
  reason: string | null,
): Promise<boolean> {
  const { count } = await tx.query(sql`
    update callsheet.node set state = 'draining', actor = ${actor}, reason = ${reason} where id = ${nodeId} and state in ('up', 'draining')`);
  return count === 1;
}

/** The jobs of which an attempt stands as running on a node, the first of them. */
export async function jobsOn(db: Queryable, nodeId: number, limit: number): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>(sql`
    select job_id as id from callsheet.work where node_id = ${nodeId} and state in ('running', 'timed_out', 'cancelling')
    union all
    select m.id from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n) where c.node_id = ${nodeId} and get_bit(c.ended, m.n::int - 1) = 0
    order by id limit ${limit}`);
  return rows.map(({ id }) => id);
}
