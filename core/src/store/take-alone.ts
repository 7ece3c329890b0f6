import type { Units } from "@callsheet/contract";
import type { Claimed } from "./claim.ts";
import type { Start } from "./contended.ts";
import type { LineTransaction, Statement } from "./database.ts";
import { makeObjects } from "./objects.ts";
import { textArray } from "./statement.ts";
import { claimedOf, parentsOf } from "./take.ts";

/** The jobs that got all of their objects. */
const HELD = {
  one: "select n, tid from tried where has",
  several:
    "select n, tid from (select n, tid, bool_and(has) over (partition by n) as has_all from tried) t where has_all",
} as const;

/* Nobody takes objects back from this node until the transaction ends. */
const KEEPER = `keeper as materialized (
    select changes from callsheet.keeper where node_id = $1::int for share
  ), `;

/* The objects of the claim's members, in their order. */
const KEPT = `,
      case when cardinality(places) = cardinality($3::uuid[]) then $11::text[] else array(
        select k.key from unnest($11::text[]) with ordinality as k (key, n)
        where (k.n in (select unnest(places) from members)) is true order by k.n) end`;

/*
 * What starts here holds its objects alone, in their own rows. Objects are locked and judged by one statement: a row that was
 * changed after its snapshot is judged as it is when the lock is had. Who does not get all of his objects is left out. The
 * token is drawn when all of them are locked: from holder to holder of an object it grows. Rows that are locked stay where
 * they are, and are written without looking for them again; one that the snapshot does not see there makes all of it fail.
 */
const takeAloneText = (locks: keyof typeof HELD, keeps: boolean) => `
  with ${keeps ? KEEPER : ""}tried as materialized (
    select a.n, o.tid, a.key is null or o.tid is not null as has from ${keeps ? "(select count(*) from keeper) as k (count), " : ""}unnest($5::int[], $6::text[]) as a (n, key)
    left join lateral (
      select ctid as tid from callsheet.object where key = a.key and token is null and not lined and not quarantined offset 0 for update skip locked
    ) o on true
  ), held as materialized (
    ${HELD[locks]}
  ), members as materialized (
    select (array_agg(${locks === "one" ? "" : "distinct "}n order by n))[: $9::int] as places from held having count(*) > 0
  ), token as materialized (
    select nextval('callsheet.token_number') as token from members
  ), gone as (
    delete from callsheet.work where ctid = any(array(select ($2::tid[])[n] from members, unnest(places) as n))
  ), claimed as (
    insert into callsheet.claim (token, node_id, started_at, queued, open, ended, ids, pool_ids, units, parents${keeps ? ", kept" : ""})
    select token, $1::int, callsheet.now(), (select count(*) from unnest(places) as n where n <= $4::int), cardinality(places),
      repeat('0', cardinality(places))::bit varying, array(select ($3::uuid[])[n] from unnest(places) as n), $7::int[], $8::bigint[],
      case when cardinality($10::uuid[]) > 1 then array(select ($10::uuid[])[n] from unnest(places) as n) else $10::uuid[] end${keeps ? KEPT : ""}
    from token, members
  ), theirs as materialized (
    select n, tid from held where tid is not null and n <= (select places[cardinality(places)] from members)
  ), taken as (
    update callsheet.object o set token = (select token from token), at = callsheet.now(), ${keeps ? "keeper_id = $1::int" : "job_id = ($3::uuid[])[t.n]"}
    from theirs t where o.ctid = t.tid
    returning 1
  )
  select token::text as token, case when cardinality(places) < cardinality($3::uuid[]) then places end as places,
    callsheet.insist((select count(*) from taken) = (select count(*) from theirs)${keeps ? " and exists (select from keeper where changes = $12::bigint)" : ""})
  from token, members`;
const TAKE_ALONE = {
  one: { name: "take_alone_one", text: takeAloneText("one", false) },
  several: { name: "take_alone_several", text: takeAloneText("several", false) },
  kept: { name: "take_alone_kept", text: takeAloneText("one", true) },
} as const;

/*
 * What the claims of this transaction hold is taken of their pools, which are locked by id from here to its end: it comes
 * last. They were only read when it was decided, and may have less room by now.
 */
