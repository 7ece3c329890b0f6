import type { JobState, TimedDefinition } from "@callsheet/contract";
import sql, { raw } from "sql-template-tag";
import { occurrencesToCheck, timedToCheck } from "./check/timed.ts";
import type { BatchDefaults, NewJob } from "./create.ts";
import type { Queryable } from "./database.ts";
import { CALENDARS, SHARED, type SharedCalendar } from "./exclusion-calendars.ts";
import { addOccurrences, endOccurrence, fireQueued, momentByHand, readOccurrences, skipQueued } from "./occurrences.ts";
import { OLD } from "./old-occurrences.ts";
import type { StoredOutcome } from "./outcome-of.ts";

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
  /** The exclusion calendars that it uses. */
  readonly shared: readonly SharedCalendar[];
  readonly isStarted: boolean;
  readonly mark: Date;
  readonly nextAt: Date | null;
  readonly dueAt: Date | null;
  readonly now: Date;
  /** Its job waits for the next occurrence. */
  readonly isArmed: boolean;
  readonly queued: number;
  /** Each occurrence makes a group of the members of its job's target. */
  readonly byMembers: boolean;
  /** All timed actions are switched off. */
  readonly isOff: boolean;
}

/** The definition of timed action `t`. Releases before these fields have written none. */
const DEFINITION = `'{"calendars": [], "keepLast": null}'::jsonb || t.definition as definition`;

/** Whether all timed actions are switched off. */
const IS_OFF = "coalesce((select value = 'false'::jsonb from callsheet.setting where name = 'timed'), false)";

/** Locks the timed action of a job; the job's row is locked already. Read by the statement after the one that locked. */
async function lockTimed(tx: Queryable, jobId: string): Promise<LockedTimed | undefined> {
  await tx.query(sql`select from callsheet.timed_action where job_id = ${jobId} for update`);
  const { rows } = await tx.query<LockedTimed>({
    text: `
      select t.id, t.name, t.job_id as "jobId", ${DEFINITION}, ${SHARED}, t.started as "isStarted", t.mark, t.next_at as "nextAt", t.due_at as "dueAt", t.by_members as "byMembers",
        callsheet.now() as now, ${IS_OFF} as "isOff",
        exists (select from callsheet.work w where w.job_id = t.job_id and w.state = 'scheduled' and w.intent = ${ARMED}) as "isArmed",
        (select count(*)::int from callsheet.occurrence o where o.timed_action_id = t.id and o.kind = 'queued') as queued
      from callsheet.timed_action t where t.job_id = $1::uuid`,
    values: [jobId],
  });
  return rows[0];
}

/** Whether nobody else looks at a timed action now; then this transaction does. It saves work, and decides nothing. */
async function becomeTimer(tx: Queryable, id: number): Promise<boolean> {
  const { rows } = await tx.query<{ isMine: boolean }>(sql`
    select pg_try_advisory_xact_lock(hashtextextended(${`callsheet.timed.${id}`}, 0)) as "isMine"`);
  return rows[0]!.isMine;
}

/** Started timed actions with something to decide on, the first due first. */
async function dueTimed(db: Queryable, limit: number) {
  const { rows } = await db.query<{ id: number; jobId: string }>(sql`
    select id, job_id as "jobId" from callsheet.timed_action
    where started and due_at <= callsheet.now() order by due_at limit ${limit}`);
  return rows;
}

async function insertTimed(
  tx: Queryable,
  {
    definition,
    jobId,
    byMembers,
    actor,
    reason,
  }: { definition: TimedDefinition; jobId: string; byMembers: boolean; actor: string; reason: string | null },
): Promise<void> {
  await tx.query(sql`
    insert into callsheet.timed_action (name, job_id, by_members, definition, mark, ruled_at, actor, reason)
    values (${definition.name}, ${jobId}, ${byMembers}, ${JSON.stringify(definition)}::jsonb, callsheet.now(), callsheet.now(), ${actor}, ${reason})`);
}

/** Where a timed action stands from now on. What is absent stays as it is. */
export interface TimedPlace {
  readonly isStarted?: boolean;
  readonly mark: Date;
  readonly nextAt: Date | null;
  readonly dueAt: Date | null;
}

async function placeTimed(tx: Queryable, id: number, place: TimedPlace): Promise<void> {
  const { isStarted = null, mark, nextAt, dueAt } = place;
  await tx.query(sql`
    update callsheet.timed_action
    set started = coalesce(${isStarted}::boolean, started), mark = greatest(mark, ${mark}), next_at = ${nextAt}, due_at = ${dueAt}
    where id = ${id}`);
}

/** Gives a timed action another definition, whose rule holds from its mark on. */
async function redefineTimed(
  tx: Queryable,
  id: number,
  { definition, actor, reason }: { definition: TimedDefinition; actor: string; reason: string | null },
): Promise<void> {
  await tx.query(sql`
    update callsheet.timed_action
    set definition = ${JSON.stringify(definition)}::jsonb, ruled_at = mark, actor = ${actor}, reason = ${reason} where id = ${id}`);
}

/** Deletes a timed action with what became of its instants. */
async function deleteTimed(tx: Queryable, id: number): Promise<void> {
  await tx.query(sql`delete from callsheet.occurrence where timed_action_id = ${id}`);
  await tx.query(sql`delete from callsheet.timed_action where id = ${id}`);
}

/** Gives the job of a timed action, of which no occurrence is under way, another content. Its configuration is changed elsewhere. */
async function adoptJob(
  tx: Queryable,
  id: string,
  job: Omit<NewJob, "id"> & { readonly byMembers: boolean },
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
  await tx.query(sql`update callsheet.timed_action set by_members = ${job.byMembers} where job_id = ${id}`);
  await tx.query(sql`
    update callsheet.work
    set action_version_id = ${actionVersionId}, owner_id = ${ownerId}, lane_id = ${laneId}, rank = ${rank} where job_id = ${id}`);
}

/** Lets a scheduled job wait for its timed action, and shows when that is due. */
async function armJob(tx: Queryable, jobId: string, dueAt: Date): Promise<void> {
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
  readonly shared: readonly SharedCalendar[];
  readonly byMembers: boolean;
  readonly jobId: string;
  readonly jobState: JobState;
  readonly isStarted: boolean;
  readonly nextAt: Date | null;
  readonly mark: Date;
  readonly queued: number;
  readonly lastFiredAt: Date | null;
  readonly last: StoredOutcome | null;
  readonly lastEndedAt: Date | null;
  readonly createdAt: Date;
}

/** Timed actions by name; all of them without one. */
async function readTimed(db: Queryable, name?: string): Promise<readonly TimedRow[]> {
  const { rows } = await db.query<TimedRow>(sql`
    select t.id, ${raw(DEFINITION)}, ${raw(SHARED)}, t.by_members as "byMembers", t.job_id as "jobId", s.state as "jobState", t.started as "isStarted", t.next_at as "nextAt", t.mark,
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

/** Switches all timed actions on or off. */
async function switchTimed(db: Queryable, isOn: boolean): Promise<void> {
  await db.query(sql`
    insert into callsheet.setting (name, value) values ('timed', ${JSON.stringify(isOn)}::jsonb)
    on conflict (name) do update set value = excluded.value`);
}

/** Whether timed actions are switched on. */
async function isTimedOn(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ isOff: boolean }>({ text: `select ${IS_OFF} as "isOff"`, values: [] });
  return !rows[0]!.isOff;
}

/** What stands behind timed actions. */
export const TIMED = {
  ...CALENDARS,
  ...OLD,
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
