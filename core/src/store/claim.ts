import { type JobLock, mayReferToSecrets, type Units } from "@callsheet/contract";
import type { Line } from "./database.ts";

/** How far a lane was read: everything before it was taken. Dead entries before it need not be walked again. */
export interface Watermark {
  readonly rank: number;
  readonly dueAt: string;
  readonly id: string;
}

export interface ClaimRequest {
  readonly nodeId: number;
  /** Lanes that the node can run, each with how far it was read. */
  readonly lanes: readonly { readonly id: number; readonly after?: Watermark | undefined }[];
  readonly want: number;
  /** Some of these lanes have members of groups. */
  readonly hasMembers?: boolean;
}

/** A job that was taken. `ordinal`: its place among the members of its claim, from 1; 0: it has a row of its own. */
export interface Claimed {
  readonly id: string;
  readonly token: string;
  readonly ordinal: number;
  readonly attempt: number;
  readonly retries: number;
  readonly actionVersionId: number;
  readonly ownerId: number;
  /** JSON text is parsed already. */
  readonly configuration: unknown;
  /** Its configuration, or that of another job of its claim, may refer to secrets. */
  readonly mayReferToSecrets: boolean;
  readonly target: { readonly type: string; readonly id: string } | null;
  readonly tags: readonly string[];
  /** How large its work is; null: not said. */
  readonly size: number | null;
  readonly variables: Readonly<Record<string, unknown>> | null;
  /** What the attempt holds while it lives. */
  readonly locks: readonly JobLock[];
  readonly units?: readonly Units[];
  /** Its node keeps what it locks. */
  readonly isKept?: boolean;
}

export interface ClaimAnswer {
  readonly jobs: readonly Claimed[];
  /** Per lane, the last key that was read of its pending jobs. */
  readonly marks: ReadonlyMap<number, Watermark>;
  /** The node may take none now: it is paused, leaves, or was declared dead, or nothing may start. */
  readonly isBarred: boolean;
}

/*
 * Queued jobs by turn (index work_queued), then pending ones of the same lanes (index work_pending, from the watermark on).
 * Fresh plain jobs leave `work` and become members of one claim row: one delete each instead of an update that is not HOT
 * and a second write at the end. The others keep their row. Both by ctid: the rows are locked, so it cannot change.
 * A node that drains or is paused, or was declared dead and does not know it yet, takes nothing. Naming the barrier locks
 * it: whoever pauses takes it alone, and the claim that waited for that sees what was paused.
 * Lanes of members have a text of their own, which names their parents in the claim: the others pay nothing for them.
 */
const IDS = "array_agg(job_id order by turn nulls last, rank, due_at, job_id)";
/* Sorted once for both lists. One parent stands for all when it is theirs, which is counted without a look at each. */
const IDS_AND_PARENTS = `array_agg(job_id), case when count(parent_id) = 0 then null
        when bool_and(parent_id is not distinct from (select parent_id from gone limit 1)) then array[(select parent_id from gone limit 1)]
        else array_agg(parent_id) end`;
const SORTED = "(select * from gone order by turn nulls last, rank, due_at, job_id) gone";
const claimText = (hasMembers: boolean) => `
  with asked as materialized (
    select l.lane_id, coalesce(l.rank, -1) as rank, coalesce(l.due_at, '-infinity') as due_at,
      coalesce(l.job_id, '00000000-0000-0000-0000-000000000000') as job_id
    from unnest($2::int[], $4::smallint[], $5::timestamptz[], $6::uuid[]) as l (lane_id, rank, due_at, job_id)
    join callsheet.lane on lane.id = l.lane_id and not lane.paused and not lane.contended${hasMembers ? "" : " and not lane.grouped"}
    where exists (select from callsheet.node where id = $1::int and state = 'up' and not paused)
      and not exists (select from callsheet.barrier for share)
  ), queued as materialized (
    select w.ctid as tid, w.plain from callsheet.work w
    where w.state = 'queued' and w.lane_id = any(array(select lane_id from asked))
    order by w.turn limit $3::int for update skip locked
  ), pending as materialized (
    select p.* from asked a cross join lateral (
      select w.ctid as tid, w.plain, w.lane_id, w.rank, w.due_at, w.job_id from callsheet.work w
      where w.state = 'pending' and w.lane_id = a.lane_id and (w.rank, w.due_at, w.job_id) >= (a.rank, a.due_at, a.job_id)
      order by w.rank, w.due_at, w.job_id limit least($3::int, $7::int) for update skip locked
    ) p
    order by p.rank, p.due_at, p.job_id limit $3::int - (select count(*) from queued)
  ), token as materialized (
    select nextval('callsheet.token_number') as token where exists (select from queued) or exists (select from pending)
  ), gone as materialized (
    delete from callsheet.work where ctid = any(array(select tid from queued where plain union all select tid from pending where plain))
    returning job_id, turn, rank, due_at${hasMembers ? ", parent_id" : ""}
  ), claimed as (
    insert into callsheet.claim (token, node_id, started_at, queued, open, ended, ids${hasMembers ? ", parents" : ""})
    select (select token from token), $1::int, callsheet.now(), count(turn), count(*), repeat('0', count(*)::int)::bit varying,
      ${hasMembers ? IDS_AND_PARENTS : IDS}
    from ${hasMembers ? SORTED : "gone"} having count(*) > 0
  ), own as (
    update callsheet.work w
    set state = 'running', attempt = w.attempt + 1, token = (select token from token), node_id = $1::int, started_at = callsheet.now()
    where w.ctid = any(array(select tid from queued where not plain union all select tid from pending where not plain))
    returning w.job_id, w.attempt, w.retries, w.turn, w.rank, w.due_at
  ), taken as (
    select job_id as id, null::int as attempt, null::int as retries, turn, rank, due_at from gone
    union all
    select job_id, attempt, retries, turn, rank, due_at from own
  )
  select (select token from token)::text as token,
    string_agg(j.id::text, ',') as ids, string_agg(j.action_version_id::text, ',') as versions,
    string_agg(j.owner_id::text, ',') as owners, '[' || string_agg(coalesce(j.data, j.configuration)::text, ',') || ']' as configurations,
    json_object_agg(j.id, json_build_array(t.attempt, t.retries, j.target_type, j.target_id, j.tags, j.size, j.variables, case when t.attempt is not null then (select json_object_agg(v.name, v.value) from callsheet.variable v where v.job_id = j.id) end))
      filter (where t.attempt is not null or j.target_id is not null or j.tags is not null or j.variables is not null or j.size is not null) as extras,
    (select json_agg(m) from (select lane_id, rank, due_at, max(job_id::text) as job_id from pending group by 1, 2, 3) m) as marks,
    not exists (select from asked) as "isBarred"
  from (select * from taken order by turn nulls last, rank, due_at, id) t join callsheet.job j on j.id = t.id`;

