import type { Expired, RetentionRule, SettledState } from "@callsheet/contract";
import sql, { raw } from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { removeJobs } from "./remove-jobs.ts";

/** Every rule, the general ones first. */
export async function readRetention(db: Queryable): Promise<readonly RetentionRule[]> {
  const { rows } = await db.query<RetentionRule>(sql`
    select state, type, keep_ms::float8 as "keepMs", at, actor, reason from callsheet.retention
    order by type is not null, type, state is not null, state`);
  return rows;
}

/** Which settled jobs a rule is about; null: every one. */
interface About {
  readonly state: SettledState | null;
  readonly type: string | null;
}

export async function putRetention(
  db: Queryable,
  { state, type, keepMs, actor, reason }: About & Pick<RetentionRule, "keepMs" | "actor" | "reason">,
): Promise<void> {
  await db.query(sql`
    insert into callsheet.retention (state, type, keep_ms, actor, reason)
    values (${state}::callsheet.job_state, ${type}, ${keepMs}::bigint, ${actor}, ${reason})
    on conflict (state, type) do update
    set keep_ms = excluded.keep_ms, at = excluded.at, actor = excluded.actor, reason = excluded.reason`);
}

/** False: there was none. */
export async function removeRetention(db: Queryable, { state, type }: About): Promise<boolean> {
  const { count } = await db.query(sql`
    delete from callsheet.retention
    where state is not distinct from ${state}::callsheet.job_state and type is not distinct from ${type}::text`);
  return count > 0;
}

/** How long job `j` of version `v`, which ended as outcome `o`, is kept. */
const KEEP = raw(`cross join lateral (
    select r.keep_ms from callsheet.retention r
    where (r.state is null or r.state = o.state) and (r.type is null or r.type = v.type)
    order by r.type is null, r.state is null limit 1
  ) r`);
/** What nothing refers to any more, and nobody waits for. Of a composite the members go first, and none while it is open. */
const MAY_GO = raw(`o.ended_at < callsheet.now() - r.keep_ms * interval '1 millisecond'
    and o.rollback in ('none', 'done') and j.kind <> 'timed'
    and not exists (select from callsheet.remnant x where x.job_id = j.id)
    and not exists (select from callsheet.rollback b where b.job_id = j.id)
    and not exists (select from callsheet.ticket t where t.job_id = j.id)
    and not exists (select from callsheet.job m where m.parent_id = j.id)
    and (j.parent_id is null or exists (select from callsheet.outcome p where p.job_id = j.parent_id)
      or not exists (select from callsheet.job p where p.id = j.parent_id))`);
const SHORTEST = raw("callsheet.now() - (select min(keep_ms) from callsheet.retention) * interval '1 millisecond'");

/** The jobs that would go now, counted by state and type. */
export async function countExpired(db: Queryable): Promise<readonly Expired[]> {
  const { text, values } = sql`
    select o.state, v.type, count(*)::int as jobs
    from callsheet.outcome o join callsheet.job j on j.id = o.job_id join callsheet.action_version v on v.id = j.action_version_id
    ${KEEP}
    where o.ended_at < ${SHORTEST} and ${MAY_GO}
    group by o.state, v.type order by o.state, v.type`;
  const { rows } = await db.query<Expired>({ text, values, patience: "bulk" });
  return rows;
}

/** How far a pass over settled jobs has come, in the order of their ends. */
export interface PurgeMark {
  readonly endedAt: string;
  readonly id: string;
}

/** Where a pass begins. */
export const FIRST_MARK: PurgeMark = { endedAt: "-infinity", id: "00000000-0000-0000-0000-000000000000" };

interface Old {
  readonly id: string;
  readonly state: SettledState;
  readonly type: string;
  readonly createdAt: Date;
  readonly endedAt: Date;
}

/**
 * Looks at so many settled jobs behind a mark, oldest end first (index outcome_by_end), and deletes those that may go, with all
 * that is stored of them; one that somebody is changing is left for another time. In a transaction. Answers the next mark, or
 * undefined at the end.
 */
export async function purgeSettled(
  tx: Queryable,
  mark: PurgeMark,
  limit: number,
): Promise<{ readonly next: PurgeMark | undefined; readonly expired: readonly Expired[] }> {
  const { rows: page } = await tx.query<{ id: string; endedAt: string }>(sql`
    select o.job_id as id, o.ended_at::text as "endedAt" from callsheet.outcome o
    where o.ended_at < ${SHORTEST} and o.ended_at >= ${mark.endedAt}::timestamptz
      and (o.ended_at, o.job_id) > (${mark.endedAt}::timestamptz, ${mark.id}::uuid)
    order by o.ended_at, o.job_id limit ${limit}`);
  const { rows: old } = await tx.query<Old>(sql`
    select j.id, o.state, v.type, j.created_at as "createdAt", o.ended_at as "endedAt"
    from unnest(${page.map(({ id }) => id)}::uuid[]) as p (id)
    cross join lateral (select * from callsheet.outcome where job_id = p.id offset 0 for update skip locked) o
    join callsheet.job j on j.id = o.job_id join callsheet.action_version v on v.id = j.action_version_id
    ${KEEP}
    where ${MAY_GO}`);
  if (old.length > 0)
    await removeJobs(
      tx,
      old.map(({ id }) => id),
      spanOf(old),
    );
  return { next: page.length < limit ? undefined : page.at(-1), expired: countBy(old) };
}

const DAY_MS = 86_400_000;

/** When anything of these jobs was written, and a day to either side: the database's clock may have been set. */
function spanOf(old: readonly Old[]): { readonly from: Date; readonly until: Date } {
  const from = Math.min(...old.map(({ createdAt }) => createdAt.getTime()));
  const until = Math.max(...old.map(({ endedAt }) => endedAt.getTime()));
  return { from: new Date(from - DAY_MS), until: new Date(until + DAY_MS) };
}

function countBy(old: readonly Old[]): readonly Expired[] {
  const counts = new Map<string, Expired>();
  for (const { state, type } of old) {
    const key = `${state} ${type}`;
    counts.set(key, { state, type, jobs: (counts.get(key)?.jobs ?? 0) + 1 });
  }
  return [...counts.values()];
}
