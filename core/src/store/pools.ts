import type { CapacityWindow, ExternalRule } from "@callsheet/contract";
import sql, { raw } from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { LANE_ACTION } from "./dictionary.ts";

/** Something with a capacity, as stored: a resource at a place, or a limit. */
export interface Pool {
  readonly id: number;
  readonly name: string;
  /** `cluster`, `site/NAME` or `node/NAME` of a resource; `action`, `queue` or `site` of a limit. */
  readonly scope: string;
  /** What counts now, by its windows. */
  readonly capacity: number;
  /** What was declared. */
  readonly base: number;
  readonly used: number;
  readonly state: "started" | "draining" | "stopped";
  readonly actor: string | null;
  readonly reason: string | null;
  readonly description: string;
  readonly tags: readonly string[];
  readonly windows: readonly CapacityWindow[];
  readonly external: ExternalRule | null;
  /** What the outside last left us, with what we used at that moment. */
  readonly externalTotal: number | null;
  readonly externalAt: Date | null;
  readonly heldFor: string | null;
  readonly heldUnits: number;
  readonly heldUntil: Date | null;
}

const COLUMNS =
  raw(`id, name, scope, capacity::float8, base::float8, used::float8, state, actor, reason, description, tags, windows,
  external, external_total::float8 as "externalTotal", external_at as "externalAt", held_for as "heldFor",
  held_units::float8 as "heldUnits", held_until as "heldUntil"`);
const IS_RESOURCE = raw("(scope = 'cluster' or starts_with(scope, 'site/') or starts_with(scope, 'node/'))");

/** Every resource, by name and place; or those of one name. */
export async function readResources(db: Queryable, name?: string): Promise<readonly Pool[]> {
  const { rows } = await db.query<Pool>(sql`
    select ${COLUMNS} from callsheet.pool where ${IS_RESOURCE} and (${name ?? null}::text is null or name = ${name ?? null}) order by name, scope`);
  return rows;
}

/** Resources whose capacity depends on the time of the day. */
export async function windowedPools(db: Queryable): Promise<readonly Pick<Pool, "id" | "base" | "windows">[]> {
  const { rows } = await db.query<Pool>(sql`
    select id, base::float8, windows from callsheet.pool where windows <> '[]' order by id`);
  return rows;
}

/** Locks one pool, if it is there, and reads it. */
export async function lockPool(tx: Queryable, name: string, scope: string): Promise<Pool | undefined> {
  const { rows } = await tx.query<Pool>(sql`
    select ${COLUMNS} from callsheet.pool where name = ${name} and scope = ${scope} for update`);
  return rows[0];
}

/** What a caller says of a resource, and the capacity that follows from it now. */
export type PoolDefinition = Pick<
  Pool,
  "name" | "scope" | "base" | "capacity" | "description" | "tags" | "windows" | "external"
>;

/** Makes a pool, or gives it another definition; its state, its use and what the outside said stay. */
export async function putPool(tx: Queryable, pool: PoolDefinition): Promise<void> {
  const { name, scope, base, capacity, description, tags, windows, external } = pool;
  await tx.query(sql`
    insert into callsheet.pool as p (name, scope, base, capacity, description, tags, windows, external)
    values (${name}, ${scope}, ${base}, ${capacity}, ${description}, ${tags}, ${JSON.stringify(windows)}, ${external === null ? null : JSON.stringify(external)})
    on conflict (name, scope) do update
    set base = excluded.base, capacity = excluded.capacity, description = excluded.description, tags = excluded.tags,
      windows = excluded.windows, external = excluded.external`);
}

/** Says that jobs may start that need it, or not. */
export async function setPoolState(
  tx: Queryable,
  id: number,
  said: Pick<Pool, "state" | "actor" | "reason">,
): Promise<void> {
  const { state, actor, reason } = said;
  await tx.query(
    sql`update callsheet.pool set state = ${state}, actor = ${actor}, reason = ${reason} where id = ${id}`,
  );
}

