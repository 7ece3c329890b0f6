import { CLASS_OF_STATE, JOB_STATES, MEMBER_CLASSES } from "@callsheet/contract";

/** An instant in milliseconds since 1970. */
const ms = (column: string) => `floor(extract(epoch from ${column}) * 1000)::float8`;

const COPIED = (row: string) =>
  `'laneId', ${row}.lane_id, 'ownerId', ${row}.owner_id, 'actionVersionId', ${row}.action_version_id, 'rank', ${row}.rank, 'parentId', ${row}.parent_id`;

/** How many members are counted as what, by the contract's classes. */
const RECOUNT = [
  ...MEMBER_CLASSES.map((name) => [name, JOB_STATES.filter((state) => CLASS_OF_STATE[state] === name)] as const),
  ["due", ["pending", "queued", "waiting_for_lock"]] as const,
  ["unplanned", ["created"]] as const,
]
  .map(([name, states]) => `'${name}', count(*) filter (where state in ('${states.join("', '")}'))`)
  .concat(
    "'rollingBack', count(*) filter (where state in ('failed', 'partial', 'cancelled') and rollback in ('required', 'running'))",
  )
  .join(", ");

/** Nobody who could have what a waiting job waits for stands before it, at any of its objects. */
const IS_FIRST = `
  w.state = 'waiting_for_lock' and exists (select from callsheet.ticket own where own.job_id = j.id and not own.held)
  and not exists (
    select from callsheet.ticket own join callsheet.object o on o.key = own.object_key
    where own.job_id = j.id and not own.held and (own.passed or o.quarantined or exists (
      select from callsheet.line other
      where other.object_key = own.object_key and (other.job_id, other.number) <> (own.job_id, own.number)
        and (other.held or (not other.passed and other.number < own.number))
        and (other.mode = 'exclusive' or own.mode = 'exclusive'))))`;

/** All jobs, with where they stand and what they hold, in the order of their ids. Their lines are read by those. */
export const JOBS = `
  with member as materialized (
    select m.id as job_id, json_agg(json_build_object('token', c.token::text, 'nodeId', c.node_id, 'startedAt', ${ms("c.started_at")})) as claims
    from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n)
    where get_bit(c.ended, m.n::int - 1) = 0 group by m.id
  ), ticketed as materialized (
    select job_id, json_agg(json_build_object('key', object_key, 'held', held, 'token', token::text) order by object_key, number) as tickets
    from callsheet.line group by job_id
  ), granted as materialized (
    select job_id, json_agg(distinct token::text) as tokens from callsheet.grant_of_units group by job_id
  ), left_over as materialized (
    select job_id, json_agg(token::text) as tokens from callsheet.remnant group by job_id
  ), replaced as materialized (
    select job_id, count(*)::int as count, max(version) as last from callsheet.configuration group by job_id
  ), journaled as materialized (
    select job_id, count(*)::int as open from callsheet.undo_entry where state = 'intent' group by job_id
  ), member_state as materialized (
    select m.parent_id, coalesce(w.state, o.state, 'running') as state, coalesce(o.rollback, 'none') as rollback
    from callsheet.job m left join callsheet.work w on w.job_id = m.id left join callsheet.outcome o on o.job_id = m.id
    where m.parent_id is not null
  ), recounted as materialized (
    select parent_id, json_build_object(${RECOUNT}) as counts from member_state group by parent_id
  )
  select 'job' as what, j.id, j.kind, coalesce(v.type, '') as type, ${ms("j.start_at")} as "startAt",
    coalesce(j.locks, '[]') as locks, j.lane_id as "laneId", j.owner_id as "ownerId", j.action_version_id as "actionVersionId", j.rank, j.parent_id as "parentId",
    j.configuration_version as "configurationVersion",
    json_build_object('count', coalesce(r.count, 0), 'last', coalesce(r.last, 0)) as replaced,
    case when w.job_id is not null then json_build_object(${COPIED("w")}, 'state', w.state, 'lineState', w.line_state, 'seq', w.seq,
      'attempt', w.attempt, 'token', w.token::text, 'nodeId', w.node_id, 'startedAt', ${ms("w.started_at")}, 'rollback', w.rollback, 'isElsewhere', exists (select from callsheet.elsewhere x
        where x.job_id = w.job_id and x.token = w.token and x.since is not null and x.ended_at is null),
      'isHandedOver', w.state = 'queued' and w.turn < 0) end as work,
    case when o.job_id is not null then json_build_object('state', o.state, 'seq', o.seq, 'attempt', o.attempt,
      'token', o.token::text, 'rollback', o.rollback) end as outcome,
    case when c.job_id is not null then json_build_object('counts', json_build_object('live', c.live, 'overdue', c.overdue,
        'waiting', c.waiting, 'held', c.held, 'bad', c.bad, 'good', c.good, 'cancelled', c.cancelled, 'due', c.due,
        'unplanned', c.unplanned, 'rollingBack', c.rolling),
      'recount', n.counts, 'removed', c.removed,
      'intent', c.intent, 'isClosed', c.closed, 'hasBegun', c.begun, 'state', c.state, 'isSettled', c.settled,
      'generation', c.generation, 'seq', c.seq, 'lineState', c.line_state) end as composite,
    coalesce(u.open, 0) as "openEntries", coalesce(m.claims, '[]') as claims, coalesce(t.tickets, '[]') as tickets, coalesce(${IS_FIRST}, false) as "isFirst",
    coalesce(g.tokens, '[]') as grants, coalesce(l.tokens, '[]') as remnants
  from callsheet.job j
  left join callsheet.action_version v on v.id = j.action_version_id
  left join callsheet.work w on w.job_id = j.id
  left join callsheet.outcome o on o.job_id = j.id
  left join callsheet.composite c on c.job_id = j.id
  left join recounted n on n.parent_id = j.id
  left join member m on m.job_id = j.id
  left join ticketed t on t.job_id = j.id
  left join granted g on g.job_id = j.id
  left join left_over l on l.job_id = j.id
  left join journaled u on u.job_id = j.id
  left join replaced r on r.job_id = j.id
  order by j.id`;

export const NODES = `
  select 'node' as what, id, name, array(select t ->> 'type' from jsonb_array_elements(types) t) as types, ${ms("ended_at")} as "endedAt"
  from callsheet.node order by id`;
