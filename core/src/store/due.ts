import sql from "sql-template-tag";
import { type Queryable, WALK_INDEXES } from "./database.ts";

export interface Woken {
  /** Lanes in which jobs became pending, with the best rank of each. */
  readonly lanes: readonly { readonly laneId: number; readonly rank: number }[];
  readonly count: number;
}

/** What the time asks for. Milliseconds from now, 0 or less when it is to be done; null: there is none. */
export interface Agenda {
  readonly dueMs: number | null;
  readonly overdueMs: number | null;
  readonly timedMs: number | null;
  /** Whether any job is pending or queued. */
  readonly hasWaiting: boolean;
  /** Whether a job has a turn at objects that it may have to give back, or may have by now. */
  readonly hasTurns: boolean;
}

/**
 * One look at what is next (indexes work_due, work_deadline, work_pending, work_queued, ticket_passed). Whether any job waits, the
 * last of them says: those before the first were taken, and would be walked over until they are vacuumed away.
 */
export async function readAgenda(db: Queryable): Promise<Agenda> {
  const { rows } = await db.query<Agenda>({
    name: "agenda",
    text: `
      select (extract(epoch from (
          select due_at from callsheet.work where state in ('scheduled', 'retrying') and rollback in ('none', 'done') and intent <> 2
          order by due_at limit 1) - callsheet.now()) * 1000)::float8 as "dueMs",
        (extract(epoch from (
          select deadline from callsheet.work where state = 'running' and deadline is not null order by deadline limit 1)
          - callsheet.now()) * 1000)::float8 as "overdueMs",
        (extract(epoch from (select min(due_at) from callsheet.timed_action where started) - callsheet.now()) * 1000)::float8 as "timedMs",
        (select true from callsheet.work where state = 'pending' order by lane_id desc, rank desc, due_at desc, job_id desc limit 1)
          is not null or (select true from callsheet.work where state = 'queued' order by turn desc limit 1) is not null as "hasWaiting",
        exists (select from callsheet.work where state = 'queued' and turn < 0) or exists (select from callsheet.ticket where passed)
          as "hasTurns"`,
    values: [],
  });
  return rows[0]!;
}

/**
 * Makes pending what has come due (index work_due), at most `limit` jobs; but jobs that wait for their timed actions. The next line of each one's history names it.
 * To be called in a transaction, for the sake of its plan.
 */
export async function comeDue(db: Queryable, limit: number): Promise<Woken> {
  await db.query(sql`select ${WALK_INDEXES}`);
  const { rows } = await db.query<{ laneId: number; rank: number; count: number }>(sql`
    with due as materialized (
      select ctid from callsheet.work
      where state in ('scheduled', 'retrying') and due_at <= callsheet.now() and rollback in ('none', 'done') and intent <> 2
      order by due_at limit ${limit} for update skip locked
    ), woken as (
      update callsheet.work w set state = 'pending', guest = w.guest or (select shared from callsheet.lane l where l.id = w.lane_id)
      where ctid = any(array(select ctid from due)) returning lane_id, rank
    )
    select lane_id as "laneId", min(rank)::int as rank, count(*)::int as count from woken group by lane_id`);
  return { lanes: rows, count: rows.reduce((sum, row) => sum + row.count, 0) };
}

/** Running jobs whose time-out has passed (index work_deadline). To be called in a transaction, for the sake of its plan. */
export async function overdueJobs(db: Queryable, limit: number) {
  await db.query(sql`select ${WALK_INDEXES}`);
  const { rows } = await db.query<{
    id: string;
    token: string;
    actionVersionId: number;
    limitMs: number;
  }>(sql`
    select job_id as id, token::text, action_version_id as "actionVersionId",
      round(extract(epoch from deadline - started_at) * 1000)::float8 as "limitMs"
    from callsheet.work where state = 'running' and deadline <= callsheet.now()
    order by deadline limit ${limit}`);
  return rows;
}