const CLAIM = { name: "claim", text: claimText(false) };
const CLAIM_MEMBERS = { name: "claim_members", text: claimText(true) };

interface Row {
  token: string;
  ids: string | null;
  versions: string;
  owners: string;
  configurations: string;
  /** Of jobs with a row of their own, and of those that have more than a configuration. */
  extras: Record<string, Extra> | null;
  isBarred: boolean;
  marks: { lane_id: number; rank: number; due_at: string; job_id: string }[] | null;
}

/** As a list: it is sent for each job that has a target. */
type Extra = readonly [
  attempt: number | null,
  retries: number | null,
  targetType: string | null,
  targetId: string | null,
  tags: string[] | null,
  size: number | null,
  first: Record<string, unknown> | null,
  later: Record<string, unknown> | null,
];
const NOTHING: Extra = [null, null, null, null, null, null, null, null];

/** Takes up to `want` jobs for a node, best first, in one statement that no pause can overtake. */
export async function claimJobs(line: Line, request: ClaimRequest): Promise<ClaimAnswer> {
  const { lanes, want, nodeId, hasMembers = false } = request;
  const marks = lanes.map(({ after }) => after);
  const isRead = marks.some((mark) => mark !== undefined);
  const quota = Math.max(8, Math.ceil((2 * want) / Math.max(1, lanes.length)));
  const { rows } = await line.query({
    ...(hasMembers ? CLAIM_MEMBERS : CLAIM),
    values: [
      nodeId,
      lanes.map((lane) => lane.id),
      want,
      ...(isRead
        ? [marks.map((mark) => mark?.rank), marks.map((mark) => mark?.dueAt), marks.map((mark) => mark?.id)]
        : [null, null, null]),
      lanes.length === 1 ? want : quota,
    ],
  });
  return read(rows[0] as Row);
}

function read(row: Row): ClaimAnswer {
  const { isBarred } = row;
  const marks = new Map<number, Watermark>();
  for (const { lane_id, rank, due_at, job_id } of row.marks ?? []) {
    const mark = { rank, dueAt: due_at, id: job_id };
    const known = marks.get(lane_id);
    if (!known || isLater(mark, known)) marks.set(lane_id, mark);
  }
  if (row.ids === null) return { jobs: [], marks, isBarred };
  const [versions, owners] = [row.versions.split(","), row.owners.split(",")];
  const configurations = JSON.parse(row.configurations) as unknown[];
  const mayRefer = mayReferToSecrets(row.configurations);
  let members = 0;
  const jobs = row.ids.split(",").map((id, index): Claimed => {
    const [attempt, retries, type, targetId, tags, size, first, later] = row.extras?.[id] ?? NOTHING;
    const isMember = attempt === null;
    if (isMember) members += 1;
    return {
      id,
      token: row.token,
      ordinal: isMember ? members : 0,
      attempt: attempt ?? 1,
      retries: retries ?? 0,
      actionVersionId: Number(versions[index]),
      ownerId: Number(owners[index]),
      configuration: configurations[index],
      mayReferToSecrets: mayRefer,
      target: targetId === null ? null : { type: type!, id: targetId },
      tags: tags ?? [],
      locks: [],
      size,
      variables: first || later ? { ...first, ...later } : null,
    };
  });
  return { jobs, marks, isBarred };
}

/** Whether `a` comes after `b` in the order of a lane. Instants are compared as the server wrote them, in one zone and form. */
function isLater(a: Watermark, b: Watermark): boolean {
  if (a.rank !== b.rank) return a.rank > b.rank;
  const [first, second] = [Date.parse(a.dueAt), Date.parse(b.dueAt)];
  if (first !== second) return first > second;
  return a.dueAt === b.dueAt ? a.id > b.id : a.dueAt > b.dueAt;
}
