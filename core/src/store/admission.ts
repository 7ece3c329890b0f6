import sql from "sql-template-tag";
import { type Queryable, WALK_INDEXES } from "./database.ts";

/** A job that stands in the internal queue, or would like to. */
export interface Candidate {
  readonly id: string;
  readonly laneId: number;
  readonly rank: number;
  readonly dueAt: Date;
  /** Null: it is pending. */
  readonly turn: number | null;
  /** The database's clock. */
  readonly now: Date;
}

/** Whether this transaction is now the one that admits. It stays so until it ends. */
export async function becomeAdmitter(tx: Queryable): Promise<boolean> {
  const { rows } = await tx.query<{ mine: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended('callsheet.admission', 0)) as mine, ${WALK_INDEXES}`,
  );
  return rows[0]!.mine;
}

/** The internal queue, by turn (index work_queued). Jobs whose locks were handed over stand outside of it, before all others. */
export async function queuedJobs(tx: Queryable): Promise<readonly Candidate[]> {
  const { rows } = await tx.query<Candidate>(sql`
    select job_id as id, lane_id as "laneId", rank, due_at as "dueAt", turn::float8 as turn, callsheet.now() as now from callsheet.work
    where state = 'queued' and turn >= 0 order by work.turn`);
  return rows;
}

/** The first `limit` pending jobs of each lane and rank (index work_pending). */
export async function pendingHeads(tx: Queryable, limit: number): Promise<readonly Candidate[]> {
  const { rows } = await tx.query<Candidate>(sql`
    select w.id, l.id as "laneId", w.rank, w."dueAt", null::float8 as turn, callsheet.now() as now
    from callsheet.lane l cross join generate_series(0, 5) as r (rank) cross join lateral (
      select job_id as id, rank, due_at as "dueAt" from callsheet.work
      where state = 'pending' and lane_id = l.id and rank = r.rank
      order by lane_id, rank, due_at, job_id limit ${limit}
    ) w
    where not l.paused`);
  return rows;
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
        select job_id, state, turn from callsheet.work where job_id = a.id offset 0 for update skip locked
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
