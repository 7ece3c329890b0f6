import type { JobKind, JobState, JsonObject, RollbackState } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** What operations on one job need to know before they decide. */
export interface JobFacts {
  readonly id: string;
  readonly kind: JobKind;
  readonly state: JobState;
  readonly rollback: RollbackState;
  /** Its attempts left entries in the undo journal that are open. */
  readonly isJournaled: boolean;
  readonly actionVersionId: number;
  readonly actionId: number;
  readonly laneId: number;
  readonly ownerId: number;
  readonly rank: number;
  readonly attempt: number;
  readonly retries: number;
  readonly configuration: unknown;
  /** A queue job's data, as they were changed; null: its configuration still. */
  readonly data: JsonObject | null;
  readonly configurationVersion: number;
  readonly token: string | null;
  readonly hasLocks: boolean;
}

/**
 * Locks a job where its state stands and reads it, or undefined. A member of a claim must have been anchored before.
 * The rows are read by the statement after the one that locked.
 */
export async function lockJob(tx: Queryable, id: string): Promise<JobFacts | undefined> {
  await tx.query(sql`select from callsheet.work where job_id = ${id} for update`);
  await tx.query(sql`select from callsheet.outcome where job_id = ${id} for update`);
  const { rows } = await tx.query<JobFacts>(sql`
    select j.id, j.kind, s.state, s.rollback, j.action_version_id as "actionVersionId", j.action_id as "actionId", j.lane_id as "laneId",
      j.owner_id as "ownerId", j.rank, s.attempt, s.retries, j.configuration, j.data,
      j.configuration_version as "configurationVersion", s.token::text,
      j.locks is not null as "hasLocks", s.journaled as "isJournaled"
    from callsheet.job j join (
      select job_id, state, rollback, token, attempt, retries, journaled from callsheet.work where job_id = ${id}
      union all select job_id, state, rollback, token, attempt, retries, false from callsheet.outcome where job_id = ${id}
    ) s on s.job_id = j.id`);
  return rows[0];
}

/** Whether a job stands neither in line for objects nor in the internal queue. */
export async function hasLeftLine(tx: Queryable, id: string): Promise<boolean> {
  const { rows } = await tx.query<{ state: JobState }>(sql`select state from callsheet.work where job_id = ${id}`);
  return rows[0]?.state !== "waiting_for_lock" && rows[0]?.state !== "queued";
}

/** Locks jobs where their state stands, in the order of ids; members of claims are not among them. */
export async function lockPlaces(tx: Queryable, ids: readonly string[]): Promise<void> {
  await tx.query(sql`select from callsheet.work where job_id = any(${ids}::uuid[]) order by job_id for update`);
  await tx.query(sql`select from callsheet.outcome where job_id = any(${ids}::uuid[]) order by job_id for update`);
}

/** A live attempt that is about to end. */
export interface LiveAttempt {
  readonly id: string;
  readonly state: "running" | "timed_out" | "cancelling";
  readonly retries: number;
  readonly crashes: number;
  readonly intent: number;
  readonly actionVersionId: number;
  /** Required: the attempt has ended, and is being undone before its cancel settles. */
  readonly rollback: RollbackState;
  /** It left entries in the undo journal that are open. */
  readonly isJournaled: boolean;
  /** It holds units or objects. */
  readonly isHolder: boolean;
  /** No node runs it. */
  readonly isElsewhere: boolean;
  readonly attempt: number;
  /** Of a queue job: its data as they are now. */
  readonly data: JsonObject | null;
  /** It has a timed action. */
  readonly isTimed: boolean;
  readonly startedAt: Date | null;
}

