import type { JobLock, Units } from "@callsheet/contract";
import type { Claimed } from "./claim.ts";
import type { Candidate, Start } from "./contended.ts";
import type { Queryable } from "./database.ts";
import { textArray } from "./statement.ts";

/*
 * Fresh jobs that take the same units become members of one claim row, as plain ones do; the row says what each of them
 * holds. The token is drawn here, where the objects are locked: from holder to holder of an object it grows.
 */
const TAKE_MEMBERS = `
  with token as materialized (
    select nextval('callsheet.token_number') as token
  ), gone as (
    delete from callsheet.work where ctid = any($2::tid[])
  ), claimed as (
    insert into callsheet.claim (token, node_id, started_at, queued, open, ended, ids, pool_ids, units, parents)
    select token, $1::int, callsheet.now(), $4::int, cardinality($3::uuid[]), repeat('0', cardinality($3::uuid[]))::bit varying, $3::uuid[],
      $5::int[], $6::bigint[], $11::uuid[]
    from token
  ), numbers as materialized (
    select array_agg(nextval('callsheet.ticket_number')) as of from generate_series(1, (select max(n) from unnest($7::int[]) as n))
  ), held as (
    insert into callsheet.ticket (object_key, number, job_id, lane_id, mode, held, token, at)
    select l.key, (select of from numbers)[l.n], ($3::uuid[])[l.n], l.lane_id, l.mode, true, (select token from token), callsheet.now()
    from unnest($7::int[], $8::text[], $9::text[], $10::int[]) as l (n, key, mode, lane_id)
  )
  select token::text from token`;

/* The others keep their rows; what they hold stands in rows of its own. */
const TAKE_ROWS = `
  with token as materialized (
    select nextval('callsheet.token_number') as token
  ), own as (
    update callsheet.work w
    set state = 'running', attempt = w.attempt + 1, token = (select token from token), node_id = $1::int, started_at = callsheet.now()
    where w.ctid = any($2::tid[])
  ), granted as (
    insert into callsheet.grant_of_units (token, job_id, pool_id, units)
    select (select token from token), ($3::uuid[])[g.n], g.pool_id, g.units from unnest($4::int[], $5::int[], $6::bigint[]) as g (n, pool_id, units)
  ), numbers as materialized (
    select array_agg(nextval('callsheet.ticket_number')) as of from generate_series(1, (select max(n) from unnest($7::int[]) as n))
  ), held as (
    insert into callsheet.ticket (object_key, number, job_id, lane_id, mode, held, token, at)
    select l.key, (select of from numbers)[l.n], ($3::uuid[])[l.n], l.lane_id, l.mode, true, (select token from token), callsheet.now()
    from unnest($7::int[], $8::text[], $9::text[], $10::int[]) as l (n, key, mode, lane_id)
  ), handed as (
    update callsheet.ticket t set token = (select token from token)
    from unnest($11::text[], $12::uuid[]) as h (key, job_id)
    where t.object_key = h.key and t.job_id = h.job_id and t.held and t.token is null
  )
  select token::text from token`;

/**
 * Starts jobs whose rows and objects are locked. Answers them with their tokens, in the order in which they were given.
 * Fails, as `isOvertaken` tells, when pools that are not locked have less room by now.
 */
export async function takeJobs(tx: Queryable, nodeId: number, { starts, arePoolsLocked }: Taking) {
  const groups = groupsOf(starts);
  const [taken] = await Promise.all([
    Promise.all(groups.map((group) => (group.isMembers ? takeMembers : takeRows)(tx, nodeId, group.starts))),
    takeUnits(tx, starts, arePoolsLocked),
  ]);
  const byId = new Map(taken.flat().map((job) => [job.id, job]));
  return starts.map(({ candidate }) => byId.get(candidate.id)!);
}

/** Jobs to start, and whether the pools that they take units of are locked. */
export interface Taking {
  readonly starts: readonly Start[];
  readonly arePoolsLocked: boolean;
}

interface Group {
  readonly isMembers: boolean;
  readonly starts: Start[];
}

function groupsOf(starts: readonly Start[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const start of starts) {
    const { isPlain, turn } = start.candidate;
    const isMembers = isPlain && (turn === null || turn >= 0);
    const key = isMembers ? start.units.map(({ poolId, units }) => `${poolId}:${units}`).join() : "rows";
    const group = groups.get(key) ?? { isMembers, starts: [] };
    groups.set(key, group);
    group.starts.push(start);
  }
  return [...groups.values()];
}

async function takeMembers(tx: Queryable, nodeId: number, starts: readonly Start[]): Promise<readonly Claimed[]> {
  const jobs = starts.map(({ candidate }) => candidate);
  const [{ units }] = starts as [Start];
  const { rows } = await tx.query<{ token: string }>({
    name: "take_members",
    text: TAKE_MEMBERS,
    values: [
      nodeId,
      textArray(jobs.map(({ tid }) => tid)),
      `{${jobs.map(({ id }) => id).join()}}`,
      jobs.filter(({ turn }) => turn !== null).length,
      units.length === 0 ? null : units.map(({ poolId }) => poolId),
      units.length === 0 ? null : units.map((one) => one.units),
      ...ticketsOf(jobs),
      parentsOf(jobs),
    ],
  });
  return jobs.map((job, index) => claimedOf(job, { token: rows[0]!.token, ordinal: index + 1, units }));
}

