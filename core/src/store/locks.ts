import type { LockedObject, LockFilter, LockHolder, LockMode, LockWaiter } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { handOver, keysOf, LinesInUse } from "./freeing.ts";
import { takeBack } from "./keeping.ts";
import { leaveLines, lockObjects } from "./objects.ts";
import type { Changed } from "./transition.ts";

/** The keys of objects that are in use or quarantined, in order. */
export async function lockedKeys(
  db: Queryable,
  filter: LockFilter & { readonly limit: number },
): Promise<readonly string[]> {
  const { quarantined = false, waiting = false, jobId = null, after = "", limit } = filter;
  const { rows } = await db.query<{ key: string }>(sql`
    select key from (
      select distinct object_key as key from callsheet.ticket
      where object_key > ${after} and (not held or not ${waiting}) and (${jobId}::uuid is null or job_id = ${jobId})
      union
      select key from callsheet.object where quarantined and key > ${after} and not ${waiting} and ${jobId}::uuid is null
      union
      select o.key from (
        select m.id from callsheet.claim c, unnest(c.ids) as m (id)
        union all select job_id from callsheet.work where state in ('running', 'timed_out', 'cancelling')
        union all select job_id from callsheet.remnant
      ) live join callsheet.job j on j.id = live.id and j.locks is not null
      cross join json_array_elements(j.locks) l join callsheet.object o on o.key = l ->> 'key' and o.job_id = j.id and o.keeper_id is null
      where o.key > ${after} and not ${waiting} and (${jobId}::uuid is null or o.job_id = ${jobId})
      union
      select object_key from callsheet.kept
      where object_key > ${after} and not ${waiting} and (${jobId}::uuid is null or job_id = ${jobId})
    ) used
    where not ${quarantined} or exists (select from callsheet.object o where o.key = used.key and o.quarantined)
    order by key limit ${limit}`);
  return rows.map(({ key }) => key);
}

interface TicketRow {
  readonly key: string;
  readonly jobId: string;
  readonly action: string;
  readonly mode: LockMode;
  readonly held: boolean;
  readonly fencing: string | null;
  readonly askedAt: Date;
  readonly startedAt: Date | null;
  readonly node: string | null;
}

/** What was last decided of an object; its columns are named for the first that can be. */
interface DecidedRow {
  readonly key: string;
  readonly isQuarantined: boolean;
  readonly reason: string | null;
  readonly actor: string | null;
  readonly at: Date;
}

/** Objects with those who hold them, and the first of those who wait. Locks nothing. */
export async function readLocks(
  db: Queryable,
  keys: readonly string[],
  mostWaiting: number,
): Promise<readonly LockedObject[]> {
  const [{ rows: objects }, { rows: tickets }, { rows: counts }] = await Promise.all([
    db.query<DecidedRow>(sql`
      select key, quarantined as "isQuarantined", reason, actor, quarantined_at as at from callsheet.object
      where key = any(${keys}::text[]) and quarantined_at is not null`),
    db.query<TicketRow>(ticketsOf(keys, mostWaiting)),
    db.query<{ key: string; count: number }>(sql`
      select object_key as key, count(*)::int as count from callsheet.ticket
      where object_key = any(${keys}::text[]) and not held group by object_key`),
  ]);
  const decided = new Map(objects.map(({ key, isQuarantined, ...decision }) => [key, { isQuarantined, decision }]));
  const waiting = new Map(counts.map(({ key, count }) => [key, count]));
  return keys.map((key) => {
    const { isQuarantined = false, decision = null } = decided.get(key) ?? {};
    const line = tickets.filter((ticket) => ticket.key === key);
    return {
      key,
      holders: line.filter(({ held }) => held).map(toHolder),
      waiting: line.filter(({ held }) => !held).map(toWaiter),
      waitingCount: waiting.get(key) ?? 0,
      quarantine: isQuarantined ? decision : null,
      release: isQuarantined ? null : decision,
    };
  });
}