/** Locks live attempts, each named by its token; superseded ones are absent. */
export async function lockAttempts(
  tx: Queryable,
  attempts: readonly { readonly id: string; readonly token: string }[],
): Promise<readonly LiveAttempt[]> {
  const { rows } = await tx.query<LiveAttempt>(sql`
    select w.job_id as id, w.state, w.retries, w.crashes, w.intent, w.action_version_id as "actionVersionId", w.attempt,
      w.rollback, w.journaled as "isJournaled", w.node_id is null as "isElsewhere", w.started_at as "startedAt",
      exists (select from callsheet.job j where j.id = w.job_id and j.kind = 'timed') as "isTimed",
      (select case when j.kind = 'queue' then coalesce(j.data, j.configuration) end from callsheet.job j where j.id = w.job_id) as data,
      exists (select from callsheet.job j where j.id = w.job_id and j.locks is not null)
        or exists (select from callsheet.grant_of_units g where g.token = w.token and g.job_id = w.job_id) as "isHolder"
    from (
      select * from unnest(${attempts.map((one) => one.id)}::uuid[], ${attempts.map((one) => one.token)}::bigint[]) as a (id, token) order by id
    ) a cross join lateral (select * from callsheet.work where job_id = a.id offset 0 for update) w
    where w.token = a.token and w.state in ('running', 'timed_out', 'cancelling')`);
  return rows;
}

/** Sets the start time of a job. */
export async function changePlan(tx: Queryable, id: string, startAt: Date | null): Promise<void> {
  await tx.query(sql`update callsheet.job set start_at = ${startAt} where id = ${id}`);
  await tx.query(sql`update callsheet.work set due_at = ${startAt} where job_id = ${id}`);
}

/** Sets the priority of a job. */
export async function changePriority(tx: Queryable, id: string, rank: number): Promise<void> {
  await tx.query(sql`update callsheet.job set rank = ${rank} where id = ${id}`);
  await tx.query(sql`update callsheet.work set rank = ${rank} where job_id = ${id}`);
}

/** Replaces the data of a queue job. */
export async function changeData(tx: Queryable, id: string, data: string): Promise<void> {
  await tx.query(sql`update callsheet.job set data = ${data}::json where id = ${id} and kind = 'queue'`);
}

/** Moves a job to another lane, with its places in line for objects. */
export async function changeLane(tx: Queryable, id: string, laneId: number): Promise<void> {
  await tx.query(sql`update callsheet.job set lane_id = ${laneId} where id = ${id}`);
  await tx.query(sql`
    update callsheet.work set lane_id = ${laneId},
      guest = (select shared or host_id is distinct from owner_id from callsheet.lane where id = ${laneId})
    where job_id = ${id}`);
  await tx.query(sql`
    update callsheet.ticket t set lane_id = ${laneId}
    from callsheet.job j, json_array_elements(j.locks) l
    where j.id = ${id} and t.object_key = l ->> 'key' and t.job_id = ${id} and t.token is null`);
}

/** A retry that was asked for while the attempt lives: done when it has failed, forgotten when it completes. */
export async function rememberRetry(tx: Queryable, id: string): Promise<void> {
  await tx.query(sql`update callsheet.work set intent = 1 where job_id = ${id} and state = 'timed_out'`);
}

/** Replaces a job's configuration and keeps the old one with who, when, why and the difference. */
export async function amendConfiguration(
  tx: Queryable,
  amendment: {
    readonly id: string;
    readonly configuration: string;
    readonly difference: string;
    readonly actor: string;
    readonly reason: string | null;
  },
): Promise<number> {
  const { id, configuration, difference, actor, reason } = amendment;
  const { rows } = await tx.query<{ version: number }>(sql`
    with old as materialized (select id, configuration, configuration_version from callsheet.job where id = ${id} for update),
    kept as (
      insert into callsheet.configuration (job_id, version, configuration, difference, at, actor, reason)
      select id, configuration_version, configuration, ${difference}::json, callsheet.now(), ${actor}, ${reason} from old
    )
    update callsheet.job j set configuration = ${configuration}::json, configuration_version = old.configuration_version + 1
    from old where j.id = old.id
    returning j.configuration_version as version`);
  return rows[0]!.version;
}
