import type { HistoryEntry } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** How far a queue's feed was read: what this snapshot does not see is still to be told. */
export interface FeedCursor {
  readonly snapshot: string;
  readonly at: Date;
  /** Plain completions are looked for from here on. */
  readonly since: Date;
}

/** A line of the history of a queue's job, or of the queue itself. */
export interface FeedLine {
  readonly jobId: string | null;
  readonly seq: number;
  readonly at: Date;
  readonly event: HistoryEntry["event"] | "removed" | "paused" | "resumed" | "reviewed";
  readonly via: readonly string[];
  readonly actor: string | null;
  readonly node: string | null;
  readonly data: { readonly percent?: number } | null;
}

/** A statement that takes longer is given up with its connection, so no completion commits later than that. */
const LONGEST_END_MS = 20_000;
/** From the start of a transaction to its first write. */
const SLACK_MS = 1_000;

/** Where a queue's feed begins, as all that is committed by now was told, and whether the queue is paused there. */
export async function beginFeed(db: Queryable, actionId: number): Promise<FeedCursor & { readonly isPaused: boolean }> {
  const { rows } = await db.query<{ snapshot: string; at: Date; isPaused: boolean }>(sql`
    select pg_current_snapshot()::text as snapshot, callsheet.now() as at,
      exists (
        select from callsheet.action a join callsheet.pause p on p.scope = 'queue' and p.name = a.name where a.id = ${actionId}
      ) as "isPaused"`);
  const { snapshot, at, isPaused } = rows[0]!;
  return { snapshot, at, since: new Date(at.getTime() - LONGEST_END_MS), isPaused };
}

/*
 * What was committed since the cursor's snapshot was taken, each line once, whatever the order of the commits: a line is new
 * when that snapshot does not see its transaction. Indexes job_added, event_feed, outcome_feed, outcome_by_end.
 */
const NEWS = `
  select null::uuid as "jobId", 0 as seq, callsheet.now() as at, pg_current_snapshot()::text as event, '{}'::text[] as via,
    null::text as actor, null::int as node_id, null::json as data
  union all
  select j.id, 1, j.created_at, 'create', '{}', coalesce(j.actor, o.name), null, null
  from callsheet.job j join callsheet.owner o on o.id = j.owner_id
  where j.kind = 'queue' and j.action_id = $1 and j.created_xid >= $4::bigint
    and not pg_visible_in_snapshot(j.created_xid::text::xid8, $2::pg_snapshot)
  union all
  select e.job_id, e.seq, e.at, e.event, coalesce(e.via, '{}')::text[], e.actor, e.node_id, e.data
  from callsheet.event e join callsheet.job j on j.id = e.job_id and j.action_id = $1
  where e.xid >= $4::bigint and not pg_visible_in_snapshot(e.xid::text::xid8, $2::pg_snapshot)
  union all
  select d.job_id, d.seq, d.ended_at, coalesce(d.event, 'complete'), coalesce(d.via, callsheet.passed(d.from_state, 'running', d.queued))::text[],
    d.actor, d.node_id, d.data
  from (
    select * from callsheet.outcome where event is not null and xid >= $4::bigint
    union all
    select * from callsheet.outcome where event is null and ended_at >= $3::timestamptz
  ) d join callsheet.job j on j.id = d.job_id and j.action_id = $1
  where d.seq > 1 and not pg_visible_in_snapshot(d.xid::text::xid8, $2::pg_snapshot)
  union all
  select q.job_id, q.seq, q.at, q.event, q.via, q.actor, q.node_id, q.data
  from callsheet.queue_event q
  where q.action_id = $1 and q.xid >= $4::bigint
    and not pg_visible_in_snapshot(q.xid::text::xid8, $2::pg_snapshot)`;

/** Every line of a queue that was committed since the cursor, in order, and the cursor that follows. */
export async function readFeed(
  db: Queryable,
  actionId: number,
  cursor: FeedCursor,
): Promise<{ readonly lines: readonly FeedLine[]; readonly cursor: FeedCursor }> {
  const { rows } = await db.query<FeedLine>({
    text: `
      select f."jobId", f.seq, f.at, f.event, f.via, f.actor, n.name as node, f.data
      from (${NEWS}) f left join callsheet.node n on n.id = f.node_id
      order by f.seq = 0 desc, f.at, f."jobId", f.seq`,
    values: [actionId, cursor.snapshot, cursor.since, xminOf(cursor.snapshot)],
  });
  const [head, ...lines] = rows;
  return { lines, cursor: following(cursor, head!.event, head!.at) };
}

/** The first transaction that a snapshot may not see. Given as a value, since the planner knows nothing of a computed one. */
const xminOf = (snapshot: string): string => snapshot.split(":")[0]!;

/** Once all that was under way at the last look has ended, completions begin no earlier than that look. */
function following(before: FeedCursor, snapshot: string, at: Date): FeedCursor {
  const [, xmax] = before.snapshot.split(":");
  const since = BigInt(xminOf(snapshot)) >= BigInt(xmax!) ? before.at.getTime() - SLACK_MS : before.since.getTime();
  return { snapshot, at, since: new Date(Math.max(since, at.getTime() - LONGEST_END_MS)) };
}

/** Writes down what a queue's listeners are to be told and no job's history can hold. */
export async function tellQueue(
  tx: Queryable,
  actionId: number,
  event: "removed" | "paused" | "resumed" | "reviewed",
  actor: string,
  jobIds: readonly (string | null)[] = [null],
): Promise<void> {
  await tx.query(sql`
    insert into callsheet.queue_event (action_id, at, event, job_id, actor)
    select ${actionId}, callsheet.now(), ${event}, id, ${actor} from unnest(${jobIds}::uuid[]) as id`);
}

/** Keeps the last lines of jobs that are about to be removed for those who were not told of them yet. */
export async function keepLines(tx: Queryable, actionId: number, ids: readonly string[]): Promise<void> {
  await tx.query(sql`
    insert into callsheet.queue_event (action_id, at, xid, seq, event, job_id, node_id, actor, via, data)
    select ${actionId}, l.* from (
      select created_at as at, created_xid, 1, 'create', id, null::int, actor, '{}'::text[], null::json
      from callsheet.job where id = any(${ids}::uuid[])
      union all
      select at, xid, seq, event, job_id, node_id, actor, coalesce(via, '{}')::text[], data
      from callsheet.event where job_id = any(${ids}::uuid[])
      union all
      select ended_at, xid, seq, coalesce(event, 'complete'), job_id, node_id, actor,
        coalesce(via, callsheet.passed(from_state, 'running', queued))::text[], null
      from callsheet.outcome where job_id = any(${ids}::uuid[]) and seq > 1
    ) l where l.at > callsheet.now() - interval '1 minute'`);
}

/** Forgets what every listener has long been told. */
export async function forgetTold(db: Queryable, actionId: number): Promise<void> {
  await db.query(sql`
    delete from callsheet.queue_event where action_id = ${actionId} and at < callsheet.now() - interval '5 minutes'`);
}
