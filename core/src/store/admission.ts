import sql from "sql-template-tag";
import { type Queryable, WALK_INDEXES } from "./database.ts";

/** A job that stands in the internal queue, or would like to. */
export interface Candidate {
  readonly id: string;
  readonly laneId: number;
  readonly ownerId: number;
  readonly actionVersionId: number;
  readonly rank: number;
  readonly dueAt: Date;
  /** Null: it is pending. Below 0: its locks were handed over to it, and it stands outside the bound. */
  readonly turn: number | null;
}

/** What the one who admits has to know first. */
export interface Admitter {
  /** The database's clock. */
  readonly now: Date;
  /** The bound of the internal queue, in jobs. */
  readonly capacity: number;
  /** How long a job waits for one more level, in milliseconds. */
  readonly stepMs: number;
  /** Whether any lane has jobs of several owners. */
  readonly isShared: boolean;
  /** Whether there is anything with a capacity. */
  readonly hasPools: boolean;
}

/** Makes this transaction the one that admits, until it ends; undefined: another one is. */
export async function becomeAdmitter(tx: Queryable): Promise<Admitter | undefined> {
  const { rows } = await tx.query<Admitter & { isMine: boolean }>(sql`
    select pg_try_advisory_xact_lock(hashtextextended('callsheet.admission', 0)) as "isMine", callsheet.now() as now,
      (select value::text::float8 from callsheet.setting where name = 'queue_capacity') as capacity,
      (select value::text::float8 from callsheet.setting where name = 'ageing_step_ms') as "stepMs",
      exists (select from callsheet.lane where shared) as "isShared", exists (select from callsheet.pool) as "hasPools",
      ${WALK_INDEXES}`);
  return rows[0]!.isMine ? rows[0] : undefined;
}

/** The internal queue, by turn (index work_queued), and the jobs that were handed their objects, which stand outside it. */
export async function queuedJobs(tx: Queryable): Promise<readonly Candidate[]> {
  const { rows } = await tx.query<Candidate>(sql`
    select job_id as id, lane_id as "laneId", owner_id as "ownerId", action_version_id as "actionVersionId", rank, due_at as "dueAt",
      turn::float8 as turn
    from callsheet.work where state = 'queued' order by work.turn`);
  return rows;
}

/**
 * The first `limit` pending jobs of each open lane and rank (index work_pending); of each of the `full` lanes, which have no
 * room, only one. Ranks that a lane has no jobs of are not asked for: there may be thousands of lanes.
 */
export async function pendingHeads(
  tx: Queryable,
  limit: number,
  full: readonly number[] = [],
): Promise<readonly Candidate[]> {
  const { rows } = await tx.query<Candidate>(sql`
    with recursive line as (
      select l.id as lane_id, l.id in (select unnest(${full}::int[])) as is_full, -1::smallint as rank
      from callsheet.lane l where not l.paused
      union all
      select line.lane_id, line.is_full, next.rank from line cross join lateral (
        select rank from callsheet.work where state = 'pending' and lane_id = line.lane_id and rank > line.rank
        order by lane_id, rank limit 1
      ) next
    )
    select w.id, line.lane_id as "laneId", w."ownerId", w."actionVersionId", line.rank, w."dueAt", null::float8 as turn
    from line cross join lateral (
      select job_id as id, owner_id as "ownerId", action_version_id as "actionVersionId", due_at as "dueAt" from callsheet.work
      where state = 'pending' and lane_id = line.lane_id and rank = line.rank
      order by lane_id, rank, due_at, job_id limit case when line.is_full then 1 else ${limit} end
    ) w
    where line.rank >= 0`);
  return rows;
}

/** Where a look at the guests of a lane and rank went on to: owners up to this one were seen. */
export interface GuestsSeen {
  readonly laneId: number;
  readonly rank: number;
  readonly ownerId: number;
}

/**
 * The first `limit` pending jobs of each guest of the open shared lanes, by rank (index work_guest): of the next `owners`
 * owners of each lane and rank after those that were `seen`. One probe an owner, whatever they have.
 */
