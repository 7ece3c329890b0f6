import {
  JOB_STATES,
  type Job,
  type JobError,
  type JobFilter,
  type JobKind,
  type JobLock,
  type JobState,
  type Json,
  type JsonObject,
  type Needs,
  type Origin,
  PRIORITIES,
  type PriorityName,
  type Progress,
  priorityName,
  type RollbackState,
  SETTLED,
  type WorkElsewhere,
} from "@callsheet/contract";
import type { Queryable } from "./database.ts";
import { outcomeOf, type StoredOutcome } from "./outcome-of.ts";
import { ROLLBACK_NOW } from "./rollback.ts";

const JOB = `
  select j.id, j.kind, a.name as action, v.version as "actionVersion", v.type, l.site, l.queue, l.needs, j.locks, j.size, j.rank, o.name as owner, j.origin,
    j.parent_id as "parentId", j.target_type as "targetType", j.target_id as "targetId", j.tags, j.configuration,
    j.configuration_version as "configurationVersion", j.idempotency_key as "idempotencyKey", j.created_at as "createdAt",
    j.start_at as "startAt", coalesce(w.state, d.state, case when m.token is not null then 'running'::callsheet.job_state end,
      (case when g.state = 'pausing' then 'running' else g.state end)::callsheet.job_state) as state,
    ${ROLLBACK_NOW} as rollback,
    case when w.state not in ('running', 'timed_out', 'cancelling') then w.due_at end as "dueAt",
    coalesce(w.started_at, d.started_at, m.started_at, g.started_at) as "startedAt", d.ended_at as "endedAt",
    s.since as "stalledSince", coalesce(w.attempt, d.attempt, case when g.job_id is null then 1 else 0 end) as attempt, coalesce(w.retries, d.retries, 0) as retries, n.name as node,
    case when p.job_id is not null then json_build_object('percent', p.percent, 'message', p.message, 'stats', p.stats, 'at', p.at) else d.progress end as progress,
    d.result, coalesce(d.error, e.error) as error,
    v.definition ->> 'undoAction' as "undoAction", v.definition ->> 'redoAction' as "redoAction",
    case when w.node_id is null and w.state in ('running', 'timed_out', 'cancelling') then (
      select json_build_object('attempt', x.attempt, 'handle', x.handle, 'since', x.since, 'heardAt', x.moved_at, 'polledAt', x.polled_at,
        'problem', x.problem, 'nextPollAt', x.poll_at) from callsheet.elsewhere x where x.job_id = w.job_id and x.token = w.token) end as elsewhere,
    case when j.kind = 'timed' then (
      select json_build_object('name', t.name, 'last', (
        select json_build_object('outcome', y.outcome, 'endedAt', y.ended_at) from callsheet.occurrence y
        where y.timed_action_id = t.id and y.ended_at is not null order by y.instant desc, y.ended_at desc limit 1))
      from callsheet.timed_action t where t.job_id = j.id) end as timed,
    (select json_object_agg(x.name, x.value) from callsheet.variable x where x.job_id = j.id) as variables, j.variables as first
  from picked
  cross join lateral (select * from callsheet.job where id = picked.id offset 0) j
  join callsheet.action_version v on v.id = j.action_version_id
  cross join lateral (select v.name) a
  join callsheet.lane l on l.id = j.lane_id
  join callsheet.owner o on o.id = j.owner_id
  left join callsheet.work w on w.job_id = j.id
  left join callsheet.outcome d on d.job_id = j.id
  left join lateral (
    select c.token, c.node_id, c.started_at from callsheet.claim c
    where w.job_id is null and d.job_id is null and j.id = any(c.ids) limit 1
  ) m on true
  left join lateral (
    select f.data -> 'error' as error from callsheet.event f
    where w.state in ('retrying', 'pending', 'queued', 'scheduled') and w.attempt > 0 and f.job_id = j.id and f.event in ('back_off', 'fail')
    order by f.seq desc limit 1
  ) e on true
  left join callsheet.composite g on g.job_id = j.id and j.kind in ('group', 'run') and not g.settled
  left join callsheet.node n on n.id = coalesce(w.node_id, d.node_id, m.node_id)
  left join callsheet.progress p on p.job_id = j.id
  left join callsheet.stall s on s.job_id = j.id and s.token = w.token and w.state in ('running', 'timed_out', 'cancelling')`;