async function takeRows(tx: Queryable, nodeId: number, starts: readonly Start[]): Promise<readonly Claimed[]> {
  const jobs = starts.map(({ candidate }) => candidate);
  const units = starts.flatMap((start, index) => start.units.map((one) => ({ ...one, n: index + 1 })));
  const isHanded = ({ turn }: Candidate) => turn !== null && turn < 0;
  const handed = jobs.filter(isHanded).flatMap(({ id, locks }) => locks.map(({ key }) => ({ id, key })));
  const { rows } = await tx.query<{ token: string }>({
    name: "take_rows",
    text: TAKE_ROWS,
    values: [
      nodeId,
      jobs.map(({ tid }) => tid),
      jobs.map(({ id }) => id),
      units.map(({ n }) => n),
      units.map(({ poolId }) => poolId),
      units.map((one) => one.units),
      ...ticketsOf(jobs, isHanded),
      handed.map(({ key }) => key),
      handed.map(({ id }) => id),
    ],
  });
  return starts.map(({ candidate, units: own }) =>
    claimedOf(candidate, { token: rows[0]!.token, ordinal: 0, units: own }),
  );
}

/** The tickets of jobs, as lists: whose, by its place from 1; of what; how; of which lane. */
function ticketsOf(jobs: readonly Candidate[], has: (job: Candidate) => boolean = () => false) {
  const all = jobs.flatMap((job, index) =>
    has(job) ? [] : job.locks.map((lock: JobLock) => ({ ...lock, n: index + 1, laneId: job.laneId })),
  );
  // Written out here: the driver takes longer over what needs no quotes.
  return [
    `{${all.map(({ n }) => n).join()}}`,
    all.map(({ key }) => key),
    `{${all.map(({ mode }) => mode).join()}}`,
    `{${all.map(({ laneId }) => laneId).join()}}`,
  ];
}

/** The parents of a claim's members, in their order; one, where it is that of all; null: none has one. */
export function parentsOf(jobs: readonly Candidate[]): readonly (string | null)[] | null {
  const different = new Set(jobs.map(({ parentId }) => parentId));
  if (different.size > 1) return jobs.map(({ parentId }) => parentId);
  return different.has(null) ? null : [...different];
}

interface Taken {
  readonly token: string;
  readonly ordinal: number;
  readonly units: readonly Units[];
  /** Default: false. */
  readonly isKept?: boolean;
}

/** A job that was taken, of what was known of it before. Written out: this is made for every job, and a spread takes several times as long. */
export function claimedOf(candidate: Candidate, { token, ordinal, units, isKept = false }: Taken): Claimed {
  return {
    id: candidate.id,
    token,
    ordinal,
    attempt: candidate.attempt,
    retries: candidate.retries,
    actionVersionId: candidate.actionVersionId,
    ownerId: candidate.ownerId,
    configuration: candidate.configuration,
    mayReferToSecrets: candidate.mayReferToSecrets,
    target: candidate.target,
    tags: candidate.tags,
    size: candidate.size,
    variables: candidate.variables,
    locks: candidate.locks,
    units,
    isKept,
  };
}

/** Comes last: from here to the end of the transaction nobody else takes of these pools. */
async function takeUnits(tx: Queryable, starts: readonly Start[], areLocked: boolean): Promise<void> {
  const sums = new Map<number, { units: number; spare: number }>();
  for (const { poolId, units, ofSpare } of starts.flatMap((start) => start.units)) {
    const sum = sums.get(poolId) ?? { units: 0, spare: 0 };
    sums.set(poolId, { units: sum.units + units, spare: sum.spare + (ofSpare ? units : 0) });
  }
  if (sums.size === 0) return;
  const ids = [...sums.keys()].sort((a, b) => a - b);
  const all = ids.map((id) => sums.get(id)!);
  await tx.query({
    name: "take_units",
    text: `
      with room as materialized (
        select p.id, t.units, t.spare from unnest($1::int[], $2::bigint[], $3::bigint[]) as t (id, units, spare)
        cross join lateral (select * from callsheet.pool where id = t.id offset 0 for update) p
        where $4::boolean or (p.state = 'started' and p.held_for is null and p.external is null and p.used + t.units <= p.capacity)
      ), taken as (
        update callsheet.pool p set used = p.used + r.units, held_spare = greatest(0, p.held_spare - r.spare),
          held_units = case when p.held_for = any($5::uuid[]) then 0 else p.held_units end,
          held_for = case when p.held_for = any($5::uuid[]) then null else p.held_for end
        from room r where p.id = r.id
      )
      select callsheet.insist(count(*) = cardinality($1::int[])) from room`,
    values: [
      ids,
      all.map((sum) => sum.units),
      all.map((sum) => sum.spare),
      areLocked,
      starts.map(({ candidate }) => candidate.id),
    ],
  });
}

/** Puts jobs into the lines of their objects, each with one number for all of them. The objects are locked. */
export async function standInLine(tx: Queryable, jobs: readonly Candidate[]): Promise<void> {
  await tx.query({
    name: "stand_in_line",
    text: `
      with numbers as materialized (
        select array_agg(nextval('callsheet.ticket_number')) as of from generate_series(1, cardinality($1::uuid[]))
      )
      insert into callsheet.ticket (object_key, number, job_id, lane_id, mode, held, token, at)
      select l.key, (select of from numbers)[l.n], ($1::uuid[])[l.n], l.lane_id, l.mode, false, null, callsheet.now()
      from unnest($2::int[], $3::text[], $4::text[], $5::int[]) as l (n, key, mode, lane_id)`,
    values: [jobs.map(({ id }) => id), ...ticketsOf(jobs)],
  });
}
