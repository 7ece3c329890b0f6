import { LIVE, nextHolders, type ObjectFacts } from "@callsheet/contract";
import type { Queryable, Statement } from "./database.ts";
import { LONGEST_LINE, leaveLines, lockObjects, readObjects, tryObjects } from "./objects.ts";
import { type Changed, transition } from "./transition.ts";

/** What is to be freed: of an attempt by its token what it holds; without one, the places in line of a job that has not started. */
export interface Freed {
  readonly jobId: string;
  readonly token: string | null;
}

/** What became free: jobs that were handed their objects, and pools that have units again. */
export interface Freeing {
  readonly granted: readonly Changed[];
  readonly pools: readonly number[];
}

/** Gives back what is held, in the transaction in which it was made. */
export type Free = (freed: readonly Freed[]) => Promise<Freeing>;

/**
 * Others stand at objects or jobs that a hand-over needs: it is to be tried again, these objects locked from the start, once
 * the jobs are free. Or a node keeps objects that are needed, in claims at which others are at work.
 */
export class LinesInUse extends Error {
  /** As PostgreSQL says of a lock that was not had: what failed by it may be done again. */
  readonly code = "55P03";
  readonly keys: readonly string[];
  readonly jobIds: readonly string[];
  readonly kept: readonly string[];

  constructor({ keys = [], jobIds = [], kept = [] }: Partial<Pick<LinesInUse, "keys" | "jobIds" | "kept">>) {
    super("Others stand at the objects of a hand-over.");
    this.keys = keys;
    this.jobIds = jobIds;
    this.kept = kept;
  }
}

/**
 * Gives back what attempts hold and hands objects over to the next in line, all in the caller's transaction, which holds the
 * rows in `work`. Fails with `LinesInUse`: `insistOnLines` tries again, and `also` names further objects to be locked first.
 */
export async function free(tx: Queryable, freed: readonly Freed[], also: readonly string[] = []): Promise<Freeing> {
  if (freed.length === 0) return { granted: [], pools: [] };
  const keys = await keysOf(
    tx,
    freed.map(({ jobId }) => jobId),
  );
  let granted: readonly Changed[] = [];
  if (keys.length > 0) {
    await lockObjects(tx, [...new Set([...keys, ...also])]);
    await dropTickets(tx, freed, keys);
    granted = await handOver(tx, keys);
    await leaveLines(tx, keys);
  }
  const held = freed.filter(({ token }) => token !== null);
  if (held.length === 0) return { granted, pools: [] };
  await dropRemnants(tx, held);
  return { granted, pools: await freeUnits(tx, held) };
}

/** The objects that jobs lock. */
export async function keysOf(tx: Queryable, ids: readonly string[]): Promise<readonly string[]> {
  const { rows } = await tx.query<{ key: string }>({
    name: "keys_of",
    text: `select distinct l ->> 'key' as key from callsheet.job j, json_array_elements(j.locks) l
      where j.id = any($1::uuid[]) and j.locks is not null`,
    values: [ids],
  });
  return rows.map(({ key }) => key);
}

/** Takes tickets out of the lines of objects that are locked. */
async function dropTickets(tx: Queryable, freed: readonly Freed[], keys: readonly string[]): Promise<void> {
  await tx.query({
    name: "drop_tickets",
    text: `
      delete from callsheet.ticket t using unnest($2::uuid[], $3::bigint[]) as f (job_id, token)
      where t.object_key = any($1::text[]) and t.job_id = f.job_id and t.token is not distinct from f.token`,
    values: [keys, freed.map(({ jobId }) => jobId), freed.map(({ token }) => token)],
  });
}

/** The first jobs that wait for any of these objects and were not passed over, with all the objects that they ask for. */
async function waitersAt(
  tx: Queryable,
  keys: readonly string[],
  limit: number,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await tx.query<{ id: string; keys: string[] }>({
    name: "waiters_at",
    text: `
      select j.id, array(select l ->> 'key' from json_array_elements(j.locks) l) as keys
      from (
        select distinct w.job_id from unnest($1::text[]) as k (key) cross join lateral (
          select job_id from callsheet.ticket where object_key = k.key and not held and not passed order by object_key, number limit $2::int
        ) w
      ) w join callsheet.job j on j.id = w.job_id`,
    values: [keys, limit],
  });
  return new Map(rows.map((row) => [row.id, row.keys]));
}

