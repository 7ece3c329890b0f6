import type { Entry, JobState, Occurrence, OccurrenceOutcome, SkipReason, TimedDefinition } from "@callsheet/contract";
import { wallText } from "@callsheet/contract";
import sql from "sql-template-tag";
import { occurrencesToCheck, timedToCheck } from "./check/timed.ts";
import type { BatchDefaults, NewJob } from "./create.ts";
import type { Queryable } from "./database.ts";

/**
 * The intent of a job in `work` that waits for its timed action: that alone says when it is due. It is told from one whose
 * handler asked for a while, which comes due by itself.
 */
const ARMED = 2;

/** A timed action whose row is locked, its job's before it. */
export interface LockedTimed {
  readonly id: number;
  readonly name: string;
  readonly jobId: string;
  readonly definition: TimedDefinition;
  readonly isStarted: boolean;
  readonly mark: Date;
  readonly nextAt: Date | null;
  readonly dueAt: Date | null;
  readonly now: Date;
  /** Its job waits for the next occurrence. */
  readonly isArmed: boolean;
  readonly queued: number;
  /** All timed actions are switched off. */
  readonly isOff: boolean;
}

/** Whether all timed actions are switched off. */
const IS_OFF = "coalesce((select value = 'false'::jsonb from callsheet.setting where name = 'timed'), false)";

/** Locks the timed action of a job; the job's row is locked already. Read by the statement after the one that locked. */
export async function lockTimed(tx: Queryable, jobId: string): Promise<LockedTimed | undefined> {
  await tx.query(sql`select from callsheet.timed_action where job_id = ${jobId} for update`);
  const { rows } = await tx.query<LockedTimed>({
    text: `
      select t.id, t.name, t.job_id as "jobId", t.definition, t.started as "isStarted", t.mark, t.next_at as "nextAt", t.due_at as "dueAt",
        callsheet.now() as now, ${IS_OFF} as "isOff",
        exists (select from callsheet.work w where w.job_id = t.job_id and w.state = 'scheduled' and w.intent = ${ARMED}) as "isArmed",
        (select count(*)::int from callsheet.occurrence o where o.timed_action_id = t.id and o.kind = 'queued') as queued
      from callsheet.timed_action t where t.job_id = $1::uuid`,
    values: [jobId],
  });
  return rows[0];
}

/** Whether nobody else looks at a timed action now; then this transaction does. It saves work, and decides nothing. */
export async function becomeTimer(tx: Queryable, id: number): Promise<boolean> {
  const { rows } = await tx.query<{ isMine: boolean }>(sql`
    select pg_try_advisory_xact_lock(hashtextextended(${`callsheet.timed.${id}`}, 0)) as "isMine"`);
  return rows[0]!.isMine;
}

/** Started timed actions with something to decide on, the first due first. */
export async function dueTimed(db: Queryable, limit: number) {
  const { rows } = await db.query<{ id: number; jobId: string }>(sql`
    select id, job_id as "jobId" from callsheet.timed_action
    where started and due_at <= callsheet.now() order by due_at limit ${limit}`);
  return rows;
}

export async function insertTimed(
  tx: Queryable,
  {
    definition,
    jobId,
    actor,
    reason,
  }: { definition: TimedDefinition; jobId: string; actor: string; reason: string | null },
): Promise<void> {
  await tx.query(sql`
    insert into callsheet.timed_action (name, job_id, definition, mark, ruled_at, actor, reason)
    values (${definition.name}, ${jobId}, ${JSON.stringify(definition)}::jsonb, callsheet.now(), callsheet.now(), ${actor}, ${reason})`);
}

/** Where a timed action stands from now on. What is absent stays as it is. */
export interface TimedPlace {
  readonly isStarted?: boolean;
  readonly mark: Date;
  readonly nextAt: Date | null;
  readonly dueAt: Date | null;
}

export async function placeTimed(tx: Queryable, id: number, place: TimedPlace): Promise<void> {
  const { isStarted = null, mark, nextAt, dueAt } = place;
  await tx.query(sql`
    update callsheet.timed_action
    set started = coalesce(${isStarted}::boolean, started), mark = greatest(mark, ${mark}), next_at = ${nextAt}, due_at = ${dueAt}
    where id = ${id}`);
}

/** Gives a timed action another definition, whose rule holds from its mark on. */
export async function redefineTimed(
  tx: Queryable,
  id: number,
  { definition, actor, reason }: { definition: TimedDefinition; actor: string; reason: string | null },
): Promise<void> {
  await tx.query(sql`
    update callsheet.timed_action
    set definition = ${JSON.stringify(definition)}::jsonb, ruled_at = mark, actor = ${actor}, reason = ${reason} where id = ${id}`);
}

/** Deletes a timed action with what became of its instants. */
export async function deleteTimed(tx: Queryable, id: number): Promise<void> {
  await tx.query(sql`delete from callsheet.occurrence where timed_action_id = ${id}`);
  await tx.query(sql`delete from callsheet.timed_action where id = ${id}`);
}

