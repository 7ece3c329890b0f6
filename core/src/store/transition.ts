import { BEHIND_ALL, fromStates, isLegal, type JobEvent, type JobState, SETTLED } from "@callsheet/contract";
import type { Queryable } from "./database.ts";
import { pendingTurn } from "./pending-turn.ts";

/** One job's change of state. What is absent stays as it is. */
export interface Change {
  readonly id: string;
  readonly to: JobState;
  /** The attempt that speaks; a change of another attempt's job is refused. */
  readonly token?: string;
  /** When it may be started, as an instant, or in milliseconds from the database's now. */
  readonly dueAt?: Date;
  readonly delayMs?: number;
  /** Added to the job's count. */
  readonly retries?: number;
  readonly crashes?: number;
  /** Sets all counters to 0 (rearm, reanimate). */
  readonly fresh?: boolean;
  /** 1: a retry is remembered until the attempt has ended. */
  readonly intent?: number;
  /** Its place in the internal queue, for `grant`. */
  readonly turn?: number;
  /** The node that runs it, for `start`. */
  readonly nodeId?: number;
  /** JSON text. */
  readonly result?: string;
  readonly error?: string;
  /** Details of the line of history, JSON text. */
  readonly data?: string;
}

export interface TransitionRequest {
  readonly event: JobEvent;
  readonly changes: readonly Change[];
  readonly actor?: string | null;
  readonly reason?: string | null;
  /** Fewer states than the lifecycle allows. */
  readonly from?: readonly JobState[];
}

/** A change that took place. */
export interface Changed {
  readonly id: string;
  readonly from: JobState;
  readonly to: JobState;
  readonly seq: number;
  readonly laneId: number;
  readonly rank: number;
}

const RECORD = `json_to_recordset($1::json) as c (id uuid, "to" callsheet.job_state, token bigint, due timestamptz, delay bigint,
  retries smallint, crashes smallint, fresh boolean, intent smallint, node int, turn bigint, result json, error json, data json)`;

/**
 * Locks first, in the order of ids; whatever is read of a row below is what stood there when the lock was had. By ids
 * alone (offset 0): joined by states, a partial index would be read whole for one job.
 */
const HELD = `
  c as materialized (select * from ${RECORD}),
  old as materialized (
    select w.*, c."to", c.due, c.delay, c.retries as more, c.crashes as crashed, c.fresh, c.intent as meant, c.node, c.turn as place, c.result, c.error, c.data
    from (select * from c order by id) c
    cross join lateral (select * from callsheet.work where job_id = c.id offset 0 for update) w
    where w.state = any($2::callsheet.job_state[]) and (c.token is null or w.token = c.token)
  )`;

const IS_LIVE = `in ('running', 'timed_out', 'cancelling')`;

const MOVE = `
  with ${HELD}, moved as (
    update callsheet.work w
    set state = old."to", line_state = old."to", seq = w.seq + 1, plain = false,
      due_at = coalesce(old.due, callsheet.now() + old.delay * interval '1 millisecond', w.due_at),
      turn = case when old."to" = 'queued' then coalesce(old.place, case when w.turn >= 0 then w.turn end, ${pendingTurn("w", BEHIND_ALL)}) when old."to" ${IS_LIVE} then w.turn end,
      token = case when $3 = 'start' then nextval('callsheet.token_number') else w.token end,
      attempt = w.attempt + case when $3 = 'start' then 1 else 0 end,
      started_at = case when $3 = 'start' then callsheet.now() else w.started_at end,
      node_id = case when old."to" ${IS_LIVE} then coalesce(old.node, w.node_id) end,
      deadline = case when old."to" = 'running' then w.deadline end,
      rollback = case when old.state ${IS_LIVE} and old."to" not ${IS_LIVE} then 'none' else w.rollback end,
      retries = w.retries + coalesce(old.more, 0), crashes = case when $3 = 'retry' then 0 else w.crashes + coalesce(old.crashed, 0) end,
      intent = case when old."to" ${IS_LIVE} then coalesce(old.meant, w.intent) else 0 end
    from old where w.job_id = old.job_id
    returning w.*
  ), told as (
    insert into callsheet.event (job_id, at, token, seq, node_id, attempt, event, from_state, to_state, via, actor, reason, data)
    select m.job_id, callsheet.now(), m.token, m.seq, coalesce(m.node_id, old.node_id), nullif(m.attempt, 0), $3, old.line_state, m.state,
      callsheet.passed(old.line_state, old.state, old.turn is not null), $4, $5,
      coalesce(old.data, case when old.error is not null then json_build_object('error', old.error, 'startedAt', old.started_at) end)
    from moved m join old using (job_id)
  ), quiet as (
    delete from callsheet.progress p using moved m where p.job_id = m.job_id and m.state not ${IS_LIVE}
  )
  select m.job_id as id, old.state as "from", m.state as "to", m.seq, m.lane_id as "laneId", m.rank from moved m join old using (job_id)`;