/** Mostly the next in line is alone at the head of it. */
const HEAD = 4;

/** Hands free objects, which are locked, over to the next in their lines, of which `limit` are looked at first. */
export async function handOver(tx: Queryable, keys: readonly string[], limit = HEAD): Promise<readonly Changed[]> {
  const needed = await waitersAt(tx, keys, limit);
  if (needed.size === 0) return [];
  const all = new Set([...keys, ...[...needed.values()].flat()]);
  if (all.size > keys.length) await lockFurther(tx, [...all]);
  const lines = await readObjects(tx, [...all], { limit });
  const { granted, passed } = nextHolders(lines, needed);
  // Who is passed over stands in nobody's way, at none of his objects.
  const theirs = new Set([...keys, ...passed.flatMap((id) => needed.get(id)!)]);
  if (theirs.size > keys.length) return handOver(tx, [...theirs], limit);
  if (passed.length > 0) await markPassed(tx, passed, keys);
  const handed = granted.length > 0 ? await grant(tx, granted) : [];
  if (limit < LONGEST_LINE && mayGoOn(lines, limit)) return [...handed, ...(await handOver(tx, keys, LONGEST_LINE))];
  // Behind those who were passed over others may stand.
  return granted.length === 0 && passed.length > 0 ? handOver(tx, keys, limit) : handed;
}

/** Whether a line was read in part, and nobody in that part keeps all behind him from their turn. */
function mayGoOn(lines: readonly ObjectFacts[], limit: number): boolean {
  return lines.some(
    ({ tickets }) =>
      tickets.length >= limit &&
      !tickets.some(({ mode, held, isServed }) => mode === "exclusive" && (held || isServed)),
  );
}

/** Once somebody can run their jobs, it is their turn. */
async function markPassed(tx: Queryable, ids: readonly string[], keys: readonly string[]): Promise<void> {
  await tx.query({
    name: "mark_passed",
    text: `update callsheet.ticket set passed = true
      where object_key = any($1::text[]) and job_id = any($2::uuid[]) and not held and not passed`,
    values: [keys, ids],
  });
}

/** Objects are locked in the order of their keys; what comes later is only tried. */
async function lockFurther(tx: Queryable, keys: readonly string[]): Promise<void> {
  const locked = await tryObjects(tx, keys);
  if (locked.length < keys.length) throw new LinesInUse({ keys });
}

async function grant(tx: Queryable, ids: readonly string[]): Promise<readonly Changed[]> {
  // Their rows come before objects in the order of locks; so these, too, are only tried.
  const { rows } = await tx.query<{ id: string; number: string }>({
    name: "try_waiting",
    text: `
      select w.job_id as id, (select min(t.number) from callsheet.ticket t where t.job_id = w.job_id and not t.held
        and t.object_key = any(array(select l ->> 'key' from callsheet.job j, json_array_elements(j.locks) l where j.id = w.job_id)))::text as number
      from unnest($1::uuid[]) as g (id) cross join lateral (
        select job_id, state from callsheet.work where job_id = g.id offset 0 for update skip locked
      ) w where w.state = 'waiting_for_lock'`,
    values: [ids],
  });
  if (rows.length < ids.length) throw new LinesInUse({ jobIds: ids });
  await tx.query({
    name: "hold_tickets",
    text: `
      update callsheet.ticket t set held = true, passed = false from unnest($1::uuid[]) as g (id), callsheet.job j, json_array_elements(j.locks) l
      where j.id = g.id and t.object_key = l ->> 'key' and t.job_id = g.id and not t.held`,
    values: [ids],
  });
  // Who was handed objects goes first, in the order of tickets.
  const changes = rows.map(({ id, number }) => ({ id, to: "queued" as const, turn: -1e15 + Number(number) }));
  return transition(tx, { event: "grant", changes });
}

/** Deletes grants and gives their units back. Answers the pools. */
async function freeUnits(tx: Queryable, held: readonly Freed[]): Promise<readonly number[]> {
  const { rows } = await tx.query<{ poolId: number; units: string }>({
    name: "drop_grants",
    text: `
      with gone as (
        delete from callsheet.grant_of_units g using unnest($1::uuid[], $2::bigint[]) as f (job_id, token)
        where g.token = f.token and g.job_id = f.job_id returning g.pool_id, g.units
      )
      select pool_id as "poolId", sum(units)::text as units from gone group by pool_id`,
    values: [held.map(({ jobId }) => jobId), held.map(({ token }) => token)],
  });
  return returnUnits(tx, new Map(rows.map(({ poolId, units }) => [poolId, Number(units)])));
}

