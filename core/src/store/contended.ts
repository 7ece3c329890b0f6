import { type JobLock, mayReferToSecrets, type ObjectFacts, type Units } from "@callsheet/contract";
import type { Claimed, Watermark } from "./claim.ts";
import type { Queryable } from "./database.ts";
import { type Head, headsText } from "./lane-heads.ts";
import { pendingTurn } from "./pending-turn.ts";

/** A lane that is asked for jobs. */
export interface AskedLane {
  readonly id: number;
  readonly after?: Watermark | undefined;
  /** How many pending jobs of it are looked at. */
  readonly quota: number;
  /** Several owners' jobs take turns. */
  readonly isShared: boolean;
  /** Of a shared lane: jobs may have come that admission has not seen yet. */
  readonly hasNews: boolean;
}

export interface CandidateRequest {
  readonly nodeId: number;
  readonly lanes: readonly AskedLane[];
  readonly want: number;
  /** Jobs of each owner that this node runs: at one level the owner with the fewest goes first. */
  readonly running: ReadonlyMap<number, number>;
  /** Whether it is read who stands at the objects that the jobs lock. */
  readonly seesObjects: boolean;
  /** Jobs whose first object has one of these numbers are passed over, unless their locks were handed over to them. Default: none. */
  readonly inUse?: readonly number[];
}

/** A job whose row in `work` is locked, with all that an attempt needs. */
export interface Candidate extends Omit<Claimed, "token" | "ordinal"> {
  readonly tid: string;
  readonly laneId: number;
  /** Null: it is pending. Below 0: its locks were handed over to it. */
  readonly turn: number | null;
  readonly rank: number;
  readonly dueAt: string;
  /** The group that counts it. */
  readonly parentId: string | null;
  /** It may run as a member of a claim. */
  readonly isPlain: boolean;
  /** The database's clock. */
  readonly now: Date;
}

/** How many guest owners of a lane and rank are looked at by one claim. */
const MOST_OWNERS = 100;

/* Only what is asked of a job, or orders it: rows are kept in memory several times on their way. */
const NAMES =
  "tid, job_id, lane_id, turn, rank, due_at, plain, attempt, retries, owner_id, action_version_id, parent_id";
const ROW = `w.ctid as ${NAMES.replaceAll(", ", ", w.")}`;

const isFree = (isShared: boolean) =>
  `(w.object_hash is null or w.object_hash not in (select unnest($${isShared ? 12 : 9}::int[])))`;

const asked = (isShared: boolean) => `
  asked as materialized (
    select l.* from unnest($2::int[], $4::smallint[], $5::timestamptz[], $6::uuid[], $7::int[], $8::boolean[]${isShared ? ", $11::boolean[]" : ""})
      as l (lane_id, rank, due_at, job_id, quota, is_shared${isShared ? ", has_news" : ""})
    join callsheet.lane on lane.id = l.lane_id and not lane.paused
    where exists (select from callsheet.node where id = $1::int and state = 'up' and not paused)
      and not exists (select from callsheet.barrier for share)
  ), queued as materialized (
    select ${ROW} from callsheet.work w
    where w.state = 'queued' and w.lane_id = any(array(select lane_id from asked)) and (w.turn < 0 or ${isFree(isShared)})
    order by w.turn limit $3::int for update skip locked
  ), in_order as materialized (
    select p.* from asked a cross join lateral (
      select ${ROW} from callsheet.work w
      where w.state = 'pending' and w.lane_id = a.lane_id and (w.rank, w.due_at, w.job_id) >= (a.rank, a.due_at, a.job_id)
        and not (a.is_shared and w.guest) and ${isFree(isShared)}
      order by w.rank, w.due_at, w.job_id limit a.quota for update skip locked
    ) p
  )`;

/*
 * The host's jobs of a shared lane and those of each guest (index work_guest), so that among them the owner goes first of whom
 * this node runs fewest. Where there is news, the first pending job of an owner who has none queued, and of whom this node
 * runs none, does not wait for admission: it stands among the queued ones at the turn of an owner who has nothing else.
 */