const SETTLE = `
  with ${HELD}, gone as (
    delete from callsheet.work w using old where w.job_id = old.job_id returning w.job_id
  ), quiet as (
    delete from callsheet.progress p using gone where p.job_id = gone.job_id returning p.*
  ), settled as (
    insert into callsheet.outcome (job_id, ended_at, started_at, xid, token, node_id, seq, attempt, retries, state, from_state, rollback,
      crashes, queued, event, via, result, error, progress, actor, reason, parent_id)
    select old.job_id, callsheet.now(), old.started_at, pg_current_xact_id()::text::bigint, old.token, old.node_id, old.seq + 1,
      old.attempt, old.retries + coalesce(old.more, 0), old."to", old.line_state,
      case when old.state ${IS_LIVE} then 'none' else old.rollback end, old.crashes + coalesce(old.crashed, 0), false, $3,
      callsheet.passed(old.line_state, old.state, old.turn is not null), old.result, old.error,
      (select json_build_object('percent', q.percent, 'message', q.message, 'stats', q.stats, 'at', q.at) from quiet q where q.job_id = old.job_id),
      $4, $5, old.parent_id
    from old join gone using (job_id)
    returning job_id, seq
  )
  select s.job_id as id, old.state as "from", old."to", s.seq, old.lane_id as "laneId", old.rank from settled s join old using (job_id)`;

/** The last line of a settled job moves to the events before its row is deleted or written anew. That of an import is its first. */
const HELD_OUTCOME = `
  c as materialized (select * from ${RECORD}),
  old as materialized (
    select o.*, c."to", c.due, c.delay, c.retries as more, c.fresh, c.data as said
    from (select * from c order by id) c
    cross join lateral (select * from callsheet.outcome where job_id = c.id offset 0 for update) o
    where o.state = any($2::callsheet.job_state[]) and (c.token is null or o.token = c.token)
  ), kept as (
    insert into callsheet.event (job_id, at, xid, token, seq, node_id, attempt, event, from_state, to_state, via, actor, reason, data)
    select job_id, ended_at, xid, token, seq, node_id, nullif(attempt, 0), coalesce(event, callsheet.usual_event(state)), from_state, state,
      coalesce(via, callsheet.passed(from_state, 'running', queued)), actor, reason,
      coalesce(data, json_build_object('error', error, 'result', result, 'startedAt', started_at))
    from old where seq > 1
  )`;

const REOPEN = `
  with ${HELD_OUTCOME}, gone as (
    delete from callsheet.outcome o using old where o.job_id = old.job_id returning o.job_id
  ), waiting as (
    insert into callsheet.work (job_id, due_at, token, lane_id, owner_id, action_version_id, seq, attempt, retries, state, line_state,
      rollback, rank, crashes, intent, plain, guest, parent_id)
    select j.id, coalesce(old.due, callsheet.now() + coalesce(old.delay, 0) * interval '1 millisecond'), old.token, j.lane_id, j.owner_id,
      j.action_version_id, old.seq + 1, old.attempt, case when old.fresh then 0 else old.retries + coalesce(old.more, 0) end, old."to", old."to",
      'none', j.rank, 0, 0, false, l.shared or l.host_id is distinct from j.owner_id, j.parent_id
    from old join gone using (job_id) join callsheet.job j on j.id = old.job_id join callsheet.lane l on l.id = j.lane_id
    returning *
  ), told as (
    insert into callsheet.event (job_id, at, seq, event, from_state, to_state, via, actor, reason, data)
    select w.job_id, callsheet.now(), w.seq, $3, old.state, w.state, '{}', $4, $5, old.said from waiting w join old using (job_id)
  )
  select w.job_id as id, old.state as "from", w.state as "to", w.seq, w.lane_id as "laneId", w.rank from waiting w join old using (job_id)`;

