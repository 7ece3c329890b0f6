import {
  effectiveCapacity,
  type LaneFacts,
  type OutsideTruth,
  type PoolFacts,
  type PoolInSight,
} from "@callsheet/contract";
import type { Queryable } from "./database.ts";

const POOL = `id, name, scope, capacity::float8 as capacity, used::float8 as used, state, tags,
  external, external_total::float8 as "externalTotal", external_at as "externalAt", callsheet.now() as now,
  case when held_for is not null then json_build_object('jobId', held_for, 'units', held_units, 'until', held_until, 'spare', held_spare) end as held`;

type PoolRow = Omit<PoolFacts, "reservation"> &
  OutsideTruth & {
    readonly now: Date;
    readonly held: { jobId: string; units: number; until: string | null; spare: number } | null;
  };

const toPool = ({ held, now, external, externalTotal, externalAt, ...row }: PoolRow): PoolFacts => ({
  ...row,
  capacity: effectiveCapacity({ capacity: row.capacity, external, externalTotal, externalAt }, now),
  reservation: held && { ...held, until: held.until === null ? null : new Date(held.until) },
});

/** All pools but defaults of limits, as they count now. */
export async function allPools(db: Queryable): Promise<readonly PoolFacts[]> {
  const { rows } = await db.query<PoolRow>({
    text: `select ${POOL} from callsheet.pool where name <> '*' order by id`,
    values: [],
  });
  return rows.map(toPool);
}

/** The pools of resources that a node may take of, and all limits. */
export async function readPools(db: Queryable, site: string, node: string): Promise<readonly PoolFacts[]> {
  const { rows } = await db.query<PoolRow>({
    name: "read_pools",
    text: `select ${POOL} from callsheet.pool
      where scope in ('cluster', 'action', 'queue', 'site', $1, $2) and not (scope in ('action', 'queue', 'site') and name = '*') order by id`,
    values: [`site/${site}`, `node/${node}`],
  });
  return rows.map(toPool);
}

/** The pools that a lane's jobs may take units of, wherever they run, and the jobs that hold them. */
export async function readPoolsInSight(db: Queryable, lane: LaneFacts): Promise<readonly PoolInSight[]> {
  const asked = Object.keys(lane.needs.units ?? {});
  const { rows } = await db.query<PoolRow & Pick<PoolInSight, "most" | "holders">>({
    text: `
      select ${POOL}, greatest(p.base, p.capacity, (select max((w ->> 'capacity')::bigint) from jsonb_array_elements(p.windows) w))::float8 as most,
        array(
          select h.job_id from (
            select g.job_id, g.token from callsheet.grant_of_units g where g.pool_id = p.id
            union all
            select m.id, c.token from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n)
            where p.id = any(c.pool_ids) and get_bit(c.ended, m.n::int - 1) = 0
          ) h order by h.token limit 10
        ) as holders
      from callsheet.pool p
      where ((p.name = any($1::text[]) or p.tags && $2::text[]) and (p.scope in ('cluster', 'site/' || $3) or p.scope like 'node/%'))
        or (p.scope, p.name) in (('action', $4), ('queue', $5), ('site', $3))
      order by p.id`,
    values: [
      asked.filter((need) => !need.startsWith("#")),
      asked.filter((need) => need.startsWith("#")).map((need) => need.slice(1)),
      ...[lane.site, lane.action, lane.queue],
    ],
  });
  return rows.map(({ most, holders, ...row }) => ({ ...toPool(row), most, holders }));
}

/** Pools as they stand at the moment. */
export async function poolsNow(db: Queryable, ids: readonly number[]): Promise<readonly PoolFacts[]> {
  if (ids.length === 0) return [];
  const { rows } = await db.query<PoolRow>({
    name: "pools_now",
    text: `select ${POOL} from callsheet.pool where id = any($1::int[]) order by id`,
    values: [ids],
  });
  return rows.map(toPool);
}

/** Locks pools by id and reads them as they stand then. */
export async function lockPools(tx: Queryable, ids: readonly number[]): Promise<readonly PoolFacts[]> {
  if (ids.length === 0) return [];
  const { rows } = await tx.query<PoolRow>({
    name: "lock_pools",
    text: `select ${POOL} from callsheet.pool where id = any($1::int[]) order by id for update`,
    values: [ids],
  });
  return rows.map(toPool);
}
