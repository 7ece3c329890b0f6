import type { EndingStep, JobError, RollbackState } from "@callsheet/contract";
import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";
import type { EntryPlace } from "./journal.ts";
import { mayTake } from "./may-take.ts";
import { prepared } from "./statement.ts";

/** How the rollback of a job stands, by its rows `w` and `d`: what has to be undone is being undone while a node has taken it. */
export const ROLLBACK_NOW = `
  case when coalesce(w.rollback, d.rollback) <> 'required' or not exists (
      select from callsheet.rollback r join callsheet.node o on o.id = r.node_id and o.state in ('up', 'draining')
      where r.job_id = j.id and r.undoes) then coalesce(w.rollback, d.rollback, 'none') else 'running' end`;

/** Entries of an attempt that has ended are to be undone or kept. */
export interface NewRollback {
  readonly jobId: string;
  readonly attempt: number;
  readonly token: string;
  /** The job waits for it. */
  readonly undoes: boolean;
  /** Not before its handler has ended, too. */
  readonly waits: boolean;
  /** The wait before the next attempt, which counts from its end. */
  readonly delayMs: number | null;
  /** Steps that were put off until then. */
  readonly next: readonly EndingStep[];
  readonly actor: string | null;
}

/** Opens rollbacks of jobs whose rows are locked, and which have made their other steps. */
export async function openRollbacks(tx: Queryable, rollbacks: readonly NewRollback[]): Promise<void> {
  if (rollbacks.length === 0) return;
  const undone = rollbacks.filter(({ undoes }) => undoes).map(({ jobId }) => jobId);
  await tx.query({
    text: `
      insert into callsheet.rollback (job_id, attempt, token, undoes, waits, due_at, delay_ms, next, actor)
      select r."jobId", r.attempt, r.token, r.undoes, r.waits, callsheet.now(), r."delayMs", r.next, r.actor
      from json_to_recordset($1::json) as r ("jobId" uuid, attempt int, token bigint, undoes boolean, waits boolean, "delayMs" bigint,
        next json, actor text)`,
    values: [JSON.stringify(rollbacks)],
  });
  for (const table of ["work", "outcome"])
    await tx.query({
      text: `update callsheet.${table} set rollback = 'required' where job_id = any($1::uuid[])`,
      values: [undone],
    });
}

/**
 * Attempts that counted no more have ended by now. Those that are to be undone, which nothing holds up any longer, keep what
 * they hold: answers them.
 */
export async function heldByRollbacks(
  tx: Queryable,
  attempts: readonly { readonly id: string; readonly token: string }[],
): Promise<readonly { readonly id: string; readonly token: string }[]> {
  const { rows } = await tx.query<{ id: string; token: string }>(sql`
    with a as materialized (
      select * from unnest(${attempts.map(({ id }) => id)}::uuid[], ${attempts.map(({ token }) => token)}::bigint[]) as a (id, token)
    ), told as (
      delete from callsheet.remnant r using a where r.token = a.token and r.job_id = a.id
    )
    update callsheet.rollback r set waits = false from a
    where r.job_id = a.id and r.token = a.token and r.undoes returning r.job_id as id, r.token::text`);
  return rows;
}

/** A rollback that a node has taken: nobody else works on it while the fence stands and the node lives. */
export interface TakenRollback {
  readonly jobId: string;
  readonly attempt: number;
  readonly fence: string;
  readonly tries: number;
  readonly undoes: boolean;
  readonly actionVersionId: number;
  readonly ownerId: number;
  readonly retries: number;
  readonly configuration: unknown;
  readonly target: { readonly type: string; readonly id: string } | null;
  readonly tags: readonly string[] | null;
  readonly variables: Readonly<Record<string, unknown>> | null;
}

/**
 * Takes rollbacks that are due for a node that has what their jobs need, those of dead nodes included (index rollback_open).
 * `underWay`: fences of those that it works on.
 */
export async function takeRollbacks(
  db: Queryable,
  nodeId: number,
  limit: number,
  underWay: readonly string[],
): Promise<readonly TakenRollback[]> {
  const take = sql`
    with open as materialized (
      select r.job_id, r.attempt
      from callsheet.rollback r join callsheet.job j on j.id = r.job_id join callsheet.lane l on l.id = j.lane_id
      join callsheet.node n on n.id = ${nodeId} and n.state = 'up' and n.site = l.site
        and n.types @> jsonb_build_array(jsonb_build_object('type', l.type))
        and callsheet.understands(n.types, l.type, l.needs)
        and (l.needs -> 'capabilities' is null or n.capabilities @> array(select jsonb_array_elements_text(l.needs -> 'capabilities')))
      where not r.failed and not r.waits and r.due_at <= callsheet.now()
        and ${mayTake("r", nodeId, underWay)}
      order by r.due_at limit ${limit} for update of r skip locked
    ), taken as (
      update callsheet.rollback r set node_id = ${nodeId}, fence = nextval('callsheet.token_number')
      from open where r.job_id = open.job_id and r.attempt = open.attempt
      returning r.*
    )
    select t.job_id as "jobId", t.attempt, t.fence::text, t.tries, t.undoes, j.action_version_id as "actionVersionId",
      j.owner_id as "ownerId", coalesce(w.retries, d.retries, 0) as retries, coalesce(j.data, j.configuration) as configuration,
      case when j.target_id is not null then json_build_object('type', j.target_type, 'id', j.target_id) end as target, j.tags,
      (select json_object_agg(v.name, v.value) from callsheet.variable v where v.job_id = j.id) as variables
    from taken t join callsheet.job j on j.id = t.job_id
    left join callsheet.work w on w.job_id = j.id left join callsheet.outcome d on d.job_id = j.id`;
  const { rows } = await db.query<TakenRollback>(prepared("take_rollbacks", take));
  return rows;
}