export async function guestHeads(
  tx: Queryable,
  request: { readonly limit: number; readonly owners: number; readonly seen: readonly GuestsSeen[] },
): Promise<readonly Candidate[]> {
  const { limit, owners, seen } = request;
  const { rows } = await tx.query<Candidate>(sql`
    with recursive seen as materialized (
      select * from unnest(${seen.map(({ laneId }) => laneId)}::int[], ${seen.map(({ rank }) => rank)}::int[],
        ${seen.map(({ ownerId }) => ownerId)}::int[]) as s (lane_id, rank, owner_id)
    ), guest as (
      select l.id as lane_id, r.rank, 0 as n,
        coalesce((select s.owner_id from seen s where s.lane_id = l.id and s.rank = r.rank), -1) as owner_id
      from callsheet.lane l cross join generate_series(0, 5) as r (rank)
      where l.shared and not l.paused
      union all
      select g.lane_id, g.rank, g.n + 1, next.owner_id
      from guest g cross join lateral (
        select owner_id from callsheet.work
        where state = 'pending' and guest and lane_id = g.lane_id and rank = g.rank and owner_id > g.owner_id
        order by lane_id, rank, owner_id limit 1
      ) next
      where g.n < ${owners}
    )
    select w.id, g.lane_id as "laneId", g.owner_id as "ownerId", w."actionVersionId", g.rank, w."dueAt", null::float8 as turn
    from guest g cross join lateral (
      select job_id as id, action_version_id as "actionVersionId", due_at as "dueAt" from callsheet.work
      where state = 'pending' and guest and lane_id = g.lane_id and rank = g.rank and owner_id = g.owner_id
      order by lane_id, rank, owner_id, due_at, job_id limit ${limit}
    ) w
    where g.n > 0`);
  return rows;
}

/** How many jobs of each owner run, in rows of their own (index work_live) and as members of claims. */
export async function liveByOwner(tx: Queryable): Promise<ReadonlyMap<number, number>> {
  const { rows } = await tx.query<{ ownerId: number; count: number }>(sql`
    select owner_id as "ownerId", count(*)::int as count
    from (
      select owner_id from callsheet.work where state in ('running', 'timed_out', 'cancelling') and node_id >= 0
      union all
      select j.owner_id
      from callsheet.claim c cross join unnest(c.ids) with ordinality as m (id, n) join callsheet.job j on j.id = m.id
      where get_bit(c.ended, m.n::int - 1) = 0
    ) live
    group by owner_id`);
  return new Map(rows.map(({ ownerId, count }) => [ownerId, count]));
}

/** Puts jobs into the internal queue at their turns, or moves them within it. */
export async function admitJobs(
  tx: Queryable,
  admitted: readonly { readonly id: string; readonly turn: number }[],
): Promise<void> {
  if (admitted.length === 0) return;
  await tx.query(sql`
    with a as materialized (
      select * from unnest(${admitted.map((one) => one.id)}::uuid[], ${admitted.map((one) => one.turn)}::bigint[]) as a (id, turn)
    ), held as materialized (
      select w.job_id, a.turn from (select * from a order by id) a cross join lateral (
        select job_id, state, work.turn from callsheet.work where job_id = a.id offset 0 for update skip locked
      ) w where w.state = 'pending' or (w.state = 'queued' and w.turn >= 0)
    )
    update callsheet.work w set state = 'queued', turn = held.turn from held where w.job_id = held.job_id`);
}

/** Takes jobs out of the internal queue for better ones. */
export async function giveWay(tx: Queryable, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.query(sql`
    with held as materialized (
      select w.job_id from (select id from unnest(${ids}::uuid[]) as id order by id) g cross join lateral (
        select job_id, state, turn from callsheet.work where job_id = g.id offset 0 for update skip locked
      ) w where w.state = 'queued' and w.turn >= 0
    )
    update callsheet.work w set state = 'pending', turn = null from held where w.job_id = held.job_id`);
}