/** Writes what became of instants. An instant that was written before is refused by its key. */
export async function addOccurrences(
  tx: Queryable,
  id: number,
  entries: readonly Entry[],
  origin: Occurrence["origin"] = "rule",
): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map(({ first, last, count, instant, untilInstant, kind, reason }) => ({
    ...{ nominal: wallText(first.wall), fold: first.fold, until: wallText(last.wall), count, kind, reason },
    ...{ instant: new Date(instant), end: new Date(untilInstant) },
  }));
  await tx.query(sql`
    insert into callsheet.occurrence (timed_action_id, origin, nominal, fold, until_nominal, count, instant, until_instant, kind, reason, fired_at)
    select ${id}, ${origin}::callsheet.occurrence_origin, r.nominal, r.fold, r.until, r.count, r.instant, r."end", r.kind, r.reason,
      case when r.kind = 'fired' then callsheet.now() end
    from json_to_recordset(${JSON.stringify(rows)}::json) as r (nominal text, fold smallint, until text, count int, instant timestamptz, "end" timestamptz,
      kind callsheet.occurrence_kind, reason text)`);
}

/** The moment of an occurrence by hand: now, or a little later where the clock stood still since the last one, or was set back. */
export async function momentByHand(tx: Queryable, id: number): Promise<Date> {
  const { rows } = await tx.query<{ at: Date }>(sql`
    select greatest(date_trunc('milliseconds', callsheet.now()), max(instant) + interval '1 millisecond') as at
    from callsheet.occurrence where timed_action_id = ${id} and origin = 'hand'`);
  return rows[0]!.at;
}

/** What is told of an occurrence in the history of its job. */
export interface FiredOccurrence {
  readonly nominal: string;
  readonly fold: 0 | 1;
  readonly instant: Date;
  readonly origin: Occurrence["origin"];
}

/** Lets the first of those that wait fire; undefined: none waits. */
export async function fireQueued(tx: Queryable, id: number): Promise<FiredOccurrence | undefined> {
  const { rows } = await tx.query<FiredOccurrence>(sql`
    update callsheet.occurrence o set kind = 'fired', fired_at = callsheet.now()
    from (
      select origin, nominal, fold from callsheet.occurrence
      where timed_action_id = ${id} and kind = 'queued' order by instant, nominal, fold limit 1
    ) q
    where o.timed_action_id = ${id} and o.origin = q.origin and o.nominal = q.nominal and o.fold = q.fold
    returning o.nominal, o.fold, o.instant, o.origin`);
  return rows[0];
}

/** Passes over what waits. */
export async function skipQueued(tx: Queryable, id: number, reason: SkipReason): Promise<void> {
  await tx.query(sql`
    update callsheet.occurrence set kind = 'skipped', reason = ${reason} where timed_action_id = ${id} and kind = 'queued'`);
}

/** Says how the last occurrence of a job's timed action ended, also one that was retried after it had ended. */
export async function endOccurrence(
  tx: Queryable,
  id: number,
  outcome: Omit<OccurrenceOutcome, "endedAt">,
): Promise<void> {
  await tx.query(sql`
    update callsheet.occurrence o set ended_at = callsheet.now(), outcome = ${JSON.stringify(outcome)}::json
    from (
      select origin, nominal, fold from callsheet.occurrence
      where timed_action_id = ${id} and kind = 'fired' order by fired_at desc, instant desc limit 1
    ) q
    where o.timed_action_id = ${id} and o.origin = q.origin and o.nominal = q.nominal and o.fold = q.fold`);
}

/** Gives the job of a timed action, of which no occurrence is under way, another content. Its configuration is changed elsewhere. */
export async function adoptJob(
  tx: Queryable,
  id: string,
  job: Omit<NewJob, "id">,
  defaults: BatchDefaults,
): Promise<void> {
  const { ownerId = defaults.ownerId, laneId = defaults.laneId, rank = defaults.rank, target, tags = null } = job;
  const { actionId, actionVersionId } = defaults;
  await tx.query(sql`
    update callsheet.job
    set action_id = ${actionId}, action_version_id = ${actionVersionId}, owner_id = ${ownerId}, lane_id = ${laneId}, rank = ${rank},
      target_type = ${target?.type ?? null}, target_id = ${target?.id ?? null}, tags = ${tags}::text[],
      variables = ${job.variables ?? null}::json, locks = ${job.locks ?? null}::json, size = ${job.size ?? null}
    where id = ${id}`);
  await tx.query(sql`
    update callsheet.work
    set action_version_id = ${actionVersionId}, owner_id = ${ownerId}, lane_id = ${laneId}, rank = ${rank} where job_id = ${id}`);
}

/** Lets a scheduled job wait for its timed action, and shows when that is due. */
export async function armJob(tx: Queryable, jobId: string, dueAt: Date): Promise<void> {
  await tx.query(sql`
    update callsheet.work w set due_at = ${dueAt}, intent = ${ARMED},
      guest = (select l.shared or l.host_id is distinct from w.owner_id from callsheet.lane l where l.id = w.lane_id)
    where job_id = ${jobId} and state = 'scheduled'`);
  await tx.query(sql`update callsheet.job set start_at = ${dueAt} where id = ${jobId}`);
}