/** Sets the capacity that counts now, unless the pool was declared anew meanwhile. Answers whether it did. */
export async function setPoolCapacity(
  db: Queryable,
  pool: Pick<Pool, "id" | "base" | "windows">,
  capacity: number,
): Promise<boolean> {
  const { count } = await db.query(sql`
    update callsheet.pool set capacity = ${capacity}
    where id = ${pool.id} and base = ${pool.base} and windows = ${JSON.stringify(pool.windows)}::jsonb and capacity <> ${capacity}`);
  return count === 1;
}

/** Keeps what the outside leaves, counted from now. False: there is no such pool, or nobody outside has a say in it. */
export async function reportOutside(db: Queryable, name: string, scope: string, left: number): Promise<boolean> {
  const { count } = await db.query(sql`
    update callsheet.pool set external_total = used + ${left}, external_at = callsheet.now()
    where name = ${name} and scope = ${scope} and external is not null`);
  return count === 1;
}

export async function removePool(tx: Queryable, id: number): Promise<void> {
  await tx.query(sql`delete from callsheet.pool where id = ${id}`);
}

/** Who holds units of a pool: attempts with rows of their own, and running members of claims. Longest first. */
export async function holdersOf(db: Queryable, id: number) {
  const { rows } = await db.query<{ jobId: string; units: number; since: Date; node: string | null }>(sql`
    select h.job_id as "jobId", h.units::float8, h.since, n.name as node
    from (
      select g.job_id, g.units, coalesce(w.started_at, r.at) as since, coalesce(w.node_id, r.node_id) as node_id
      from callsheet.grant_of_units g
      left join callsheet.work w on w.job_id = g.job_id and w.token = g.token
      left join callsheet.remnant r on r.job_id = g.job_id and r.token = g.token
      where g.pool_id = ${id}
      union all
      select m.id, c.units[array_position(c.pool_ids, ${id})], c.started_at, c.node_id
      from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n)
      where ${id} = any(c.pool_ids) and get_bit(c.ended, m.n::int - 1) = 0
    ) h left join callsheet.node n on n.id = h.node_id
    order by h.since, h.job_id`);
  return rows;
}

/** A kind of jobs that need units. */
export interface NeedyLane {
  readonly id: number;
  readonly action: string;
  readonly site: string;
  readonly queue: string;
  readonly units: Readonly<Record<string, number>>;
}

/** Every lane whose jobs need units of resources. */
export async function needyLanes(db: Queryable): Promise<readonly NeedyLane[]> {
  const { rows } = await db.query<NeedyLane>(sql`
    select l.id, ${LANE_ACTION} as action,
      l.site, l.queue, l.needs -> 'units' as units
    from callsheet.lane l where l.needs ? 'units' order by l.id`);
  return rows;
}

/** How many jobs of each of these lanes have not settled and do not live: some day they want to start. Reads all of `work`. */
export async function countUnstarted(db: Queryable, lanes: readonly number[]): Promise<ReadonlyMap<number, number>> {
  if (lanes.length === 0) return new Map();
  const { rows } = await db.query<{ id: number; count: number }>(sql`
    select lane_id as id, count(*)::float8 as count from callsheet.work
    where lane_id = any(${lanes}::int[]) and state not in ('running', 'timed_out', 'cancelling') group by lane_id`);
  return new Map(rows.map(({ id, count }) => [id, count]));
}

/** How many due jobs these lanes have, counted up to `most` (indexes work_queued, work_pending). */
export async function countDue(db: Queryable, lanes: readonly number[], most: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(sql`
    select count(*)::int as count from (
      select from callsheet.work where state = 'queued' and lane_id = any(${lanes}::int[])
      union all
      select from callsheet.work where state = 'pending' and lane_id = any(${lanes}::int[])
      limit ${most}
    ) due`);
  return rows[0]!.count;
}