const BY_OWNER = `
  owners as (
    select a.lane_id, a.quota, a.has_news, r.rank::smallint as rank, 1 as n,
      (select owner_id from callsheet.work where state = 'pending' and guest and lane_id = a.lane_id and rank = r.rank order by owner_id limit 1) as owner_id
    from asked a cross join generate_series(0, 5) r (rank) where a.is_shared
    union all
    select o.lane_id, o.quota, o.has_news, o.rank, o.n + 1, (
      select owner_id from callsheet.work where state = 'pending' and guest and lane_id = o.lane_id and rank = o.rank and owner_id > o.owner_id
      order by owner_id limit 1)
    from owners o where o.owner_id is not null and o.n < ${MOST_OWNERS}
  ), newcomers as materialized (
    select p.*, ${pendingTurn("p", 0)} as place
    from (
      select distinct on (o.owner_id) o.rank, h.due_at, h.job_id from owners o cross join lateral (
        select w.due_at, w.job_id from callsheet.work w
        where w.state = 'pending' and w.guest and w.lane_id = o.lane_id and w.rank = o.rank and w.owner_id = o.owner_id
        order by w.due_at, w.job_id limit 1
      ) h
      where o.has_news and o.owner_id <> all($9::int[])
        and (o.lane_id, o.owner_id) not in (select q.lane_id, q.owner_id from callsheet.work q where q.state = 'queued')
      order by o.owner_id, o.rank, h.due_at, h.job_id
    ) n cross join lateral (
      select ${ROW} from callsheet.work w where w.job_id = n.job_id and w.state = 'pending' for update skip locked
    ) p
    order by p.rank, p.due_at, p.job_id limit $3::int
  ), guests as materialized (
    select p.* from owners o cross join lateral (
      select ${ROW} from callsheet.work w
      where w.state = 'pending' and w.guest and w.lane_id = o.lane_id and w.rank = o.rank and w.owner_id = o.owner_id
        and ${isFree(true)}
      order by w.due_at, w.job_id limit o.quota for update skip locked
    ) p where o.owner_id is not null
  ), pending as materialized (
    select p.*, coalesce(b.running, 0) + row_number() over (partition by p.rank, p.owner_id order by p.due_at, p.job_id) as share
    from (select * from in_order union all select * from guests) p
    left join unnest($9::int[], $10::int[]) as b (owner_id, running) on b.owner_id = p.owner_id
    where p.job_id not in (select job_id from newcomers)
    order by p.rank, share, p.due_at, p.job_id limit greatest(0, $3::int - (select count(*) from queued))
  )`;

/** Who stands at the objects that jobs lock whose locks were not handed over to them. */
const OBJECTS = `(
      select json_agg(json_build_object('key', o.key, 'lined', o.lined, 'quarantined', o.quarantined, 'reason', o.reason, 'holder', o.job_id, 'keeper', o.keeper_id))
      from found f cross join json_array_elements(f.locks) l
      cross join lateral (select * from callsheet.object where key = l ->> 'key' and (token is not null or lined or quarantined) offset 0) o
      where coalesce(f.turn, 0) >= 0)`;

/*
 * Queued jobs by turn, then pending ones in the order of their lanes (index work_pending). All of them are locked, and what is
 * not taken is free again when the transaction ends. `seesObjects`: beside them stands who holds their objects alone, and which
 * have lines. Without it rows go from one step to the next as they are read, and are not kept in between.
 */
const candidatesText = (isShared: boolean, seesObjects: boolean) => `
  with recursive ${asked(isShared)}, ${isShared ? `${BY_OWNER}, ` : ""}found as ${seesObjects ? "" : "not "}materialized (
    select f.*, j.size, j.locks, coalesce(j.data, j.configuration) as configuration, j.target_type, j.target_id, j.tags, j.variables
    from (
      select ${NAMES}, turn as place, 0::bigint as share from queued
      ${isShared ? `union all select ${NAMES}, place, 0 from newcomers` : ""}
      union all
      select ${NAMES}, null, ${isShared ? "share from pending" : "0 from in_order"}
      order by place nulls last, rank, share, due_at, job_id ${isShared ? "" : "limit $3::int"}
    ) f join callsheet.job j on j.id = f.job_id
  )
  select string_agg(tid::text, ' ') as tids, string_agg(job_id::text, ',') as ids, string_agg(lane_id::text, ',') as lanes,
    string_agg(coalesce(turn::text, ''), ',') as turns, string_agg(rank::text, ',') as ranks, string_agg(due_at::text, ',') as dues,
    string_agg(case when plain then '1' else '0' end, '') as plains, string_agg(owner_id::text, ',') as owners,
    string_agg(action_version_id::text, ',') as versions,
    '[' || string_agg(coalesce(locks::text, '[]'), ',') || ']' as locks,
    '[' || string_agg(configuration::text, ',') || ']' as configurations,
    string_agg(coalesce(parent_id::text, ''), ',') as parents, json_agg(target_type) as "targetTypes", json_agg(target_id) as "targetIds",
    json_object_agg(job_id, json_build_object('attempt', attempt, 'retries', retries, 'size', size, 'tags', tags, 'first', variables,
      'later', (select json_object_agg(v.name, v.value) from callsheet.variable v where v.job_id = found.job_id)))
      filter (where tags is not null or variables is not null or size is not null or attempt > 0 or retries > 0) as extras,
    ${seesObjects ? OBJECTS : "null"} as objects, ${headsText(isShared ? 12 : 9)} as heads,
    callsheet.now() as now
  from found`;
const candidates = (name: string, isShared: boolean) => ({
  unseen: { name, text: candidatesText(isShared, false) },
  seen: { name: `${name}_seen`, text: candidatesText(isShared, true) },
});
const CANDIDATES = { own: candidates("candidates", false), shared: candidates("candidates_shared", true) };