type Taken = Pick<TakenRollback, "jobId" | "attempt" | "fence">;

/** Stores what came of an entry. False: somebody else has taken the rollback. */
export async function settleEntry(
  db: Queryable,
  { jobId, attempt, fence }: Taken,
  entry: EntryPlace,
  end:
    | { readonly state: "undone" | "kept" }
    | { readonly state: "intent" | "keeping" | "failed"; readonly error: JobError },
): Promise<boolean> {
  const error = "error" in end ? JSON.stringify(end.error) : null;
  const { count } = await db.query(sql`
    with held as materialized (
      select from callsheet.rollback where job_id = ${jobId} and attempt = ${attempt} and fence = ${fence} for update
    )
    update callsheet.undo_entry
    set state = ${end.state}, error = coalesce(${error}::json, error), ended_at = case when ${error}::json is null then callsheet.now() end
    where job_id = ${entry.jobId} and attempt = ${entry.attempt} and n = ${entry.n} and exists (select from held)`);
  return count === 1;
}

/** Lets go of a rollback until a later time, for whoever takes it then. */
export async function putOffRollback(
  db: Queryable,
  { jobId, attempt, fence }: Taken,
  again: { readonly tries: number; readonly delayMs: number },
): Promise<void> {
  await db.query(sql`
    update callsheet.rollback
    set node_id = null, fence = null, tries = ${again.tries}, due_at = callsheet.now() + ${again.delayMs}::bigint * interval '1 millisecond'
    where job_id = ${jobId} and attempt = ${attempt} and fence = ${fence}`);
}

/** What follows when a rollback has ended. */
export interface HeldRollback {
  readonly attempt: number;
  readonly token: string;
  readonly undoes: boolean;
  readonly failed: boolean;
  readonly next: readonly EndingStep[];
  readonly actor: string | null;
  readonly reason: string | null;
}

/** Locks a rollback, after its job: the one that a fence belongs to, or else the one that the job waits for. */
export async function lockRollback(
  tx: Queryable,
  jobId: string,
  taken?: Pick<Taken, "attempt" | "fence">,
): Promise<HeldRollback | undefined> {
  const { rows } = await tx.query<HeldRollback>(sql`
    select attempt, token::text, undoes, failed, next, actor, reason from callsheet.rollback
    where job_id = ${jobId} and (case when ${taken !== undefined} then attempt = ${taken?.attempt ?? null}::int and fence = ${taken?.fence ?? null}::bigint
      else undoes end) for update`);
  return rows[0];
}

/** What the job is to do when its rollback has ended, and who asked for it. */
export async function changeNext(
  tx: Queryable,
  jobId: string,
  change: { readonly next: readonly EndingStep[]; readonly actor?: string | null; readonly reason?: string | null },
): Promise<void> {
  const { next, actor = null, reason = null } = change;
  await tx.query(sql`
    update callsheet.rollback set next = ${JSON.stringify(next)}::json, actor = ${actor}, reason = ${reason}
    where job_id = ${jobId} and undoes`);
}

/** Stores how a rollback stands, on the job's row. Its end is the end of its attempt: the wait before the next one begins. */
export async function markRollback(tx: Queryable, jobId: string, state: RollbackState): Promise<void> {
  const hasEnded = state !== "required";
  await tx.query(sql`
    update callsheet.work w set rollback = ${state}, journaled = w.journaled and ${state !== "done"},
      due_at = case when ${hasEnded} and w.state = 'retrying' then callsheet.now() + coalesce(r.delay_ms, 0) * interval '1 millisecond' else w.due_at end
    from callsheet.rollback r where w.job_id = ${jobId} and r.job_id = w.job_id and r.undoes`);
  await tx.query(sql`
    update callsheet.outcome set rollback = ${state}, ended_at = case when ${hasEnded} then callsheet.now() else ended_at end
    where job_id = ${jobId}`);
}

/** Ends a rollback; what its entries leave to keep is still to be done. */
export async function closeRollback(tx: Queryable, jobId: string, attempt: number): Promise<void> {
  await tx.query(sql`
    update callsheet.rollback set undoes = false, failed = false, node_id = null, fence = null, tries = 0, due_at = callsheet.now()
    where job_id = ${jobId} and attempt = ${attempt}`);
  await tx.query(sql`
    delete from callsheet.rollback r where job_id = ${jobId} and attempt = ${attempt}
      and not exists (select from callsheet.undo_entry e where e.job_id = r.job_id and e.state = 'keeping')`);
}

/** Leaves a rollback to an operator: no node tries it any more. */
export async function leaveToOperator(tx: Queryable, jobId: string): Promise<void> {
  await tx.query(sql`
    update callsheet.rollback set failed = true, node_id = null, fence = null where job_id = ${jobId} and undoes`);
}

/** Takes up again what was left to an operator. */
export async function resumeRollback(tx: Queryable, jobId: string): Promise<void> {
  await tx.query(sql`
    update callsheet.rollback set failed = false, tries = 0, due_at = callsheet.now() where job_id = ${jobId} and undoes`);
}

/** How the rollback that a job waits for stands; undefined: it waits for none. */
export async function readRollback(db: Queryable, jobId: string) {
  const { rows } = await db.query<{
    tries: number;
    nextAt: Date | null;
    node: string | null;
    next: readonly EndingStep[];
  }>(sql`
    select r.tries, case when not r.failed and not r.waits then r.due_at end as "nextAt", n.name as node, r.next
    from callsheet.rollback r left join callsheet.node n on n.id = r.node_id and n.state in ('up', 'draining')
    where r.job_id = ${jobId} and r.undoes`);
  return rows[0];
}
