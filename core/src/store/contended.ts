import {
  effectiveCapacity,
  type JobLock,
  type LaneFacts,
  type ObjectFacts,
  type OutsideTruth,
  type PoolFacts,
  type PoolInSight,
  type TicketFacts,
  type Units,
} from "@callsheet/contract";
import type { Claimed, Watermark } from "./claim.ts";
import type { Queryable } from "./database.ts";

/** A lane that is asked for jobs. */
export interface AskedLane {
  readonly id: number;
  readonly after?: Watermark | undefined;
  /** How many pending jobs of it are looked at. */
  readonly quota: number;
  /** Several owners' jobs take turns. */
  readonly isShared: boolean;
}

export interface CandidateRequest {
  readonly nodeId: number;
  readonly lanes: readonly AskedLane[];
  readonly want: number;
  /** Jobs of each owner that this node runs: at one level the owner with the fewest goes first. */
  readonly running: ReadonlyMap<number, number>;
}

/** A job whose row in `work` is locked, with all that an attempt needs. */
export interface Candidate extends Omit<Claimed, "token" | "ordinal"> {
  readonly tid: string;
  readonly laneId: number;
  /** Null: it is pending. Below 0: its locks were handed over to it. */
  readonly turn: number | null;
  readonly rank: number;
  readonly dueAt: string;
  /** It may run as a member of a claim. */
  readonly isPlain: boolean;
  /** The database's clock. */
  readonly now: Date;
}

/** How many guest owners of a lane and rank are looked at by one claim. */
const MOST_OWNERS = 100;

/*
 * Queued jobs by turn, then pending ones: of a lane of one owner in their order (index work_pending), of a shared one the
 * host's and those of each guest (index work_guest), so that among them the owner goes first of whom this node runs fewest.
 * All of them are locked, and what is not taken is free again when the transaction ends.
 */
const CANDIDATES = `
  with recursive asked as materialized (
    select l.* from unnest($2::int[], $4::smallint[], $5::timestamptz[], $6::uuid[], $7::int[], $8::boolean[])
      as l (lane_id, rank, due_at, job_id, quota, is_shared)
    join callsheet.lane on lane.id = l.lane_id and not lane.paused
    where exists (select from callsheet.node where id = $1::int and state = 'up' and not paused)
      and not exists (select from callsheet.barrier for share)
  ), owners as (
    select a.lane_id, a.quota, r.rank::smallint as rank, 1 as n,
      (select owner_id from callsheet.work where state = 'pending' and guest and lane_id = a.lane_id and rank = r.rank order by owner_id limit 1) as owner_id
    from asked a cross join generate_series(0, 5) r (rank) where a.is_shared
    union all
    select o.lane_id, o.quota, o.rank, o.n + 1, (
      select owner_id from callsheet.work where state = 'pending' and guest and lane_id = o.lane_id and rank = o.rank and owner_id > o.owner_id
      order by owner_id limit 1)
    from owners o where o.owner_id is not null and o.n < ${MOST_OWNERS}
  ), queued as materialized (
    select w.ctid as tid, w.* from callsheet.work w
    where w.state = 'queued' and w.lane_id = any(array(select lane_id from asked))
    order by w.turn limit $3::int for update skip locked
  ), in_order as materialized (
    select p.* from asked a cross join lateral (
      select w.ctid as tid, w.* from callsheet.work w
      where w.state = 'pending' and w.lane_id = a.lane_id and (w.rank, w.due_at, w.job_id) >= (a.rank, a.due_at, a.job_id)
        and not (a.is_shared and w.guest)
      order by w.rank, w.due_at, w.job_id limit a.quota for update skip locked
    ) p
  ), guests as materialized (
    select p.* from owners o cross join lateral (
      select w.ctid as tid, w.* from callsheet.work w
      where w.state = 'pending' and w.guest and w.lane_id = o.lane_id and w.rank = o.rank and w.owner_id = o.owner_id
      order by w.due_at, w.job_id limit o.quota for update skip locked
    ) p where o.owner_id is not null
  ), pending as materialized (
    select p.*, coalesce(b.running, 0) + row_number() over (partition by p.rank, p.owner_id order by p.due_at, p.job_id) as share
    from (select * from in_order union all select * from guests) p
    left join unnest($9::int[], $10::int[]) as b (owner_id, running) on b.owner_id = p.owner_id
    order by p.rank, share, p.due_at, p.job_id limit greatest(0, $3::int - (select count(*) from queued))
  ), found as (
    select tid, job_id, lane_id, turn, rank, due_at, plain, attempt, retries, owner_id, action_version_id, 0::bigint as share from queued
    union all
    select tid, job_id, lane_id, turn, rank, due_at, plain, attempt, retries, owner_id, action_version_id, share from pending
  )
  select f.tid::text, f.job_id as id, f.lane_id as "laneId", f.turn::float8 as turn, f.rank, f.due_at::text as "dueAt", f.plain as "isPlain",
    f.attempt + 1 as attempt, f.retries, f.owner_id as "ownerId", f.action_version_id as "actionVersionId", j.configuration,
    case when j.target_id is not null then json_build_object('type', j.target_type, 'id', j.target_id) end as target,
    callsheet.now() as now, coalesce(j.tags, '{}') as tags, j.locks, j.size, j.variables as first,
    case when f.attempt > 0 then (select json_object_agg(v.name, v.value) from callsheet.variable v where v.job_id = j.id) end as later
  from found f join callsheet.job j on j.id = f.job_id
  order by f.turn nulls last, f.rank, f.share, f.due_at, f.job_id`;