const ticketsOf = (keys: readonly string[], mostWaiting: number) => sql`
  select t.object_key as key, t.job_id as "jobId", v.name as action, t.mode, t.held, t.token::text as fencing, t.at as "askedAt",
    coalesce(w.started_at, c.started_at, r.at) as "startedAt", n.name as node
  from unnest(${keys}::text[]) as k (key) cross join lateral (
    (select * from callsheet.line where object_key = k.key and held order by number)
    union all
    (select * from callsheet.ticket where object_key = k.key and not held order by number limit ${mostWaiting})
  ) t
  join callsheet.job j on j.id = t.job_id join callsheet.action_version v on v.id = j.action_version_id
  left join callsheet.work w on w.job_id = t.job_id and w.token = t.token
  left join callsheet.claim c on c.token = t.token and w.job_id is null
  left join callsheet.remnant r on r.token = t.token and r.job_id = t.job_id
  left join callsheet.node n on n.id = coalesce(w.node_id, c.node_id, r.node_id)
  order by t.object_key, t.number`;

const toHolder = ({ jobId, action, mode, fencing, askedAt, startedAt, node }: TicketRow): LockHolder => ({
  ...{ jobId, action, mode, fencing, since: startedAt ?? askedAt, node },
});
const toWaiter = ({ jobId, action, mode, askedAt }: TicketRow, index: number): LockWaiter => ({
  ...{ jobId, action, mode, place: index + 1, since: askedAt },
});

/** An object to be quarantined or released, and who does so why. */
export interface Decision {
  readonly key: string;
  readonly actor: string;
  readonly reason: string | null;
}

/** Lets no further job have an object. Waits for claims that look at it, so that none overlooks it. May fail with `LinesInUse`. */
export async function quarantineObject(tx: Queryable, { key, actor, reason }: Decision): Promise<void> {
  await takeBack(tx, [key]);
  const { count } = await tx.query(sql`
    insert into callsheet.object as o (key, quarantined, actor, reason, quarantined_at) values (${key}, true, ${actor}, ${reason}, callsheet.now())
    on conflict (key) do update
    set quarantined = true, actor = excluded.actor, reason = excluded.reason, quarantined_at = excluded.quarantined_at, rollback_of = null
    where o.keeper_id is null`);
  if (count === 0) throw new LinesInUse({ kept: [key] });
}

/** Lets no further job have the objects of one whose rollback failed. Those in quarantine already stay as they are. */
export async function quarantineObjectsOf(tx: Queryable, jobId: string, reason: string): Promise<void> {
  const keys = await keysOf(tx, [jobId]);
  await takeBack(tx, keys);
  await tx.query(sql`
    insert into callsheet.object as o (key, quarantined, actor, reason, quarantined_at, rollback_of)
    select l ->> 'key', true, 'system', ${reason}, callsheet.now(), j.id
    from callsheet.job j, json_array_elements(j.locks) l where j.id = ${jobId} order by l ->> 'key' collate "C"
    on conflict (key) do update
    set quarantined = true, actor = excluded.actor, reason = excluded.reason, quarantined_at = excluded.quarantined_at,
      rollback_of = excluded.rollback_of
    where not o.quarantined and o.keeper_id is null`);
  const { count } = await tx.query(
    sql`select from callsheet.object where key = any(${keys}::text[]) and keeper_id is not null`,
  );
  if (count > 0) throw new LinesInUse({ kept: keys });
}

/** Ends the quarantine that the failed rollback of a job led to, unless that of another job which shared an object still stands. */
export async function releaseObjectsOf(tx: Queryable, jobId: string): Promise<void> {
  await tx.query(sql`
    with held as materialized (
      select key from callsheet.object where rollback_of = ${jobId} order by key collate "C" for update
    )
    update callsheet.object o set (rollback_of, quarantined, actor, reason, quarantined_at) = (
      select other, other is not null, case when other is not null then o.actor end, case when other is not null then o.reason end,
        case when other is not null then o.quarantined_at end
      from (select min(r.job_id::text)::uuid as other from callsheet.rollback r
        join callsheet.job j on j.id = r.job_id, json_array_elements(j.locks) l
        where r.failed and r.job_id <> ${jobId} and l ->> 'key' = o.key) others)
    from held where o.key = held.key`);
}

/** Lets jobs have an object again, first of all those in its line: answers who got it, or undefined: it was not quarantined. */
export async function releaseObject(
  tx: Queryable,
  { key, actor, reason }: Decision,
  also: readonly string[],
): Promise<readonly Changed[] | undefined> {
  await lockObjects(tx, [...new Set([key, ...also])]);
  const { count } = await tx.query(sql`
    update callsheet.object set quarantined = false, actor = ${actor}, reason = ${reason}, quarantined_at = callsheet.now(), rollback_of = null
    where key = ${key} and quarantined`);
  const granted = count === 0 ? undefined : await handOver(tx, [key]);
  await leaveLines(tx, [key]);
  return granted;
}
