import sql, { raw, type Sql } from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** A timed action of which old occurrences may go. */
export interface Old {
  readonly id: number;
  readonly jobId: string;
  /** Those that were over before this moment, by the rules of retention; null: none. */
  readonly before: Date | null;
  /** Those that were due up to this one, beyond as many as it keeps; null: none. */
  readonly upTo: Date | null;
}

/** Before when the jobs of each action type are over and gone, however they ended; none where one rule keeps some for ever. */
const AGED = raw(`aged as (
  select v.type, callsheet.now() - max(r.keep_ms) * interval '1 millisecond' as until
  from (select distinct type from callsheet.action_version) v
  cross join unnest(enum_range('completed'::callsheet.job_state, null)) as s (state)
  left join lateral (
    select r.keep_ms from callsheet.retention r
    where (r.state is null or r.state = s.state) and (r.type is null or r.type = v.type)
    order by r.type is null, r.state is null limit 1
  ) r on true
  group by v.type having bool_and(r.keep_ms is not null)
)`);

/**
 * Timed actions with something to let go of: instants that lie further back than the jobs of their action type are kept, whichever
 * way they ended (nothing where one rule keeps some for ever), and those before as many as they keep themselves.
 */
async function timedWithOld(db: Queryable): Promise<readonly Old[]> {
  const { rows } = await db.query<Old>(sql`
    with ${AGED}
    select t.id, t.job_id as "jobId", a.until as before, m.until as "upTo"
    from callsheet.timed_action t join callsheet.job j on j.id = t.job_id join callsheet.action_version v on v.id = j.action_version_id
    left join aged a on a.type = v.type left join lateral (
      select o.until_instant as until from callsheet.occurrence o
      where o.timed_action_id = t.id and t.definition ->> 'keepLast' is not null
      order by o.instant desc, o.nominal desc, o.fold desc offset coalesce((t.definition ->> 'keepLast')::int, 0) limit 1
    ) m on true
    where greatest(a.until, m.until) is not null order by t.id`);
  return rows;
}

/** A queue job that repeats, with runs that were over before a moment. */
export interface OldRuns {
  readonly jobId: string;
  readonly before: Date;
}

/**
 * Queue jobs that have repeated and were set up again before their type's jobs are kept. Each run leaves two lines or more.
 * `offset 0`: asked of each job by itself, so that only the days before are looked at; joined, all that it ever did would be read.
 */
async function repeatingWithOld(db: Queryable): Promise<readonly OldRuns[]> {
  const { text, values } = sql`
    with ${AGED}
    select j.id as "jobId", a.until as before
    from callsheet.work w join callsheet.job j on j.id = w.job_id and j.kind = 'queue'
    join callsheet.action_version v on v.id = j.action_version_id join aged a on a.type = v.type
    where w.seq > 2 and exists (
      select from callsheet.event e where e.job_id = j.id and e.event = 'rearm' and e.at < a.until offset 0
    )
    order by j.id`;
  const { rows } = await db.query<OldRuns>({ text, values, patience: "bulk" });
  return rows;
}

/** Which of a timed action's occurrences are old: never one that is under way or waits, nor the last one that is over. */
const isOld = ({ id, before, upTo }: Old): Sql => sql`
  timed_action_id = ${id}
  and (until_instant <= ${upTo}::timestamptz or (until_instant <= ${before}::timestamptz and coalesce(ended_at < ${before}::timestamptz, true)))
  and (kind = 'skipped' or (kind = 'fired' and ended_at is not null
    and instant < (select max(instant) from callsheet.occurrence where timed_action_id = ${id} and ended_at is not null)))`;

/** How many occurrences would be deleted now. */
async function countOldOccurrences(db: Queryable, old: Old): Promise<number> {
  const { rows } = await db.query<{ count: number }>(sql`
    select count(*)::int as count from callsheet.occurrence where ${isOld(old)}`);
  return rows[0]!.count;
}

/**
 * Deletes so many of a timed action's old occurrences (index occurrence_in_time). In a transaction. Answers how many.
 */
async function forgetOccurrences(tx: Queryable, old: Old, limit: number): Promise<number> {
  const { id, before, upTo } = old;
  // The checker asks for nothing of the rule up to there.
  await tx.query(sql`
    update callsheet.timed_action t set ruled_at = least(t.mark, greatest(${before}::timestamptz, ${upTo}::timestamptz))
    where t.id = ${id} and t.ruled_at < least(t.mark, greatest(${before}::timestamptz, ${upTo}::timestamptz))`);
  const { count } = await tx.query(sql`
    delete from callsheet.occurrence o using (
      select origin, nominal, fold from callsheet.occurrence where ${isOld(old)}
      order by instant limit ${limit}
    ) old
    where o.timed_action_id = ${id} and o.origin = old.origin and o.nominal = old.nominal and o.fold = old.fold`);
  return count;
}