const RESETTLE = `
  with ${HELD_OUTCOME}, changed as (
    update callsheet.outcome o
    set state = old."to", from_state = old.state, seq = o.seq + 1, via = '{}', event = $3, actor = $4, reason = $5, data = old.said,
      xid = pg_current_xact_id()::text::bigint
    from old where o.job_id = old.job_id
    returning o.job_id, o.state, o.seq
  )
  select t.job_id as id, old.state as "from", t.state as "to", t.seq, j.lane_id as "laneId", j.rank
  from changed t join old using (job_id) join callsheet.job j on j.id = t.job_id`;

/**
 * Applies one event of the lifecycle to jobs: guarded by the states it may lead from and to, and by the attempt's token, with a
 * line of history each. Jobs that do not fit are left untouched and are absent from the answer. Members of a claim must
 * be given rows of their own first (`anchorMembers`). To be called in a transaction: an event may need several statements.
 */
export async function transition(tx: Queryable, request: TransitionRequest): Promise<readonly Changed[]> {
  const { event, changes } = request;
  const from = request.from ?? fromStates(event);
  const isSettled = (state: JobState) => (SETTLED as readonly JobState[]).includes(state);
  const unsettledFrom = from.filter((state) => !isSettled(state));
  const settledFrom = from.filter(isSettled);
  const intoWork = changes.filter((change) => !isSettled(change.to));
  const intoOutcome = changes.filter((change) => isSettled(change.to));
  return [
    ...(await apply(tx, MOVE, request, intoWork, unsettledFrom)),
    ...(await apply(tx, SETTLE, request, intoOutcome, unsettledFrom)),
    ...(await apply(tx, REOPEN, request, intoWork, settledFrom)),
    ...(await apply(tx, RESETTLE, request, intoOutcome, settledFrom)),
  ];
}

async function apply(
  tx: Queryable,
  text: string,
  request: TransitionRequest,
  changes: readonly Change[],
  from: readonly JobState[],
) {
  const { event, actor = null, reason = null } = request;
  const changed: Changed[] = [];
  for (const to of new Set(changes.map((change) => change.to))) {
    const fitting = changes.filter((change) => change.to === to);
    const states = from.filter((state) => isLegal(event, state, to));
    if (states.length === 0) continue;
    const { rows } = await tx.query<Changed>({
      text,
      values: [`[${fitting.map(encode).join(",")}]`, states, event, actor, reason],
    });
    changed.push(...rows);
  }
  return changed;
}

function encode(change: Change): string {
  const { id, to, token, dueAt, delayMs, retries, crashes, fresh, intent, nodeId, turn, result, error, data } = change;
  const plain = JSON.stringify({
    id,
    to,
    token,
    due: dueAt?.toISOString(),
    delay: delayMs,
    retries,
    crashes,
    fresh,
    intent,
    node: nodeId,
    turn,
  });
  const json = [
    result === undefined ? "" : `,"result":${result}`,
    error === undefined ? "" : `,"error":${error}`,
    data === undefined ? "" : `,"data":${data}`,
  ];
  return `${plain.slice(0, -1)}${json.join("")}}`;
}

/**
 * Writes a line that changes no state (`amend`, `set_priority`, `retry_asked`) into a job's history. On a settled job it
 * becomes the last line, the one that the outcome row holds. Of an attempt whose start no line has told yet it says nothing.
 */
export async function note(
  tx: Queryable,
  line: {
    readonly id: string;
    readonly event: string;
    readonly actor: string | null;
    readonly reason: string | null;
    readonly data: string | null;
  },
): Promise<void> {
  const { id, event, actor, reason, data } = line;
  const { count } = await tx.query({
    text: `
      with noted as (
        update callsheet.work set seq = seq + 1, plain = false where job_id = $1::uuid returning *
      )
      insert into callsheet.event (job_id, at, token, seq, node_id, attempt, event, from_state, to_state, via, actor, reason, data)
      select job_id, callsheet.now(), case when is_told then token end, seq, node_id, case when is_told then nullif(attempt, 0) end, $2,
        line_state, line_state, '{}', $3, $4, $5::json
      from noted cross join lateral (select not (state ${IS_LIVE} and line_state not ${IS_LIVE}) as is_told) told`,
    values: [id, event, actor, reason, data],
  });
  if (count > 0) return;
  const { rows } = await tx.query<{ state: JobState }>({
    text: "select state from callsheet.outcome where job_id = $1::uuid",
    values: [id],
  });
  const changes = rows.map(({ state }) => encode({ id, to: state, ...(data === null ? {} : { data }) }));
  await tx.query({ text: RESETTLE, values: [`[${changes.join(",")}]`, SETTLED, event, actor, reason] });
}
