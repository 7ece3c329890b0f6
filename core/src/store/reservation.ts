import type { LaneFacts, PoolReservation } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { CODES, type Codes } from "./nodes.ts";

/** A lane whose jobs take units. */
export type UnitsLane = LaneFacts & { readonly type: string };

/** A node that takes jobs. */
export interface OpenNode {
  readonly name: string;
  readonly site: string;
  readonly codes: Codes;
  readonly capabilities: readonly string[];
}

/** Units that a running attempt holds, and what tells how long it will. */
export interface Held {
  readonly poolId: number;
  readonly units: number;
  /** Null: its job is over, and nobody knows when the attempt will be. */
  readonly startedAt: Date | null;
  readonly elapsedMs: number;
  readonly actionVersionId: number;
  readonly size: number | null;
}

/** Open lanes whose jobs may take units: of resources, or of limits. */
export async function unitsLanes(db: Queryable): Promise<readonly UnitsLane[]> {
  const { rows } = await db.query<UnitsLane>(sql`
    select l.id, l.type, l.needs, l.site, l.queue, null as pause,
      coalesce(a.name, (select v.name from callsheet.action_version v where v.action_id = l.action_id order by v.version desc limit 1)) as action
    from callsheet.lane l left join callsheet.action a on a.id = l.action_id
    where l.contended and not l.paused`);
  return rows;
}

/** Nodes that take jobs. */
export async function openNodes(db: Queryable): Promise<readonly OpenNode[]> {
  const { rows } = await db.query<OpenNode>(sql`
    select n.name, n.site, n.capabilities, ${CODES} as codes from callsheet.node n where n.state = 'up' and not n.paused order by n.id`);
  return rows;
}

/** The units that attempts hold: members of claims, attempts with rows of their own, and those that outlived their job's end. */
export async function heldUnits(db: Queryable): Promise<readonly Held[]> {
  const { rows } = await db.query<Held>(sql`
    select h.pool_id as "poolId", h.units::float8 as units, h.started_at as "startedAt",
      greatest(0, extract(epoch from callsheet.now() - h.started_at) * 1000)::float8 as "elapsedMs", j.action_version_id as "actionVersionId", j.size
    from (
      select u.pool_id, u.units, c.started_at, m.id as job_id
      from callsheet.claim c cross join unnest(c.ids) with ordinality as m (id, n) cross join unnest(c.pool_ids, c.units) as u (pool_id, units)
      where c.pool_ids is not null and get_bit(c.ended, m.n::int - 1) = 0
      union all
      select g.pool_id, g.units, w.started_at, g.job_id
      from callsheet.grant_of_units g left join callsheet.work w on w.job_id = g.job_id and w.token = g.token
    ) h join callsheet.job j on j.id = h.job_id`);
  return rows;
}

/** The sizes of those of these jobs that have one. */
export async function sizesOf(db: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const { rows } = await db.query<{ id: string; size: number }>(sql`
    select id, size from callsheet.job where id = any(${ids}::uuid[]) and size is not null`);
  return new Map(rows.map(({ id, size }) => [id, size]));
}

/** What pools hold back, as decided on what was used then. */
export interface ReservationChange {
  readonly poolId: number;
  readonly used: number;
  /** Null: nothing any more. */
  readonly reservation: PoolReservation | null;
}

/** Writes reservations. What was taken since they were decided on may last longer: it is counted as taken of what is spare. */
export async function putReservations(tx: Queryable, changes: readonly ReservationChange[]): Promise<void> {
  if (changes.length === 0) return;
  const ids = changes.map(({ poolId }) => poolId);
  const held = changes.map(({ reservation }) => reservation);
  await tx.query(sql`select from callsheet.pool where id = any(${ids}::int[]) order by id for update`);
  await tx.query(sql`
    update callsheet.pool p
    set held_for = c.job_id, held_units = c.units, held_until = c.until, held_spare = greatest(0, c.spare - greatest(0, p.used - c.used))
    from unnest(${ids}::int[], ${changes.map(({ used }) => used)}::bigint[], ${held.map((one) => one?.jobId ?? null)}::uuid[],
      ${held.map((one) => one?.units ?? 0)}::bigint[], ${held.map((one) => one?.until ?? null)}::timestamptz[],
      ${held.map((one) => one?.spare ?? 0)}::bigint[]) as c (id, used, job_id, units, until, spare)
    where p.id = c.id`);
}
