import type { Ending, Json } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { mayTake } from "./may-take.ts";
import { prepared } from "./statement.ts";

/** An attempt, by its job and its token. */
export interface AttemptKey {
  readonly id: string;
  readonly token: string;
}

/** How an attempt ended, as somebody outside said. `result`: JSON text. */
export interface Word {
  readonly ending: Ending;
  readonly result?: string;
}

/** Stores the hash of a completion token for the attempt that names itself. False: it was superseded. */
async function promiseElsewhere(db: Queryable, { id, token }: AttemptKey, secret: string): Promise<boolean> {
  const { count } = await db.query(sql`
    insert into callsheet.elsewhere (job_id, token, attempt, secret)
    select job_id, token, attempt, sha256(convert_to(${secret}, 'UTF8')) from callsheet.work
    where job_id = ${id} and token = ${token}::bigint and state in ('running', 'timed_out', 'cancelling') and rollback <> 'required'
    on conflict (job_id, token) do update set secret = excluded.secret`);
  return count === 1;
}

/** How work is looked after that goes on elsewhere; milliseconds. Null: not at all. */
export interface Departure extends AttemptKey {
  /** JSON text. */
  readonly handle: string;
  readonly everyMs: number | null;
  readonly stallMs: number | null;
  readonly extendMs: number | null;
}

/**
 * Stores where the work of an attempt goes on, whose job is locked and which has its line `start`. Answers how it ended, where
 * somebody was faster and has said so.
 */
async function enterElsewhere(tx: Queryable, departure: Departure): Promise<Word | null> {
  const { id, token, handle, everyMs, stallMs, extendMs } = departure;
  const { rows } = await tx.query<{ word: Word | null }>(sql`
    insert into callsheet.elsewhere as e (job_id, token, attempt, handle, since, moved_at, stall_ms, extend_ms, every_ms, poll_at)
    select job_id, token, attempt, ${handle}::json, callsheet.now(), callsheet.now(), ${stallMs}::bigint, ${extendMs}::bigint, ${everyMs}::bigint,
      case when state = 'cancelling' then callsheet.now() else callsheet.now() + ${everyMs}::bigint * interval '1 millisecond' end
    from callsheet.work where job_id = ${id} and token = ${token}::bigint
    on conflict (job_id, token) do update
    set handle = excluded.handle, since = excluded.since, moved_at = excluded.moved_at, stall_ms = excluded.stall_ms,
      extend_ms = excluded.extend_ms, every_ms = excluded.every_ms, poll_at = excluded.poll_at
    returning e.word`);
  return rows[0]!.word;
}

/** No node runs the live attempt of a job any more. */
async function leaveNode(tx: Queryable, id: string): Promise<void> {
  await tx.query(sql`update callsheet.work set node_id = null where job_id = ${id}`);
}

/** An attempt that lives, or has lived, elsewhere, or may. */
export interface ElsewhereRow extends AttemptKey {
  readonly attempt: number;
  /** Null: its handler has not returned. */
  readonly since: Date | null;
  /** Its end was said. */
  readonly isEnded: boolean;
  readonly isStalled: boolean;
}

const ROW = sql`
  select e.job_id as id, e.token::text, e.attempt, e.since, e.ended_at is not null or e.word is not null as "isEnded",
    exists (select from callsheet.stall s where s.job_id = e.job_id and s.token = e.token) as "isStalled"
  from callsheet.elsewhere e`;

/** The attempt that a completion token belongs to. */
async function elsewhereByToken(db: Queryable, secret: string): Promise<ElsewhereRow | undefined> {
  const { rows } = await db.query<ElsewhereRow>(sql`${ROW} where e.secret = sha256(convert_to(${secret}, 'UTF8'))`);
  return rows[0];
}

/** The last attempt of a job that lives, or has lived, elsewhere. */
async function elsewhereOfJob(db: Queryable, id: string): Promise<ElsewhereRow | undefined> {
  const { rows } = await db.query<ElsewhereRow>(sql`
    ${ROW} where e.job_id = ${id} and e.since is not null order by e.token desc limit 1`);
  return rows[0];
}

/** Locks such an attempt, after its job, and reads it again. `fence`: only as long as it is looked at under that. */
async function lockElsewhere(
  tx: Queryable,
  { id, token }: AttemptKey,
  fence: string | null,
): Promise<ElsewhereRow | undefined> {
  const { rows } = await tx.query<ElsewhereRow>(sql`
    ${ROW} where e.job_id = ${id} and e.token = ${token}::bigint and (${fence}::bigint is null or e.fence = ${fence}::bigint) for update of e`);
  return rows[0];
}