/** As JSON tells it: instants are texts. */
type Told<Facts> = {
  readonly [Key in keyof Facts]: Date extends Facts[Key] ? Exclude<Facts[Key], Date> | string : Facts[Key];
};

interface Row {
  id: string;
  kind: JobKind;
  action: string;
  actionVersion: number;
  type: string;
  site: string;
  queue: string;
  rank: number;
  owner: string;
  origin: Origin;
  parentId: string | null;
  targetType: string | null;
  targetId: string | null;
  tags: string[] | null;
  needs: Needs;
  locks: JobLock[] | null;
  size: number | null;
  configuration: Json;
  configurationVersion: number;
  idempotencyKey: string | null;
  createdAt: Date;
  startAt: Date | null;
  state: JobState;
  rollback: RollbackState;
  dueAt: Date | null;
  startedAt: Date | null;
  stalledSince: Date | null;
  endedAt: Date | null;
  attempt: number;
  retries: number;
  node: string | null;
  progress: { percent: number; message: string | null; stats: JsonObject | null; at: string } | null;
  result: Json;
  error: JobError | null;
  elsewhere: Told<WorkElsewhere> | null;
  undoAction: string | null;
  redoAction: string | null;
  timed: { name: string; last: { outcome: StoredOutcome; endedAt: string } | null } | null;
  variables: JsonObject | null;
  first: JsonObject | null;
}

function toProgress(row: Row): Progress | null {
  if (row.progress)
    return {
      ...row.progress,
      percent: row.state === "completed" ? 100 : row.progress.percent,
      at: new Date(row.progress.at),
    };
  return row.state === "completed" ? { percent: 100, message: null, stats: null, at: row.endedAt! } : null;
}

function toElsewhere(told: Row["elsewhere"]): WorkElsewhere | null {
  if (!told) return null;
  const { since, heardAt, polledAt, nextPollAt } = told;
  const instant = (text: string | null) => (text === null ? null : new Date(text));
  return {
    ...told,
    ...{
      since: new Date(since),
      heardAt: new Date(heardAt),
      polledAt: instant(polledAt),
      nextPollAt: instant(nextPollAt),
    },
  };
}

function toJob(row: Row): Job {
  const { rank, targetType, targetId, variables, first, progress: _, tags, timed, ...rest } = row;
  const ended = row.startedAt && row.endedAt ? row.endedAt.getTime() - row.startedAt.getTime() : null;
  return {
    ...rest,
    priority: priorityName((PRIORITIES.urgent - rank) as (typeof PRIORITIES)[PriorityName]),
    target: targetId === null ? null : { type: targetType!, id: targetId },
    tags: tags ?? [],
    needs: rest.needs?.units ?? {},
    locks: rest.locks ?? [],
    variables: { ...first, ...variables },
    progress: toProgress(row),
    elsewhere: toElsewhere(row.elsewhere),
    durationMs: ended,
    timedAction: timed?.name ?? null,
    lastOutcome: timed?.last ? outcomeOf(timed.last.outcome, new Date(timed.last.endedAt)) : null,
  };
}

/** Jobs by id, in no order; ids without a job are absent. */
export async function readJobs(db: Queryable, ids: readonly string[]): Promise<readonly Job[]> {
  const { rows } = await db.query<Row>({
    text: `with picked as (select unnest($1::uuid[]) as id) ${JOB}`,
    values: [ids],
  });
  return rows.map(toJob);
}