/**
 * Deletes lines of a timed action's job up to one with which it was set up again, and writes one line in their place: those of
 * occurrences that are kept stay, and so does whatever came after it was last set up. With them goes what the attempts that they
 * told of have left. In a transaction. Answers how many lines.
 */
async function forgetLines(tx: Queryable, { id, jobId }: Old, limit: number): Promise<number> {
  // Whoever else lets go of its lines, or deletes it, waits here.
  await tx.query(sql`select from callsheet.timed_action where id = ${id} for update`);
  return forgetUpTo(
    tx,
    jobId,
    limit,
    sql`
    with kept as (
      select min(e.seq) as seq from callsheet.event e join callsheet.occurrence o on o.timed_action_id = ${id} and o.kind = 'fired'
        and (o.origin::text, o.nominal, o.fold::text)
          = (e.data #>> '{occurrence,origin}', e.data #>> '{occurrence,local}', e.data #>> '{occurrence,fold}')
      where e.job_id = ${jobId} and e.event = 'come_due'
    )
    select e.seq from callsheet.event e, kept k where e.job_id = ${jobId} and e.event = 'rearm' and e.seq < k.seq`,
  );
}

/**
 * Deletes lines of a queue job that repeats, up to one with which it was set up again before a moment, and writes one line in their
 * place. In a transaction. Answers how many lines.
 */
async function forgetRuns(tx: Queryable, { jobId, before }: OldRuns, limit: number): Promise<number> {
  const { count } = await tx.query(sql`
    select from callsheet.work where job_id = ${jobId} for update skip locked`);
  if (count === 0) return 0;
  return forgetUpTo(
    tx,
    jobId,
    limit,
    sql`
    select seq from callsheet.event where job_id = ${jobId} and event = 'rearm' and at < ${before}`,
  );
}

/** Replaces the lines of a job up to one of those with which it was set up again, so many about. Answers how many they were. */
async function forgetUpTo(tx: Queryable, jobId: string, limit: number, setUp: Sql): Promise<number> {
  const { rows } = await tx.query<{ seq: number | null }>(sql`
    with set_up as (${setUp})
    select max(seq) as seq from set_up where seq <= ${limit} + (select min(seq) from set_up)`);
  const { seq } = rows[0]!;
  return seq === null ? 0 : replaceLines(tx, jobId, seq);
}

/** Writes one line in the place of those up to a number. Answers how many they were. */
async function replaceLines(tx: Queryable, jobId: string, seq: number): Promise<number> {
  const { rows: gone } = await tx.query<{
    lines: number;
    attempt: number;
    token: string | null;
    xid: string;
    at: Date;
  }>(sql`
    with gone as (
      delete from callsheet.event where job_id = ${jobId} and seq <= ${seq} returning *
    )
    select sum(case when event = 'forget' then (data ->> 'lines')::int else 1 end)::int as lines, coalesce(max(attempt), 0) as attempt,
      max(token)::text as token, max(xid)::text as xid, max(at) as at
    from gone`);
  const { lines, attempt, token, xid, at } = gone[0]!;
  // It stands with the line behind it, in whose partition others stay, and is news to nobody.
  await tx.query(sql`
    insert into callsheet.event (job_id, seq, at, xid, event, from_state, to_state, attempt, token, data)
    select ${jobId}, ${seq}, coalesce((select at from callsheet.event where job_id = ${jobId} and seq = ${seq + 1}), ${at}), ${xid}::bigint,
      'forget', 'scheduled', 'scheduled', ${attempt}, ${token}::bigint, ${JSON.stringify({ lines })}::json`);
  await forgetAttempts(tx, jobId, attempt);
  return lines;
}

/** What attempts leave behind that are over, and whose rollbacks have ended. */
const LEFT = ["log_line", "undo_entry", "elsewhere", "secret_use"] as const;

async function forgetAttempts(tx: Queryable, jobId: string, attempt: number): Promise<void> {
  for (const table of LEFT)
    await tx.query({
      text: `
        delete from callsheet.${table} t where t.job_id = $1 and t.attempt <= $2
          and not exists (select from callsheet.rollback r where r.job_id = t.job_id and r.attempt = t.attempt)`,
      values: [jobId, attempt],
    });
}

/** What stands behind letting go of what timed actions, and queue jobs that repeat, did long ago. */
export const OLD = { timedWithOld, countOldOccurrences, forgetOccurrences, forgetLines, repeatingWithOld, forgetRuns };