/** A timed action as it is read. */
export interface TimedRow {
  readonly id: number;
  readonly definition: TimedDefinition;
  readonly jobId: string;
  readonly jobState: JobState;
  readonly isStarted: boolean;
  readonly nextAt: Date | null;
  readonly mark: Date;
  readonly queued: number;
  readonly lastFiredAt: Date | null;
  readonly last: (Omit<OccurrenceOutcome, "startedAt"> & { readonly startedAt: string | null }) | null;
  readonly lastEndedAt: Date | null;
  readonly createdAt: Date;
}

/** Timed actions by name; all of them without one. */
export async function readTimed(db: Queryable, name?: string): Promise<readonly TimedRow[]> {
  const { rows } = await db.query<TimedRow>(sql`
    select t.id, t.definition, t.job_id as "jobId", s.state as "jobState", t.started as "isStarted", t.next_at as "nextAt", t.mark,
      (select count(*)::int from callsheet.occurrence q where q.timed_action_id = t.id and q.kind = 'queued') as queued,
      (select max(f.fired_at) from callsheet.occurrence f where f.timed_action_id = t.id) as "lastFiredAt",
      o.outcome as last, o.ended_at as "lastEndedAt", t.created_at as "createdAt"
    from callsheet.timed_action t join callsheet.job_state_now s on s.job_id = t.job_id
    left join lateral (
      select outcome, ended_at from callsheet.occurrence o
      where o.timed_action_id = t.id and o.ended_at is not null order by o.instant desc, o.ended_at desc limit 1
    ) o on true
    where ${name ?? null}::text is null or t.name = ${name ?? null} order by t.name`);
  return rows;
}

/** An occurrence as it is read. */
export type OccurrenceRow = Omit<Occurrence, "outcome"> & Pick<TimedRow, "last"> & { readonly endedAt: Date | null };

/** The last instants that a timed action came to before this one, newest first (index occurrence_in_time). */
export async function readOccurrences(
  db: Queryable,
  id: number,
  { before, limit }: { readonly before: Date | null; readonly limit: number },
): Promise<readonly OccurrenceRow[]> {
  const { rows } = await db.query<OccurrenceRow>(sql`
    select nominal as local, fold, until_nominal as until, count, instant, origin, kind, reason, fired_at as "firedAt",
      ended_at as "endedAt", outcome as last
    from callsheet.occurrence
    where timed_action_id = ${id} and instant < coalesce(${before}::timestamptz, 'infinity')
    order by instant desc, nominal desc, fold desc limit ${limit}`);
  return rows;
}

/**
 * Deletes what is told of instants that lie further back than the jobs of their action type are kept, whichever way they ended;
 * nothing where one rule keeps some for ever. Answers how many rows.
 */
export async function forgetOccurrences(tx: Queryable): Promise<number> {
  const { count } = await tx.query(sql`
    with kept as (
      select t.id, callsheet.now() - max(r.keep_ms) * interval '1 millisecond' as since
      from callsheet.timed_action t join callsheet.job j on j.id = t.job_id join callsheet.action_version v on v.id = j.action_version_id
      cross join unnest(enum_range('completed'::callsheet.job_state, null)) as s (state)
      left join lateral (
        select r.keep_ms from callsheet.retention r
        where (r.state is null or r.state = s.state) and (r.type is null or r.type = v.type)
        order by r.type is null, r.state is null limit 1
      ) r on true
      group by t.id having bool_and(r.keep_ms is not null)
    ), told as (
      update callsheet.timed_action t set ruled_at = least(t.mark, greatest(t.ruled_at, k.since)) from kept k where t.id = k.id
    )
    delete from callsheet.occurrence o using kept k
    where o.timed_action_id = k.id and o.until_instant <= k.since and o.kind <> 'queued' and (o.kind <> 'fired' or o.ended_at < k.since)`);
  return count;
}

/** Switches all timed actions on or off. */
export async function switchTimed(db: Queryable, isOn: boolean): Promise<void> {
  await db.query(sql`
    insert into callsheet.setting (name, value) values ('timed', ${JSON.stringify(isOn)}::jsonb)
    on conflict (name) do update set value = excluded.value`);
}

/** Whether timed actions are switched on. */
export async function isTimedOn(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ isOff: boolean }>({ text: `select ${IS_OFF} as "isOff"`, values: [] });
  return !rows[0]!.isOff;
}

/** What stands behind timed actions. */
export const TIMED = {
  occurrencesToCheck,
  timedToCheck,
  addOccurrences,
  adoptJob,
  armJob,
  becomeTimer,
  deleteTimed,
  dueTimed,
  endOccurrence,
  fireQueued,
  forgetOccurrences,
  insertTimed,
  isTimedOn,
  lockTimed,
  momentByHand,
  placeTimed,
  readOccurrences,
  readTimed,
  redefineTimed,
  skipQueued,
  switchTimed,
};
