import type { JobState, Json, JsonObject } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** A queue job as it stands now. */
export interface QueueRecord {
  readonly id: string;
  /** What it was added with, as changed since. */
  readonly data: JsonObject;
  /** Of a job that waits: the state in which its last line of history left it. */
  readonly state: JobState;
  readonly createdAt: Date;
  /** When it is, or was, to begin first. */
  readonly startAt: Date;
  readonly dueAt: Date | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly attempt: number;
  readonly retries: number;
  readonly percent: number | null;
  readonly result: Json;
}

// A job that was tried and waits for its turn again is still one that failed, whatever admission did with it.
export const LINE_STATE = "case when w.state in ('pending', 'queued') then w.line_state else w.state end";

const RECORD = `
  select j.id, coalesce(j.data, j.configuration) as data, j.created_at as "createdAt", coalesce(j.start_at, j.created_at) as "startAt",
    coalesce(${LINE_STATE}, d.state, case when m.token is not null then 'running'::callsheet.job_state end) as state,
    w.due_at as "dueAt", coalesce(w.started_at, d.started_at, m.started_at) as "startedAt", d.ended_at as "endedAt",
    coalesce(w.attempt, d.attempt, 1) as attempt, coalesce(w.retries, d.retries, 0) as retries,
    coalesce(p.percent, (d.progress ->> 'percent')::real) as percent, d.result
  from picked
  join callsheet.job j on j.id = picked.id
  left join callsheet.work w on w.job_id = j.id
  left join callsheet.outcome d on d.job_id = j.id
  left join lateral (
    select c.token, c.started_at from callsheet.claim c
    where w.job_id is null and d.job_id is null and j.id = any(c.ids) limit 1
  ) m on true
  left join callsheet.progress p on p.job_id = j.id`;

// Named rows are read by their ids first: before a table was analysed, an index of all of a queue's jobs looks as good.
/** Jobs of a queue by id, oldest first; ids that it does not have are absent. */
export async function readQueueJobs(
  db: Queryable,
  actionId: number,
  ids: readonly string[],
): Promise<readonly QueueRecord[]> {
  const { rows } = await db.query<QueueRecord>({
    text: `
      with named as materialized (
        select id, action_id, kind from callsheet.job where id = any($2::uuid[])
      ), picked as (select id from named where action_id = $1 and kind = 'queue')
      ${RECORD} order by j.id`,
    values: [actionId, ids],
  });
  return rows;
}

/** What jobs of a queue may be looked for by; every field narrows. */
export interface QueueSearch {
  /** JSON text: data that hold all of it. */
  readonly holds?: string;
  readonly name?: string;
  /** The last id of the page before. */
  readonly after?: string;
  readonly limit: number;
}

/** A page of a queue's jobs, oldest first (indexes job_by_action, job_named). A job without a name is found by its id. */
export async function findQueueJobs(
  db: Queryable,
  actionId: number,
  search: QueueSearch,
): Promise<readonly QueueRecord[]> {
  const values: unknown[] = [actionId];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const where = ["j.action_id = $1", "j.kind = 'queue'"];
  if (search.holds !== undefined)
    where.push(`coalesce(j.data, j.configuration)::jsonb @> ${bind(search.holds)}::jsonb`);
  if (search.name !== undefined) where.push(`coalesce(j.data, j.configuration) ->> 'name' = ${bind(search.name)}`);
  if (search.after !== undefined) where.push(`j.id > ${bind(search.after)}::uuid`);
  const { rows } = await db.query<QueueRecord>({
    text: `
      with picked as materialized (
        select j.id from callsheet.job j where ${where.join(" and ")} order by j.id limit ${bind(search.limit)}
      ) ${RECORD} order by j.id`,
    values,
  });
  return rows;
}

/** Whether any job of a queue is due and not running yet (indexes work_pending, work_queued, in their order). */
export async function hasDueJobs(db: Queryable, actionId: number): Promise<boolean> {
  const { rows } = await db.query<{ hasDue: boolean }>(sql`
    select exists (
      select from callsheet.lane l
      cross join lateral (
        select from callsheet.work w where w.state = 'pending' and w.lane_id = l.id order by w.rank, w.due_at, w.job_id limit 1
      ) pending
      where l.action_id = ${actionId}
    ) or exists (
      select from callsheet.lane l
      cross join lateral (
        select from callsheet.work w where w.state = 'queued' and w.lane_id = l.id order by w.turn limit 1
      ) queued
      where l.action_id = ${actionId}
    ) as "hasDue"`);
  return rows[0]!.hasDue;
}

/** The ids of finished jobs of a queue that ended longer ago than that, oldest first, at most `limit` (index outcome_by_end). */
export async function finishedQueueJobs(
  db: Queryable,
  actionId: number,
  olderThanMs: number,
  limit: number,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>(sql`
    select d.job_id as id from callsheet.outcome d join callsheet.job j on j.id = d.job_id
    where d.ended_at < callsheet.now() - ${olderThanMs}::float8 * interval '1 millisecond' and j.action_id = ${actionId} and j.kind = 'queue'
    order by d.ended_at limit ${limit}`);
  return rows.map(({ id }) => id);
}

/** Which of these ids are jobs of a queue. */
export async function idsOfQueue(db: Queryable, actionId: number, ids: readonly string[]): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>(sql`
    with named as materialized (
      select id, action_id, kind from callsheet.job where id = any(${ids}::uuid[])
    ) select id from named where action_id = ${actionId} and kind = 'queue'`);
  return rows.map(({ id }) => id);
}

/** Some jobs of a queue, whatever their state, at most `limit`. */
export async function someQueueJobs(db: Queryable, actionId: number, limit: number): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>(sql`
    select id from callsheet.job where action_id = ${actionId} and kind = 'queue' order by id limit ${limit}`);
  return rows.map(({ id }) => id);
}

/** The claims of which these jobs are running members, each with those ids. */
export async function claimsOf(
  tx: Queryable,
  ids: readonly string[],
): Promise<readonly { readonly token: string; readonly ids: readonly string[] }[]> {
  const { rows } = await tx.query<{ token: string; ids: string[] }>(sql`
    select c.token::text, array_agg(m.id::text) as ids
    from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n)
    where m.id = any(${ids}::uuid[]) and get_bit(c.ended, m.n::int - 1) = 0
    group by c.token order by c.token`);
  return rows;
}

/** Lets a running attempt's time-out begin anew, now. */
export async function restartDeadline(tx: Queryable, id: string): Promise<void> {
  await tx.query(sql`
    update callsheet.work w
    set deadline = callsheet.deadline(callsheet.now(), v.definition, j.kind, coalesce(j.data, j.configuration), w.retries)
    from callsheet.job j, callsheet.action_version v
    where w.job_id = ${id} and w.state = 'running' and j.id = w.job_id and v.id = w.action_version_id`);
}

/** Sets when a job that waits is due. */
export async function changeDue(tx: Queryable, id: string, dueAt: Date): Promise<void> {
  await tx.query(sql`
    update callsheet.work set due_at = ${dueAt} where job_id = ${id} and state in ('scheduled', 'retrying')`);
}