/** Keeps what was said of its end until its handler has returned. */
async function keepWord(tx: Queryable, { id, token }: AttemptKey, word: Word): Promise<void> {
  await tx.query(sql`
    update callsheet.elsewhere set word = ${JSON.stringify(word)}::json where job_id = ${id} and token = ${token}::bigint`);
}

/** Attempts that lived elsewhere have ended. */
async function closeElsewhere(tx: Queryable, attempts: readonly AttemptKey[]): Promise<void> {
  if (attempts.length === 0) return;
  await tx.query(sql`
    update callsheet.elsewhere e set ended_at = callsheet.now(), poll_at = null, node_id = null, fence = null
    from unnest(${attempts.map(({ id }) => id)}::uuid[], ${attempts.map(({ token }) => token)}::bigint[]) as a (id, token)
    where e.job_id = a.id and e.token = a.token and e.ended_at is null`);
}

/** Notes that an attempt goes on; its time-out is put off where it counts from that. To be called in a transaction. */
async function hearElsewhere(tx: Queryable, { id, token }: AttemptKey): Promise<void> {
  await tx.query(sql`
    update callsheet.work w set deadline = callsheet.now() + e.extend_ms * interval '1 millisecond'
    from callsheet.elsewhere e
    where w.job_id = ${id} and w.token = ${token}::bigint and w.state = 'running' and e.job_id = w.job_id and e.token = w.token and e.extend_ms is not null`);
  await tx.query(sql`
    update callsheet.elsewhere set moved_at = callsheet.now()
    where job_id = ${id} and token = ${token}::bigint and since is not null and ended_at is null`);
}

/** A node is to look at once at what goes on elsewhere of a job: something was done to it. */
async function hastenElsewhere(tx: Queryable, id: string): Promise<void> {
  await tx.query(sql`
    update callsheet.elsewhere set poll_at = callsheet.now()
    where job_id = ${id} and since is not null and ended_at is null`);
}

/** An attempt that a node looks at: nobody else does while the fence stands and the node lives. */
export interface TakenElsewhere extends AttemptKey {
  readonly attempt: number;
  readonly fence: string;
  /** When it was to be looked at, as text. */
  readonly pollAt: string;
  readonly handle: Json;
  readonly everyMs: number | null;
  readonly told: boolean;
  /** What it last said of its progress. */
  readonly percent: number | null;
  readonly message: string | null;
  readonly isStalled: boolean;
  /** As its job counts on it; null: it was superseded, or its job is over. */
  readonly state: "running" | "timed_out" | "cancelling" | null;
  readonly actionVersionId: number;
  readonly ownerId: number;
  readonly retries: number;
  readonly configuration: unknown;
  readonly target: { readonly type: string; readonly id: string } | null;
  readonly tags: readonly string[] | null;
  readonly variables: Readonly<Record<string, unknown>> | null;
}

/**
 * Takes attempts that are to be looked at for a node that has what their jobs need, those of dead nodes included (index
 * elsewhere_due). Answers in how many milliseconds the next one is. `underWay`: fences of those that it looks at.
 */
async function takeElsewhere(
  tx: Queryable,
  nodeId: number,
  types: readonly string[],
  limit: number,
  underWay: readonly string[],
): Promise<{ readonly taken: readonly TakenElsewhere[]; readonly nextMs: number | null }> {
  const open = (mine: readonly string[]) => sql`
    from callsheet.elsewhere e join callsheet.job j on j.id = e.job_id join callsheet.lane l on l.id = j.lane_id
    join callsheet.node n on n.id = ${nodeId} and n.state = 'up' and n.site = l.site and l.type = any(${types})
      and (l.needs -> 'capabilities' is null or n.capabilities @> array(select jsonb_array_elements_text(l.needs -> 'capabilities')))
    where e.poll_at is not null and ${mayTake("e", nodeId, mine)}`;
  const take = sql`
    with open as materialized (
      select e.job_id, e.token ${open(underWay)} and e.poll_at <= callsheet.now() order by e.poll_at limit ${limit} for update of e skip locked
    ), taken as (
      update callsheet.elsewhere e set node_id = ${nodeId}, fence = nextval('callsheet.token_number'), polled_at = callsheet.now()
      from open where e.job_id = open.job_id and e.token = open.token
      returning e.*
    )
    select t.job_id as id, t.token::text, t.attempt, t.fence::text, t.poll_at::text as "pollAt", t.handle, t.every_ms::float8 as "everyMs", t.told, w.state,
      p.percent, p.message, exists (select from callsheet.stall s where s.job_id = t.job_id and s.token = t.token) as "isStalled",
      j.action_version_id as "actionVersionId", j.owner_id as "ownerId", coalesce(w.retries, 0) as retries,
      coalesce(j.data, j.configuration) as configuration,
      case when j.target_id is not null then json_build_object('type', j.target_type, 'id', j.target_id) end as target, j.tags,
      (select json_object_agg(v.name, v.value) from callsheet.variable v where v.job_id = j.id) as variables
    from taken t join callsheet.job j on j.id = t.job_id
    left join callsheet.work w on w.job_id = t.job_id and w.token = t.token and w.state in ('running', 'timed_out', 'cancelling')
      and w.rollback <> 'required'
    left join callsheet.progress p on p.job_id = t.job_id and p.token = t.token`;
  const { rows: taken } = await tx.query<TakenElsewhere>(prepared("take_elsewhere", take));
  const next = sql`
    select extract(epoch from min(e.poll_at) - callsheet.now())::float8 * 1000 as "nextMs"
    ${open([...underWay, ...taken.map(({ fence }) => fence)])}`;
  const { rows } = await tx.query<{ nextMs: number | null }>(prepared("next_elsewhere", next));
  return { taken, nextMs: rows[0]!.nextMs };
}

