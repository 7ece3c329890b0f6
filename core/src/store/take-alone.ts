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

/*
 * What starts here holds its objects alone, in their own rows. Objects are locked and judged by one statement: a row that was
 * changed after its snapshot is judged as it is when the lock is had. Who does not get all of his objects is left out. The
 * token is drawn when all of them are locked: from holder to holder of an object it grows. Rows that are locked stay where
 * they are, and are written without looking for them again; one that the snapshot does not see there makes all of it fail.
 */
const takeAloneText = (locks: keyof typeof HELD) => `
  with tried as materialized (
    select a.n, o.tid, a.key is null or o.tid is not null as has from unnest($5::int[], $6::text[]) as a (n, key)
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
    insert into callsheet.claim (token, node_id, started_at, queued, open, ended, ids, pool_ids, units, parents)
    select token, $1::int, callsheet.now(), (select count(*) from unnest(places) as n where n <= $4::int), cardinality(places),
      repeat('0', cardinality(places))::bit varying, array(select ($3::uuid[])[n] from unnest(places) as n), $7::int[], $8::bigint[],
      case when cardinality($10::uuid[]) > 1 then array(select ($10::uuid[])[n] from unnest(places) as n) else $10::uuid[] end
    from token, members
  ), theirs as materialized (
    select n, tid from held where tid is not null and n <= (select places[cardinality(places)] from members)
  ), taken as (
    update callsheet.object o set token = (select token from token), job_id = ($3::uuid[])[t.n], at = callsheet.now()
    from theirs t where o.ctid = t.tid
    returning 1
  )
  select token::text as token, case when cardinality(places) < cardinality($3::uuid[]) then places end as places,
    callsheet.insist((select count(*) from taken) = (select count(*) from theirs))
  from token, members`;
const TAKE_ALONE = {
  one: { name: "take_alone_one", text: takeAloneText("one") },
  several: { name: "take_alone_several", text: takeAloneText("several") },
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

/** Jobs that may start if they get their objects alone, which none of them shares, and so many of them at most; and objects that may have no row yet. */
export interface TakingAlone {
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
  { starts, most, notMade }: TakingAlone,
): Promise<readonly Claimed[]> {
  const all = byUnits(starts);
  // Each statement counts its own only.
  const groups = all.length === 1 ? all : byUnits(starts.slice(0, most));
  const statements = groups.map((group) => taking(nodeId, group, most));
  if (groups.some(([{ units }]) => units.length > 0))
    statements.push({ name: "take_claimed_units", text: TAKE_CLAIMED_UNITS, values: [nodeId] });
  const [, answers] = await Promise.all([makeObjects(tx, notMade), tx.last(statements)]);
  const taken = groups.flatMap((group, index) => {
    const answer = answers[index]!.rows[0] as { readonly token: string; readonly places: number[] | null } | undefined;
    if (answer === undefined) return [];
    const got = answer.places === null ? group : answer.places.map((place) => group[place - 1]!);
    return got.map(({ candidate, units }, place) => claimedOf(candidate, answer.token, place + 1, units));
  });
  const byId = new Map(taken.map((job) => [job.id, job]));
  return starts.flatMap(({ candidate }) => byId.get(candidate.id) ?? []);
}

type Group = [Start, ...Start[]];

/** Members of one claim take the same units. */
function byUnits(starts: readonly Start[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const start of starts) {
    const key = start.units.map(({ poolId, units }) => `${poolId}:${units}`).join();
    const group = groups.get(key);
    if (group) group.push(start);
    else groups.set(key, [start]);
  }
  return [...groups.values()];
}

function taking(nodeId: number, group: Group, most: number): Statement {
  const jobs = group.map(({ candidate }) => candidate);
  const units: readonly Units[] = group[0].units;
  const locks = jobs.flatMap(({ locks: own }, index): readonly { n: number; key: string | null }[] =>
    own.length === 0 ? [{ n: index + 1, key: null }] : own.map(({ key }) => ({ n: index + 1, key })),
  );
  return {
    ...TAKE_ALONE[locks.length === jobs.length ? "one" : "several"],
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
    ],
  };
}