/** A page of jobs, newest first. */
export async function listJobs(db: Queryable, filter: JobFilter): Promise<readonly Job[]> {
  const values: unknown[] = [];
  const bind = (value: unknown) => `$${values.push(value)}`;
  const states = filter.states ?? JOB_STATES;
  const where: string[] = [];
  if (filter.action !== undefined)
    where.push(`j.action_id in (select action_id from callsheet.action_version where name = ${bind(filter.action)})`);
  if (filter.owner !== undefined)
    where.push(`j.owner_id = (select id from callsheet.owner where name = ${bind(filter.owner)})`);
  if (filter.target)
    where.push(`j.target_id = ${bind(filter.target.id)} and j.target_type = ${bind(filter.target.type)}`);
  if (filter.tag !== undefined) where.push(`j.tags @> array[${bind(filter.tag)}]::text[]`);
  if (filter.parentId !== undefined) where.push(`j.parent_id = ${bind(filter.parentId)}`);
  if (filter.rollback !== undefined)
    where.push(`j.id in (select job_id from callsheet.rollback where undoes) and ${bind(filter.rollback)} = (
      select ${ROLLBACK_NOW} from (values (j.id)) as k (id) left join callsheet.work w on w.job_id = k.id left join callsheet.outcome d on d.job_id = k.id)::text`);
  if (filter.after !== undefined) where.push(`j.id < ${bind(filter.after)}::uuid`);
  if (JOB_STATES.some((state) => !states.includes(state))) where.push(inState(states, bind));
  const limit = bind(Math.min(filter.limit ?? 50, 1000));
  const picked = `select j.id from callsheet.job j ${where.length ? `where ${where.join(" and ")}` : ""} order by j.id desc limit ${limit}`;
  const { rows } = await db.query<Row>({
    text: `with picked as materialized (${picked}) ${JOB} order by j.id desc`,
    values,
  });
  return rows.map(toJob);
}

const isSettled = (state: JobState) => (SETTLED as readonly JobState[]).includes(state);

/** Where jobs of these states stand: in `work`, in `outcome`, in a claim. One list, since a choice of lists is read whole. */
function inState(states: readonly JobState[], bind: (value: unknown) => string): string {
  const settled = states.filter(isSettled);
  const waiting = states.filter((state) => !isSettled(state));
  const places: string[] = [];
  // Spelled out when completed ones are not asked for, so that the partial index outcome_by_state serves.
  const partial = settled.includes("completed") ? "" : "state <> 'completed' and ";
  if (settled.length)
    places.push(
      `select job_id from callsheet.outcome where ${partial}state = any(${bind(settled)}::callsheet.job_state[])`,
    );
  // One place for each state, so that the partial index of each serves.
  for (const state of waiting) places.push(`select job_id from callsheet.work where state = '${state}'`);
  if (states.includes("running"))
    places.push(
      "select m.id from callsheet.claim c, unnest(c.ids) with ordinality m (id, n) where get_bit(c.ended, m.n::int - 1) = 0",
    );
  // A group may have failed before it has settled. Whoever asks for what completed, too, looks for what is over.
  if (waiting.length || (settled.includes("failed") && !settled.includes("completed")))
    places.push(`select job_id from callsheet.composite where not settled
      and case when state = 'pausing' then 'running' else state end = any(${bind(states)}::text[])`);
  return places.length ? `j.id in (${places.join(" union all ")})` : "false";
}

/** How many jobs stand in each state. */
export async function countStates(db: Queryable): Promise<Readonly<Record<JobState, number>>> {
  const { rows } = await db.query<{ state: JobState; count: string }>({
    text: "select state, count(*) from callsheet.job_state_now group by state",
    values: [],
  });
  const counts = Object.fromEntries(JOB_STATES.map((state) => [state, 0])) as Record<JobState, number>;
  for (const { state, count } of rows) counts[state] = Number(count);
  return counts;
}

/** Those of these jobs that are settled, with nothing under way to undo what they did. */
export async function settledAmong(db: Queryable, ids: readonly string[]): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: "select job_id as id from callsheet.outcome where job_id = any($1::uuid[]) and rollback <> 'required'",
    values: [ids],
  });
  return rows.map((row) => row.id);
}