/** What came of a look at work that goes on. */
export interface Looked {
  /** JSON text of the new handle; null: the old one holds. */
  readonly handle: string | null;
  /** JSON text of why the look failed; null: it did not. */
  readonly problem: string | null;
  /** It was asked to stop. */
  readonly told: boolean;
  /** When a node is to look again; null: never. */
  readonly againMs: number | null;
}

/** Lets go of an attempt until its next look, which is at once where something was done to its job meanwhile. */
async function letGoElsewhere(
  tx: Queryable,
  { id, token, fence, pollAt }: Pick<TakenElsewhere, "id" | "token" | "fence" | "pollAt">,
  { handle, problem, told, againMs }: Looked,
): Promise<void> {
  await tx.query(sql`
    update callsheet.elsewhere
    set node_id = null, fence = null, handle = coalesce(${handle}::json, handle), problem = ${problem}::json, told = told or ${told},
      poll_at = case when poll_at = ${pollAt}::timestamptz then callsheet.now() + ${againMs}::bigint * interval '1 millisecond' else poll_at end
    where job_id = ${id} and token = ${token}::bigint and fence = ${fence}::bigint`);
}

/** Attempts elsewhere that have shown nothing for as long as counts as a stall, and that nobody has said so of yet. */
async function silentElsewhere(
  db: Queryable,
  limit: number,
): Promise<readonly (AttemptKey & { readonly silentMs: number })[]> {
  const silent = sql`
    select e.job_id as id, e.token::text, extract(epoch from callsheet.now() - e.moved_at)::float8 * 1000 as "silentMs"
    from callsheet.elsewhere e
    where e.stall_ms is not null and e.ended_at is null and e.moved_at <= callsheet.now() - e.stall_ms * interval '1 millisecond'
      and not exists (select from callsheet.stall s where s.job_id = e.job_id and s.token = e.token)
    order by e.moved_at limit ${limit}`;
  const { rows } = await db.query<AttemptKey & { silentMs: number }>(prepared("silent_elsewhere", silent));
  return rows;
}

/** Adds lines to the log of an attempt that lives elsewhere, behind those that it has; ten thousand at most. */
async function addElsewhereLines(
  tx: Queryable,
  { id, attempt }: { readonly id: string; readonly attempt: number },
  lines: readonly { readonly level: string; readonly message: string }[],
): Promise<void> {
  if (lines.length === 0) return;
  await tx.query(sql`
    insert into callsheet.log_line (job_id, attempt, n, at, level, message)
    select ${id}::uuid, ${attempt}::int, b.n + l.n, callsheet.now(), l.level, l.message
    from (select coalesce(max(n), 0) as n from callsheet.log_line where job_id = ${id} and attempt = ${attempt}) b,
      unnest(${lines.map(({ level }) => level)}::text[], ${lines.map(({ message }) => message)}::text[]) with ordinality as l (level, message, n)
    where b.n + l.n <= 10000
    on conflict do nothing`);
}

/** All that is done with attempts that live elsewhere. */
export const ELSEWHERE = {
  addElsewhereLines,
  closeElsewhere,
  elsewhereByToken,
  elsewhereOfJob,
  enterElsewhere,
  hastenElsewhere,
  hearElsewhere,
  keepWord,
  leaveNode,
  letGoElsewhere,
  lockElsewhere,
  promiseElsewhere,
  silentElsewhere,
  takeElsewhere,
};