type CandidateRow = Omit<Candidate, "variables" | "locks"> & {
  readonly locks: readonly JobLock[] | null;
  readonly first: Record<string, unknown> | null;
  readonly later: Record<string, unknown> | null;
};

/** Locks jobs that may be started, best first. It names the barrier, so that no pause can be overtaken. */
export async function lockCandidates(tx: Queryable, request: CandidateRequest): Promise<readonly Candidate[]> {
  const { nodeId, lanes, want, running } = request;
  const { rows } = await tx.query<CandidateRow>({
    name: "candidates",
    text: CANDIDATES,
    values: [
      nodeId,
      lanes.map((lane) => lane.id),
      want,
      lanes.map((lane) => lane.after?.rank ?? -1),
      lanes.map((lane) => lane.after?.dueAt ?? "-infinity"),
      lanes.map((lane) => lane.after?.id ?? "00000000-0000-0000-0000-000000000000"),
      lanes.map((lane) => lane.quota),
      lanes.map((lane) => lane.isShared),
      [...running.keys()],
      [...running.values()],
    ],
  });
  return rows.map(({ first, later, locks, ...row }) => ({
    ...row,
    locks: locks ?? [],
    variables: first || later ? { ...first, ...later } : null,
  }));
}

/** Locks objects in the order of their keys, making those that are missing. Their tickets are read by the next statement. */
export async function lockObjects(tx: Queryable, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return;
  const values = [keys];
  await Promise.all([
    tx.query({
      name: "make_objects",
      text: `insert into callsheet.object (key) select k.key from unnest($1::text[]) as k (key)
        where not exists (select from callsheet.object o where o.key = k.key) order by k.key collate "C" on conflict do nothing`,
      values,
    }),
    tx.query({
      name: "lock_objects",
      text: 'select from callsheet.object where key = any($1::text[]) order by key collate "C" for update',
      values,
    }),
  ]);
}

/** How much of an object's line is read: those behind it wait in any case. */
const LONGEST_LINE = 200;

/** Objects with their lines, in order; those without row are absent. */
export async function readObjects(db: Queryable, keys: readonly string[]): Promise<readonly ObjectFacts[]> {
  if (keys.length === 0) return [];
  const { rows } = await db.query<{
    key: string;
    quarantine: ObjectFacts["quarantine"];
    tickets: TicketFacts[] | null;
  }>({
    name: "read_objects",
    text: `
      select o.key, case when o.quarantined then json_build_object('reason', o.reason) end as quarantine,
        (select json_agg(json_build_object('jobId', t.job_id, 'number', t.number, 'mode', t.mode, 'held', t.held,
            'isServed', t.token is not null or callsheet.is_served(t.lane_id)) order by t.number)
         from (
           (select * from callsheet.ticket where object_key = o.key and not passed order by object_key, number limit ${LONGEST_LINE})
           union all
           (select * from callsheet.ticket where object_key = o.key and passed order by object_key, number limit ${LONGEST_LINE})
         ) t) as tickets
      from callsheet.object o where o.key = any($1::text[])`,
    values: [keys],
  });
  return rows.map(({ tickets, ...row }) => ({ ...row, tickets: tickets ?? [] }));
}

const POOL = `id, name, scope, capacity::float8 as capacity, used::float8 as used, state, tags,
  external, external_total::float8 as "externalTotal", external_at as "externalAt", callsheet.now() as now,
  case when held_for is not null then json_build_object('jobId', held_for, 'units', held_units, 'until', held_until, 'spare', held_spare) end as held`;

type PoolRow = Omit<PoolFacts, "reservation"> &
  OutsideTruth & {
    readonly now: Date;
    readonly held: { jobId: string; units: number; until: string; spare: number } | null;
  };

const toPool = ({ held, now, external, externalTotal, externalAt, ...row }: PoolRow): PoolFacts => ({
  ...row,
  capacity: effectiveCapacity({ capacity: row.capacity, external, externalTotal, externalAt }, now),
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

/** A candidate that starts, and the units that it takes. */
export interface Start {
  readonly candidate: Candidate;
  readonly units: readonly Units[];
}