type Column = "parents" | "lanes" | "turns" | "ranks" | "dues" | "owners" | "versions";
type CandidateColumns = Readonly<Record<Column, string>> & {
  readonly tids: string;
  readonly ids: string | null;
  readonly plains: string;
  readonly locks: string;
  readonly configurations: string;
  readonly targetTypes: readonly string[];
  readonly targetIds: readonly (string | null)[];
  readonly extras: Readonly<Record<string, Extra>> | null;
  readonly objects: readonly SeenObject[] | null;
  readonly heads: readonly Head[] | null;
  readonly now: Date;
};
interface SeenObject {
  readonly key: string;
  readonly lined: boolean;
  readonly quarantined: boolean;
  readonly reason: string | null;
  readonly holder: string | null;
  readonly keeper: number | null;
}
/** Of jobs that have more than a configuration, and of those that were tried before. */
interface Extra {
  readonly attempt: number;
  readonly retries: number;
  readonly size: number | null;
  readonly tags: readonly string[] | null;
  readonly first: Record<string, unknown> | null;
  readonly later: Record<string, unknown> | null;
}

const NOTHING_MORE: Extra = { attempt: 0, retries: 0, size: null, tags: null, first: null, later: null };

/** Jobs that may be started, best first, and what was seen of the objects that they lock, if it was asked. */
export interface Candidates {
  readonly jobs: readonly Candidate[];
  /** Of those that somebody holds alone, or that are in quarantine; at any others nobody stands. */
  readonly objects: readonly ObjectFacts[];
  /** Those that have lines, which are to be read. */
  readonly lined: readonly string[];
  /** Those that nodes keep, and which node. */
  readonly kept: ReadonlyMap<string, number>;
  /** Where jobs were passed over because their objects are in use. */
  readonly heads: readonly Head[];
}

/** Locks jobs that may be started. It names the barrier, so that no pause can be overtaken. */
export async function lockCandidates(tx: Queryable, request: CandidateRequest): Promise<Candidates> {
  const { nodeId, lanes, want, running, seesObjects, inUse = [] } = request;
  const isShared = lanes.some((lane) => lane.isShared);
  const { rows } = await tx.query<CandidateColumns>({
    ...CANDIDATES[isShared ? "shared" : "own"][seesObjects ? "seen" : "unseen"],
    values: [
      nodeId,
      lanes.map((lane) => lane.id),
      want,
      lanes.map((lane) => lane.after?.rank ?? -1),
      lanes.map((lane) => lane.after?.dueAt ?? "-infinity"),
      lanes.map((lane) => lane.after?.id ?? "00000000-0000-0000-0000-000000000000"),
      lanes.map((lane) => lane.quota),
      lanes.map((lane) => lane.isShared),
      ...(isShared ? [[...running.keys()], [...running.values()], lanes.map((lane) => lane.hasNews)] : []),
      inUse.length > 0 ? `{${inUse.join()}}` : null,
    ],
  });
  const seen = [...new Map(rows[0]!.objects?.map((object) => [object.key, object])).values()];
  return {
    jobs: candidatesOf(rows[0]!),
    objects: seen.filter(({ lined, keeper }) => !lined && keeper === null).map(factsOf),
    lined: seen.filter(({ lined }) => lined).map(({ key }) => key),
    heads: rows[0]!.heads ?? [],
    kept: new Map(seen.flatMap(({ key, keeper }) => (keeper === null ? [] : [[key, keeper]]))),
  };
}

const factsOf = ({ key, quarantined, reason, holder }: SeenObject): ObjectFacts => ({
  key,
  quarantine: quarantined ? { reason } : null,
  tickets: holder === null ? [] : [{ jobId: holder, number: 0, mode: "exclusive", held: true, isServed: true }],
});

/** As columns: a row of its own for each job costs the node several times as much. */
function candidatesOf(row: CandidateColumns): readonly Candidate[] {
  if (row.ids === null) return [];
  const of = (column: Column) => row[column].split(",");
  const [lanes, turns, ranks, dues] = [of("lanes"), of("turns"), of("ranks"), of("dues")];
  const [owners, versions, parents, tids] = [of("owners"), of("versions"), of("parents"), row.tids.split(" ")];
  const locks = JSON.parse(row.locks) as readonly (readonly JobLock[])[];
  const configurations = JSON.parse(row.configurations) as readonly unknown[];
  const mayRefer = mayReferToSecrets(row.configurations);
  return row.ids.split(",").map((id, n): Candidate => {
    const { attempt, retries, size, tags, first, later } = row.extras?.[id] ?? NOTHING_MORE;
    return {
      id,
      tid: tids[n]!,
      laneId: Number(lanes[n]),
      turn: turns[n] === "" ? null : Number(turns[n]),
      rank: Number(ranks[n]),
      dueAt: dues[n]!,
      parentId: parents[n] || null,
      isPlain: row.plains[n] === "1",
      attempt: attempt + 1,
      retries,
      ownerId: Number(owners[n]),
      actionVersionId: Number(versions[n]),
      configuration: configurations[n],
      mayReferToSecrets: mayRefer,
      target: row.targetIds[n] === null ? null : { type: row.targetTypes[n]!, id: row.targetIds[n]! },
      tags: tags ?? [],
      variables: first || later ? { ...first, ...later } : null,
      locks: locks[n]!,
      size,
      now: row.now,
    };
  });
}

/** A candidate that starts, and the units that it takes. */
export interface Start {
  readonly candidate: Candidate;
  readonly units: readonly Units[];
}
