import {
  type Authority,
  type CompositeState,
  type FailureCause,
  type GroupFilter,
  type GroupPace,
  type Intent,
  type JobInput,
  type JobState,
  type MemberCounts,
  PRIORITIES,
  type PriorityName,
  priorityName,
  type Target,
} from "@callsheet/contract";
import sql, { empty, join, type Sql } from "sql-template-tag";
import type { BatchDefaults, NewJob } from "./create.ts";
import type { Queryable } from "./database.ts";

/** A group as it is stored. */
export interface GroupRecord {
  readonly id: string;
  readonly action: string;
  readonly actionId: number;
  readonly actionVersionId: number;
  readonly laneId: number;
  readonly target: Target;
  readonly owner: string;
  readonly priority: PriorityName;
  readonly state: CompositeState;
  readonly isSettled: boolean;
  readonly isClosed: boolean;
  readonly intent: Intent;
  readonly generation: number;
  readonly counts: MemberCounts;
  readonly told: GroupPace["told"];
  /** What its members are made of, beside their targets; null: it was made otherwise. */
  readonly input: JobInput | null;
  /** The database's time. */
  readonly now: Date;
  readonly createdAt: Date;
  readonly startAt: Date | null;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

/**
 * Inserts a group with the number of its members, which follow in the same transaction. It locks nothing that others need.
 * False: there is a job under its key.
 */
async function insertGroup(
  tx: Queryable,
  group: NewJob,
  defaults: BatchDefaults,
  members: { readonly count: number; readonly isClosed: boolean; readonly input: string },
): Promise<boolean> {
  const { target, ownerId = defaults.ownerId, rank = defaults.rank, startAt = null } = group;
  const { count } = await tx.query(sql`
    with made as (
      insert into callsheet.job (id, created_at, start_at, created_xid, action_id, action_version_id, owner_id, lane_id, first_state, kind,
        origin, configuration_version, rank, configuration, target_type, target_id, tags, variables, idempotency_key, request_hash, actor, reason)
      select ${group.id}, callsheet.now(), ${startAt}::timestamptz, pg_current_xact_id()::text::bigint, ${defaults.actionId},
        ${defaults.actionVersionId}, ${ownerId}, ${defaults.laneId}, (case when ${startAt}::timestamptz is null then 'created'
          when ${startAt}::timestamptz > callsheet.now() then 'scheduled' else 'pending' end)::callsheet.job_state, 'group', ${defaults.origin},
        1, ${rank}, ${group.configuration}::json, ${target!.type}, ${target!.id}, ${group.tags ?? null}::text[], ${group.variables ?? null}::json,
        ${group.idempotencyKey ?? null}, ${group.requestHash ?? null}, ${group.actor ?? null}, ${group.reason ?? null}
      on conflict (action_id, idempotency_key) where idempotency_key is not null do nothing
      returning id, first_state
    )
    insert into callsheet.composite (job_id, line_state, due, waiting, closed, input)
    select id, first_state, ${members.count}, ${members.count}, ${members.isClosed}, ${members.input}::json from made`);
  return count === 1;
}

/**
 * Counts so many members that were added to those that it `had`, after all else of the transaction. False: somebody else added some
 * meanwhile, or it takes none any more.
 */
async function growGroup(
  tx: Queryable,
  id: string,
  { had, more }: { readonly had: number; readonly more: number },
): Promise<boolean> {
  const { count } = await tx.query(sql`
    update callsheet.composite set due = due + ${more}, waiting = waiting + ${more}
    where job_id = ${id} and not closed and intent <> 'cancel' and live + overdue + waiting + held + bad + good + cancelled = ${had}`);
  return count === 1;
}

/** Says that a group has all its members. False: it was closed, or is none. */
async function closeGroup(tx: Queryable, id: string): Promise<boolean> {
  const { count } = await tx.query(
    sql`update callsheet.composite set closed = true where job_id = ${id} and not closed`,
  );
  return count === 1;
}

/** Sets what somebody wants of a group that has not settled; a cancelled one takes no more members. False: it has, or was cancelled. */
async function changeIntent(tx: Queryable, id: string, intent: Intent, authority: Authority): Promise<boolean> {
  const { actor, reason = null } = authority;
  const { count } = await tx.query(sql`
    update callsheet.composite set intent = ${intent}, actor = ${actor}, reason = ${reason}, closed = closed or ${intent === "cancel"}
    where job_id = ${id} and not settled and intent not in (${intent}, 'cancel')`);
  return count === 1;
}

/** Gives a group's waiting members, and its lanes, to itself: those that it shared with others are left. To be called under the barrier. */
async function moveToOwnLanes(tx: Queryable, groupId: string): Promise<void> {
  await tx.query(sql`select from callsheet.work where parent_id = ${groupId} and job_id in (
    select id from callsheet.job where parent_id = ${groupId}) order by job_id for update`);
  await tx.query(sql`
    with member as materialized (
      select j.id, j.lane_id from callsheet.job j where j.id = ${groupId} or j.parent_id = ${groupId}
    ), made as (
      insert into callsheet.lane (site, queue, action_id, type, needs, root_id, grouped, contended, host_id, paused, reason)
      select l.site, l.queue, l.action_id, l.type, l.needs, ${groupId}::uuid, true, l.contended, (select owner_id from callsheet.job where id = ${groupId}),
        l.paused, l.reason
      from callsheet.lane l where l.root_id is null and l.id in (select lane_id from member)
      on conflict do nothing returning id, site, queue, action_id, type, needs
    ), moved as materialized (
      select m.id, n.id as lane_id from member m join callsheet.lane l on l.id = m.lane_id
      join (select * from made union all select id, site, queue, action_id, type, needs from callsheet.lane where root_id = ${groupId}) n
        on (n.site, n.queue, n.action_id, n.type, n.needs) = (l.site, l.queue, l.action_id, l.type, l.needs) and n.id <> l.id
    ), placed as (
      update callsheet.job j set lane_id = m.lane_id from moved m where j.id = m.id
    ), standing as (
      update callsheet.ticket t set lane_id = m.lane_id from moved m where t.job_id = m.id
    )
    update callsheet.work w set lane_id = m.lane_id, guest = false from moved m where w.job_id = m.id`);
}

/** Writes a line into the history of a group that has not settled. False: it has. */
async function noteOfGroup(
  tx: Queryable,
  line: { readonly id: string; readonly event: string; readonly data: unknown } & Authority,
): Promise<boolean> {
  const { id, event, actor, reason = null, data } = line;
  const { count } = await tx.query(sql`
    with noted as (update callsheet.composite set seq = seq + 1 where job_id = ${id} and not settled returning *)
    insert into callsheet.event (job_id, at, seq, event, from_state, to_state, via, actor, reason, data)
    select job_id, callsheet.now(), seq, ${event}, line_state, line_state, '{}', ${actor}, ${reason}, ${JSON.stringify(data)}::json from noted`);
  return count === 1;
}

/* What those that run say of themselves is read by index work_live. */
const GROUP = sql`
  select c.job_id as id, v.name as action, j.action_id as "actionId", j.action_version_id as "actionVersionId", j.lane_id as "laneId",
    json_build_object('type', j.target_type, 'id', j.target_id) as target, o.name as owner, j.rank, c.state, c.settled as "isSettled",
    c.closed as "isClosed", c.intent, c.generation, json_build_object('live', c.live, 'overdue', c.overdue, 'waiting', c.waiting,
      'held', c.held, 'bad', c.bad, 'good', c.good, 'cancelled', c.cancelled, 'due', c.due, 'unplanned', c.unplanned,
      'rollingBack', c.rolling) as counts, c.input, callsheet.now() as now, j.created_at as "createdAt", j.start_at as "startAt", c.started_at as "startedAt",
    c.ended_at as "endedAt", t.told
  from callsheet.composite c join callsheet.job j on j.id = c.job_id
  join callsheet.action_version v on v.id = j.action_version_id join callsheet.owner o on o.id = j.owner_id
  cross join lateral (
    select json_build_object('count', count(*), 'done', coalesce(sum(p.percent), 0) / 100) as told
    from callsheet.work w join callsheet.progress p on p.job_id = w.job_id and p.token = w.token
    where w.state in ('running', 'timed_out', 'cancelling') and w.parent_id = c.job_id and c.live + c.overdue > 0
  ) t
  where c.kind = 'group'`;

type Row = Omit<GroupRecord, "priority"> & { readonly rank: number };
const toGroup = ({ rank, ...row }: Row): GroupRecord => ({
  ...row,
  priority: priorityName((PRIORITIES.urgent - rank) as (typeof PRIORITIES)[PriorityName]),
});

async function readGroup(db: Queryable, id: string): Promise<GroupRecord | undefined> {
  const { rows } = await db.query<Row>(sql`${GROUP} and c.job_id = ${id}`);
  return rows[0] && toGroup(rows[0]);
}

/** A page of groups, newest first. */
async function listGroups(db: Queryable, filter: GroupFilter): Promise<readonly GroupRecord[]> {
  const { action, isSettled, isClosed, after, limit = 50 } = filter;
  const where: Sql[] = [];
  if (action !== undefined) where.push(sql`and v.name = ${action}`);
  if (isSettled !== undefined) where.push(sql`and c.settled = ${isSettled}`);
  if (isClosed !== undefined) where.push(sql`and c.closed = ${isClosed}`);
  if (after !== undefined) where.push(sql`and c.job_id < ${after}`);
  const { rows } = await db.query<Row>(
    sql`${GROUP} ${where.length > 0 ? join(where, " ") : empty} order by c.job_id desc limit ${Math.min(limit, 1_000)}`,
  );
  return rows.map(toGroup);
}

/** Whether an id is a group's. */
async function isGroup(db: Queryable, id: string): Promise<boolean> {
  const { rows } = await db.query(sql`select from callsheet.composite where job_id = ${id} and kind = 'group'`);
  return rows.length > 0;
}

/** A member as an operation on its group meets it. */
export interface Member {
  readonly id: string;
  readonly state: JobState;
  /** What it did is to be undone before it goes on. */
  readonly isRollingBack: boolean;
  /** What it did before it was put off would have to be undone. */
  readonly isJournaled: boolean;
  /** It stands, or may stand, in line for objects. */
  readonly isInLine: boolean;
}

/** Which members of a group an operation goes through, in the order of their ids. */
export interface MemberPage {
  readonly groupId: string;
  readonly states: readonly JobState[];
  /** Of those that failed: with this code. */
  readonly code?: string;
  readonly after: string;
  readonly limit: number;
}

/** A page of the members of a group that stand in these states (index job_by_parent). */
async function membersOfGroup(db: Queryable, page: MemberPage): Promise<readonly Member[]> {
  const { groupId, states, code = null, after, limit } = page;
  const { rows } = await db.query<Member>(sql`
    select j.id, s.state, coalesce(w.rollback, o.rollback, 'none') not in ('none', 'done') as "isRollingBack",
      coalesce(w.journaled, false) as "isJournaled",
      j.locks is not null and s.state in ('queued', 'waiting_for_lock') as "isInLine"
    from callsheet.job j
    left join callsheet.work w on w.job_id = j.id left join callsheet.outcome o on o.job_id = j.id
    cross join lateral (select coalesce(w.state, o.state, 'running') as state) s
    where j.parent_id = ${groupId} and j.id > ${after} and s.state = any(${states}::callsheet.job_state[])
      and (${code}::text is null or o.job_id is null or o.error ->> 'code' = ${code})
    order by j.id limit ${limit}`);
  return rows;
}

/** Groups that were cancelled, and have members that wait: whoever cancelled them did not come to an end. */
async function groupsToCancel(db: Queryable): Promise<readonly (Authority & { readonly id: string })[]> {
  const { rows } = await db.query<{ id: string; actor: string; reason: string | null }>(sql`
    select job_id as id, actor, reason from callsheet.composite where not settled and intent = 'cancel' and waiting + held > 0 order by job_id`);
  return rows.map(({ id, actor, reason }) => ({ id, actor, ...(reason === null ? {} : { reason }) }));
}

/** Those of these targets that are members of a group already. */
async function targetsAmong(db: Queryable, groupId: string, targets: readonly Target[]): Promise<readonly Target[]> {
  const { rows } = await db.query<Target>(sql`
    select t.type, t.id from unnest(${targets.map(({ type }) => type)}::text[], ${targets.map(({ id }) => id)}::text[]) as t (type, id)
    where exists (select from callsheet.job j where j.parent_id = ${groupId} and j.target_id = t.id and j.target_type = t.type)`);
  return rows;
}

/** The members of a group that failed, by the codes of their errors, the most frequent first. */
async function failuresOf(db: Queryable, groupId: string): Promise<readonly FailureCause[]> {
  const { rows } = await db.query<FailureCause>(sql`
    select coalesce(o.error ->> 'code', o.state::text) as code, coalesce(min(o.error ->> 'message'), '') as message, count(*)::int as count,
      (array_agg(j.id::text order by j.id))[:10] as "jobIds"
    from callsheet.job j join callsheet.outcome o on o.job_id = j.id
    where j.parent_id = ${groupId} and o.state in ('failed', 'partial')
    group by 1 order by 3 desc, 1`);
  return rows;
}

/** Gives members that wait, and their group, another rank. Answers the lanes that they stand in. */
/** The group that a lane is for alone; null: it is for others too. */
async function rootOfLane(db: Queryable, laneId: number): Promise<string | null> {
  const { rows } = await db.query<{ rootId: string | null }>(
    sql`select root_id as "rootId" from callsheet.lane where id = ${laneId}`,
  );
  return rows[0]!.rootId;
}

/** What groups store of themselves, and do with their members. */
export const GROUPS = {
  changeIntent,
  closeGroup,
  failuresOf,
  groupsToCancel,
  growGroup,
  insertGroup,
  isGroup,
  listGroups,
  membersOfGroup,
  moveToOwnLanes,
  noteOfGroup,
  readGroup,
  rootOfLane,
  targetsAmong,
};
