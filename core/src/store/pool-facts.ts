import type { PoolFacts } from "@callsheet/contract";
import type { Queryable } from "./database.ts";

const POOL = `id, name, scope, capacity::float8 as capacity, used::float8 as used, state, tags,
  case when held_for is not null then json_build_object('jobId', held_for, 'units', held_units, 'until', held_until, 'spare', held_spare) end as held`;

type PoolRow = Omit<PoolFacts, "reservation"> & {
  readonly held: { jobId: string; units: number; until: string; spare: number } | null;
};

const toPool = ({ held, ...row }: PoolRow): PoolFacts => ({
  ...row,
  reservation: held && { ...held, until: new Date(held.until ?? 8.64e15) },
});

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
