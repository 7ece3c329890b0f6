import type { Units } from "@callsheet/contract";
import type { Line, Queryable, Statement } from "./database.ts";
import type { Rows } from "./statement.ts";

/** Members of one claim that completed. */
export interface Completion {
  readonly token: string;
  /** How many members the claim has. */
  readonly size: number;
  /** Places of the members that completed, from 1. */
  readonly ordinals: readonly number[];
  /** JSON text of each result, in the order of `ordinals`; null: none. */
  readonly results: readonly (string | null)[];
  /** Milliseconds from the claim to each handler's start, in the order of `ordinals`. */
  readonly offsets: readonly number[];
  /** Of members that hold something: their jobs, in the order of `ordinals`; the units of each; objects by job. */
  readonly ids?: readonly string[];
  readonly units?: readonly Units[];
  readonly locks?: readonly { readonly jobId: string; readonly key: string }[];
  /** The node keeps those objects: its claim says who holds them. */
  readonly isKept?: boolean;
}

/*
 * Members leave by their bit, under the lock of the claim row, which is the fence: who finds the bit set is refused.
 * The outcome row is also the last line of history, so a plain job's life costs one row at its end.
 */
const ENDS = `
  with c as materialized (
    select * from callsheet.claim where token = $1::bigint for update
  ), m as materialized (
    select m.id, m.n, m.kept, m.result, m.late
    from c, rows from (unnest(c.ids), unnest(c.kept), json_array_elements($3::json), unnest($4::int[])) with ordinality as m (id, kept, result, late, n)
    where get_bit($2::bit varying, m.n::int - 1) = 1 and get_bit(c.ended, m.n::int - 1) = 0
  ), emptied as (
    delete from callsheet.claim where token = $1::bigint and (select open from c) <= (select count(*) from m)
  ), marked as (
    update callsheet.claim set open = open - (select count(*) from m), ended = ended | $2::bit varying
    where token = $1::bigint and (select open from c) > (select count(*) from m)
  ), settled as (
    insert into callsheet.outcome (job_id, ended_at, started_at, xid, token, node_id, seq, attempt, retries, state, from_state,
      rollback, crashes, queued, result)
    select m.id, callsheet.now(), c.started_at + coalesce(m.late, 0) * interval '1 millisecond', (select pg_current_xact_id()::text::bigint),
      c.token, c.node_id, 2, 1, 0, 'completed', 'pending', 'none', 0, m.n <= c.queued, case when m.result::text <> 'null' then m.result end
    from c, m
  )`;
/** By what is done when some of the members are running no more: the others are completed, or nothing is. */
const STATEMENTS = {
  some: {
    name: "complete",
    text: `${ENDS} select count(*)::int as count, case when count(*) < $5::int then string_agg(n::text, ',') end as accepted,
      string_agg(n::text, ',') filter (where kept is not null) as kept from m`,
  },
  all: {
    name: "complete_all",
    text: `${ENDS} select callsheet.insist(count(*) = $5::int and count(kept) = $6::int) from m`,
  },
} as const;

/** The statement that completes members of a claim: those that still run there, or all of them or nothing. */
export function completing(completion: Completion, which: keyof typeof STATEMENTS): Statement {
  const { token, size, ordinals, results, offsets, isKept = false, locks = [] } = completion;
  const mask = new Array<string>(size).fill("0");
  for (const ordinal of ordinals) mask[ordinal - 1] = "1";
  const aligned = <T>(values: readonly T[], empty: T): T[] => {
    const all = new Array<T>(size).fill(empty);
    for (const [index, ordinal] of ordinals.entries()) all[ordinal - 1] = values[index]!;
    return all;
  };
  return {
    ...STATEMENTS[which],
    values: [
      token,
      mask.join(""),
      results.some((result) => result !== null)
        ? `[${aligned(
            results.map((result) => result ?? "null"),
            "null",
          ).join(",")}]`
        : null,
      offsets.some((offset) => offset > 2) ? `{${aligned(offsets.map(String), "0").join(",")}}` : null,
      ordinals.length,
      ...(which === "all" ? [isKept ? locks.length : 0] : []),
    ],
  };
}

/**
 * Completes members of claims, all in one transaction. Answers for each completion the ordinals that were refused,
 * because the member had ended already, or was given a row of its own.
 */
export async function completeMembers(
  line: Line,
  completions: readonly Completion[],
): Promise<readonly (readonly number[])[]> {
  const ordered = inOrder(completions);
  const answers = await line.pipeline(ordered.map((one) => completing(one, "some")));
  const refused = new Map(ordered.map((completion, place) => [completion, refusedOf(completion, answers[place]!)]));
  return completions.map((completion) => refused.get(completion)!);
}

/**
 * Of attempts whose ends were refused: those that have completed as members of their claims, which their own node alone can
 * have said. Its answer had been lost.
 */
export async function completedBefore(
  db: Queryable,
  attempts: readonly { readonly id: string; readonly token: string }[],
): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>({
    text: `
      select o.job_id as id from unnest($1::uuid[], $2::bigint[]) as a (id, token)
      join callsheet.outcome o on o.job_id = a.id and o.token = a.token
      where o.state = 'completed' and o.event is null`,
    values: [attempts.map(({ id }) => id), attempts.map(({ token }) => token)],
  });
  return rows.map(({ id }) => id);
}

/** Claims are locked in the order of their tokens. */
export const inOrder = (completions: readonly Completion[]): readonly Completion[] =>
  [...completions].sort((a, b) => (BigInt(a.token) < BigInt(b.token) ? -1 : 1));