const TAKE_CLAIMED_UNITS = `
  with claimed as materialized (
    select u.id, sum(c.open * u.units)::bigint as units from callsheet.claim c cross join unnest(c.pool_ids, c.units) as u (id, units)
    where c.node_id = $1::int and c.xmin = pg_current_xact_id()::xid group by u.id order by u.id
  ), room as materialized (
    select p.id, c.units from claimed c cross join lateral (select * from callsheet.pool where id = c.id offset 0 for update) p
    where p.state = 'started' and p.held_for is null and p.external is null and p.used + c.units <= p.capacity
  ), taken as (
    update callsheet.pool p set used = p.used + r.units from room r where p.id = r.id
  )
  select callsheet.insist(count(*) = (select count(*) from claimed)) from room`;

/** By what a node takes objects that it keeps, and keeps those that it takes. */
export interface KeepingAlone {
  /** How often some were taken back from it: the claim fails, as `isOvertaken` tells, where it is another number by now. */
  readonly changes: string;
  readonly isKept: (key: string) => boolean;
}

/** Jobs that may start if they get their objects alone, which none of them shares, and so many of them at most; and objects that may have no row yet. */
export interface TakingAlone {
  /** Default: the node keeps none. */
  readonly keeping?: KeepingAlone | undefined;
  readonly starts: readonly Start[];
  readonly most: number;
  readonly notMade: readonly string[];
}

/**
 * Starts plain jobs whose rows are locked, at objects where nobody stands, and ends the transaction. Answers those that got
 * their objects. Fails, as `isOvertaken` tells, when pools have less room by now.
 */
export async function takeAlone(
  tx: LineTransaction,
  nodeId: number,
  { starts, most, notMade, keeping }: TakingAlone,
): Promise<readonly Claimed[]> {
  const keeps = (start: Start) => keeping !== undefined && start.candidate.locks.length <= 1;
  const all = alike(starts, keeps);
  // Each statement counts its own only.
  const groups = all.length === 1 ? all : alike(starts.slice(0, most), keeps);
  const statements = groups.map((group) => taking(nodeId, group, most, keeps(group[0]) ? keeping : undefined));
  if (groups.some(([{ units }]) => units.length > 0))
    statements.push({ name: "take_claimed_units", text: TAKE_CLAIMED_UNITS, values: [nodeId] });
  const [, answers] = await Promise.all([makeObjects(tx, notMade), tx.last(statements)]);
  const taken = groups.flatMap((group, index) => {
    const answer = answers[index]!.rows[0] as { readonly token: string; readonly places: number[] | null } | undefined;
    if (answer === undefined) return [];
    const got = answer.places === null ? group : answer.places.map((place) => group[place - 1]!);
    const isKept = keeps(group[0]);
    return got.map(({ candidate, units }, place) =>
      claimedOf(candidate, { token: answer.token, ordinal: place + 1, units, isKept }),
    );
  });
  const byId = new Map(taken.map((job) => [job.id, job]));
  return starts.flatMap(({ candidate }) => byId.get(candidate.id) ?? []);
}

type Group = [Start, ...Start[]];

/** Members of one claim take the same units, and the node keeps what each of them locks, or nothing. */
function alike(starts: readonly Start[], keeps: (start: Start) => boolean): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const start of starts) {
    const key = `${keeps(start)} ${start.units.map(({ poolId, units }) => `${poolId}:${units}`).join()}`;
    const group = groups.get(key);
    if (group) group.push(start);
    else groups.set(key, [start]);
  }
  return [...groups.values()];
}

function taking(nodeId: number, group: Group, most: number, keeping: KeepingAlone | undefined): Statement {
  const jobs = group.map(({ candidate }) => candidate);
  const units: readonly Units[] = group[0].units;
  const locks = jobs.flatMap(({ locks: own }, index): readonly { n: number; key: string | null }[] =>
    own.length === 0
      ? [{ n: index + 1, key: null }]
      : own.map(({ key }) => ({ n: index + 1, key: keeping?.isKept(key) ? null : key })),
  );
  return {
    ...TAKE_ALONE[keeping ? "kept" : locks.length === jobs.length ? "one" : "several"],
    // Written out here: the driver takes longer over what needs no quotes.
    values: [
      nodeId,
      textArray(jobs.map(({ tid }) => tid)),
      `{${jobs.map(({ id }) => id).join()}}`,
      jobs.filter(({ turn }) => turn !== null).length,
      `{${locks.map(({ n }) => n).join()}}`,
      textArray(locks.map(({ key }) => key)),
      units.length === 0 ? null : units.map(({ poolId }) => poolId),
      units.length === 0 ? null : units.map((one) => one.units),
      most,
      parentsOf(jobs),
      ...(keeping ? [textArray(jobs.map(({ locks: [lock] }) => lock?.key ?? null)), keeping.changes] : []),
    ],
  };
}