/** Gives units back to pools, which are locked by id. Answers those. */
async function returnUnits(tx: Queryable, units: ReadonlyMap<number, number>): Promise<readonly number[]> {
  if (units.size === 0) return [];
  await tx.query(returning(units));
  return [...units.keys()];
}

/** The statement by which units go back to pools, which it locks by id. */
export const returning = (units: ReadonlyMap<number, number>): Statement => ({
  name: "return_units",
  text: `
    with locked as materialized (
      select p.id, r.units from callsheet.pool p join unnest($1::int[], $2::bigint[]) as r (id, units) on r.id = p.id order by p.id for update of p
    )
    update callsheet.pool p set used = p.used - l.units from locked l where p.id = l.id`,
  values: [[...units.keys()], [...units.values()]],
});

/**
 * Keeps what the live attempts of these jobs hold, if anything, what is to be undone, and which of them live elsewhere, when the
 * jobs are over before the attempts have ended.
 */
export async function leaveRemnants(tx: Queryable, ids: readonly string[], event: string): Promise<void> {
  if (ids.length === 0) return;
  await tx.query({
    text: `
      insert into callsheet.remnant (token, job_id, node_id, at, event)
      select w.token, w.job_id, w.node_id, callsheet.now(), $2 from callsheet.work w join callsheet.job j on j.id = w.job_id
      where w.job_id = any($1::uuid[]) and w.state = any($3::callsheet.job_state[])
        and (j.locks is not null or w.journaled or w.node_id is null or exists (select from callsheet.grant_of_units g where g.token = w.token and g.job_id = w.job_id))`,
    values: [ids, event, LIVE],
  });
}

/** Forgets attempts that have ended by now. */
async function dropRemnants(tx: Queryable, freed: readonly Freed[]): Promise<void> {
  await tx.query({
    text: `
      delete from callsheet.remnant r using unnest($1::uuid[], $2::bigint[]) as f (job_id, token)
      where r.token = f.token and r.job_id = f.job_id`,
    values: [freed.map(({ jobId }) => jobId), freed.map(({ token }) => token)],
  });
}

/** Attempts whose job was over before they ended, of one life of a node. */
export async function remnantsOf(db: Queryable, nodeId: number): Promise<readonly Freed[]> {
  const { rows } = await db.query<Freed>({
    text: `select job_id as "jobId", token::text as token from callsheet.remnant where node_id = $1 order by token, job_id`,
    values: [nodeId],
  });
  return rows;
}

/** Attempts of one job that may still run, though the job is over. */
export async function remnantsOfJob(db: Queryable, id: string): Promise<readonly Freed[]> {
  const { rows } = await db.query<Freed>({
    text: `select job_id as "jobId", token::text as token from callsheet.remnant where job_id = $1::uuid order by token`,
    values: [id],
  });
  return rows;
}

const MOST_TRIES = 50;

/** Does work that frees in a transaction of its own; again when others stood at the lines, now with those objects locked first. */
export async function insistOnLines<T>(db: Queryable, work: (also: readonly string[]) => Promise<T>): Promise<T> {
  let also: readonly string[] = [];
  for (let tries = 1; ; tries++) {
    try {
      return await work(also);
    } catch (error) {
      if (!(error instanceof LinesInUse) || tries >= MOST_TRIES) throw error;
      also = [...new Set([...also, ...error.keys])];
      if (error.jobIds.length > 0) await awaitJobs(db, error.jobIds);
      if (error.kept.length > 0) await awaitClaims(db, error.kept);
    }
  }
}

/** Waits until nobody is at work on claims in which these objects are kept, holding nothing meanwhile. */
async function awaitClaims(db: Queryable, keys: readonly string[]): Promise<void> {
  await db.query({
    name: "await_claims",
    text: "select from callsheet.claim where kept && $1::text[] order by token for share",
    values: [keys],
  });
}

/** Waits until nobody stands at these jobs, holding nothing meanwhile. */
async function awaitJobs(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query({
    name: "await_jobs",
    text: `select from (select id from unnest($1::uuid[]) as id order by id) g
      cross join lateral (select from callsheet.work where job_id = g.id offset 0 for share) w`,
    values: [ids],
  });
}