/** Of members that completed, the ordinals of those whose objects their node keeps. */
export function keptOf({ rows: [row] }: Rows<object>): ReadonlySet<number> {
  const { kept } = row as { readonly kept: string | null };
  return new Set(kept?.split(",").map(Number));
}

/** The ordinals that were not completed. */
export function refusedOf({ ordinals }: Completion, { rows: [row] }: Rows<object>): readonly number[] {
  const { count, accepted } = row as { readonly count: number; readonly accepted: string | null };
  if (count === ordinals.length) return [];
  const known = new Set((accepted ?? "").split(",").map(Number));
  return ordinals.filter((ordinal) => !known.has(ordinal));
}

/*
 * Gives members of a claim rows of their own, with the line `start` in their history: they run longer than a moment,
 * or something is to happen to one of them that only a row can carry.
 */
const ANCHOR = `
  with c as materialized (
    select * from callsheet.claim where token = $1::bigint for update
  ), m as materialized (
    select m.id, m.n, m.kept from c, unnest(c.ids, c.kept) with ordinality as m (id, kept, n)
    where m.id = any($2::uuid[]) and get_bit(c.ended, m.n::int - 1) = 0
  ), emptied as (
    delete from callsheet.claim where token = $1::bigint and (select open from c) <= (select count(*) from m)
  ), marked as (
    update callsheet.claim set open = open - (select count(*) from m),
      ended = (select string_agg(case when get_bit(c.ended, g - 1) = 1 or exists (select from m where m.n = g) then '1' else '0' end, '' order by g)
               from c, generate_series(1, cardinality(c.ids)) g)::bit varying
    where token = $1::bigint and (select open from c) > (select count(*) from m)
  ), given as (
    insert into callsheet.work (job_id, due_at, turn, token, started_at, deadline, lane_id, owner_id, action_version_id, seq, attempt,
      retries, node_id, state, line_state, rollback, rank, crashes, intent, plain, guest, parent_id)
    select j.id, j.start_at, case when m.n <= c.queued then 0 end, c.token, c.started_at,
      callsheet.deadline(c.started_at, v.definition, j.kind, coalesce(j.data, j.configuration), 0), j.lane_id, j.owner_id, j.action_version_id, 2, 1,
      0, c.node_id, 'running', 'running', 'none', j.rank, 0, 0, false, l.shared or l.host_id is distinct from j.owner_id, j.parent_id
    from c, m join callsheet.job j on j.id = m.id join callsheet.lane l on l.id = j.lane_id join callsheet.action_version v on v.id = j.action_version_id
    returning job_id, started_at, token, node_id, turn
  ), written as (
    update callsheet.object o set keeper_id = null, token = c.token, job_id = m.id, at = c.started_at
    from c cross join m cross join lateral (
      select ctid as tid from callsheet.object where key = m.kept and keeper_id = c.node_id offset 0 for update
    ) t where o.ctid = t.tid
  ), granted as (
    insert into callsheet.grant_of_units (token, job_id, pool_id, units)
    select c.token, m.id, u.pool_id, u.units from c, m, unnest(c.pool_ids, c.units) as u (pool_id, units)
  ), told as (
    insert into callsheet.event (job_id, at, token, seq, node_id, attempt, event, from_state, to_state, via, data)
    select job_id, callsheet.now(), token, 2, node_id, 1, 'start', 'pending', 'running',
      case when turn is not null then '{queued}'::callsheet.job_state[] else '{}' end, json_build_object('startedAt', started_at)
    from given
  )
  select job_id as id from given`;

/** Gives these members of a claim rows of their own; answers those that it found still running there. */
export async function anchorMembers(db: Queryable, token: string, ids: readonly string[]): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>({ text: ANCHOR, values: [token, ids] });
  return rows.map((row) => row.id);
}

/** Writes the line `start`, and the deadline, of running jobs that have rows of their own already. */
export async function anchorRows(db: Queryable, token: string, ids: readonly string[]): Promise<void> {
  await db.query({
    text: `
      with old as materialized (
        select * from callsheet.work
        where job_id = any($2::uuid[]) and token = $1::bigint and state = 'running' and line_state <> 'running'
        order by job_id for update
      ), anchored as (
        update callsheet.work w
        set seq = w.seq + 1, line_state = 'running',
          deadline = callsheet.deadline(w.started_at, v.definition, j.kind, coalesce(j.data, j.configuration), w.retries)
        from old, callsheet.action_version v, callsheet.job j
        where w.job_id = old.job_id and v.id = w.action_version_id and j.id = w.job_id
        returning w.*
      )
      insert into callsheet.event (job_id, at, token, seq, node_id, attempt, event, from_state, to_state, via, data)
      select a.job_id, callsheet.now(), a.token, a.seq, a.node_id, a.attempt, 'start', old.line_state, 'running',
        (callsheet.passed(old.line_state, 'running', a.turn is not null))[: cardinality(callsheet.passed(old.line_state, 'running', a.turn is not null)) - 1],
        json_build_object('startedAt', a.started_at)
      from anchored a join old using (job_id)`,
    values: [token, ids],
  });
}

/** The claim that a job is a running member of, or undefined. */
export async function claimHolding(db: Queryable, id: string): Promise<string | undefined> {
  const { rows } = await db.query<{ token: string }>({
    text: `
      select c.token::text from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n)
      where m.id = $1::uuid and get_bit(c.ended, m.n::int - 1) = 0`,
    values: [id],
  });
  return rows[0]?.token;
}
