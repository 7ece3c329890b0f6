import type { Code, GroupFlag, OnNodeLost } from "@callsheet/contract";
import sql, { raw } from "sql-template-tag";
import type { Queryable } from "./database.ts";
import { prepared } from "./statement.ts";

/** Which process a node is: enough to tell, on its machine, whether it still lives. */
export interface ProcessIdentity {
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  readonly pidStarted: string;
}

/** The code of an action type, as a node tells of it. */
export interface AnnouncedType extends AnnouncedCode {
  readonly type: string;
  readonly schema: unknown;
  readonly flags?: readonly GroupFlag[];
}

interface AnnouncedCode extends Code {
  readonly onNodeLost?: OnNodeLost;
}

/** The code that a node announced, by type. */
export type Codes = Readonly<Record<string, AnnouncedCode>>;
/** Of node `n`. */
export const CODES = raw(
  `(select coalesce(json_object_agg(t ->> 'type', t - 'type' - 'schema'), '{}') from jsonb_array_elements(n.types) t)`,
);

export interface NewNode extends ProcessIdentity {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly incarnation: string;
  readonly site: string;
  readonly slots: number;
  readonly types: readonly AnnouncedType[];
  readonly capabilities: readonly string[];
  /** The version of its time zone data. Default null: it is not known. */
  readonly timeZones?: string | null;
  /** Units that it has for itself, by resource; absent: what stands there stays. */
  readonly resources?: Readonly<Record<string, number>>;
}

export interface NodeRow extends ProcessIdentity {
  readonly id: number;
  readonly name: string;
  readonly incarnation: string;
  readonly site: string;
  readonly slots: number;
  readonly timeZones: string | null;
  readonly state: "up" | "draining" | "gone" | "dead";
  readonly counter: string;
  readonly startedAt: Date;
}

const COLUMNS = `id, name, incarnation, host, boot_id as "bootId", pid, pid_started as "pidStarted", site, slots, time_zones as "timeZones", state, counter::text, started_at as "startedAt"`;

/**
 * Registers a new life of a node, under the barrier: it is paused if its name is. The resources of its own replace those that
 * its name had; one that it has no more stays without capacity as long as units of it are held. Fails on the unique index
 * `node_name` while another of that name is up.
 */
async function registerNode(db: Queryable, node: NewNode): Promise<number> {
  const { rows } = await db.query<{ id: number }>(sql`
    with mine as materialized (
      select id, name, used from callsheet.pool where scope = ${`node/${node.name}`} order by id for update
    ), own as materialized (
      select key as name, value::bigint as units from json_each_text(${node.resources === undefined ? null : JSON.stringify(node.resources)}::json)
      where (select count(*) from mine) >= 0
    ), put as (
      insert into callsheet.pool as p (name, scope, base, capacity)
      select name, ${`node/${node.name}`}, units, units from own
      on conflict (name, scope) do update
      set base = excluded.base, capacity = case when p.windows = '[]' then excluded.capacity else p.capacity end
    ), missing as materialized (
      select id, used from mine where ${node.resources !== undefined} and name not in (select name from own)
    ), dropped as (
      delete from callsheet.pool where id in (select id from missing where used = 0)
    ), emptied as (
      update callsheet.pool set base = 0, capacity = 0, windows = '[]' where id in (select id from missing where used > 0)
    )
    insert into callsheet.node (name, incarnation, host, boot_id, pid, pid_started, site, slots, types, capabilities, time_zones, labels, beat_at, state, paused)
    select ${node.name}, ${node.incarnation}::uuid, ${node.host}, ${node.bootId}, ${node.pid}, ${node.pidStarted}, ${node.site}, ${node.slots},
      ${JSON.stringify(node.types)}::jsonb, ${node.capabilities}::text[], ${node.timeZones ?? null}, ${JSON.stringify(node.labels ?? {})}::jsonb, callsheet.now(), 'up',
      exists (select from callsheet.pause where scope = 'node' and name = ${node.name})
    where not exists (select from callsheet.barrier for share)
    returning id`);
  return rows[0]!.id;
}

/** What a node tells of itself with each heartbeat, for people. */
export interface Condition {
  /** For how long its event loop had not turned, beyond what is usual. */
  readonly lagMs: number;
  /** Words of superseded attempts that were refused. */
  readonly refused: number;
}

/**
 * Counts one heartbeat. Answers how the node stands; undefined: this life was declared dead. The columns that it writes are in
 * no index, and the times among them are for people: nobody decides by them.
 */
export async function beat(
  db: Queryable,
  nodeId: number,
  { lagMs, refused }: Condition,
): Promise<"up" | "draining" | undefined> {
  const { rows } = await db.query<{ state: "up" | "draining" }>({
    name: "beat",
    text: `
      update callsheet.node set counter = counter + 1, beat_at = callsheet.now(), lag_ms = $2, refused = $3
      where id = $1 and state in ('up', 'draining')
      returning state`,
    values: [nodeId, lagMs, refused],
    patience: "hot",
  });
  return rows[0]?.state;
}

/** A life of a node that has not ended, as its observers need it. */
export interface Heartbeat extends ProcessIdentity {
  readonly id: number;
  readonly name: string;
  readonly incarnation: string;
  /** Grows with each heartbeat. */
  readonly counter: string;
  /** For how long others had seen that counter stand still when they noted it, in milliseconds; 0: nobody has noted it. */
  readonly notedMs: number;
  /** How long ago that was noted, by the clock of the database. */
  readonly notedAgoMs: number;
}

/** For how long a counter was seen to stand still, in milliseconds. */
export interface Silence extends Pick<Heartbeat, "id" | "counter"> {
  readonly silentMs: number;
}

/** The heartbeats of all lives that have not ended. */
async function heartbeats(db: Queryable): Promise<readonly Heartbeat[]> {
  const { rows } = await db.query<Heartbeat>({
    text: `
      select id, name, incarnation, host, boot_id as "bootId", pid, pid_started as "pidStarted", counter::text,
        case when silent_counter = counter then silent_ms else 0 end as "notedMs",
        coalesce(extract(epoch from callsheet.now() - silent_at) * 1000, 0)::float8 as "notedAgoMs"
      from callsheet.node where state in ('up', 'draining') order by id`,
    values: [],
    patience: "hot",
  });
  return rows;
}

/** Writes down what was seen of nodes that are late, unless more is known of them, or they have beaten since. */
async function noteSilences(db: Queryable, silences: readonly Silence[]): Promise<void> {
  if (silences.length === 0) return;
  await db.query({
    text: `
      update callsheet.node n set silent_counter = n.counter, silent_ms = s.ms, silent_at = callsheet.now()
      from unnest($1::int[], $2::bigint[], $3::int[]) as s (id, counter, ms)
      where n.id = s.id and n.counter = s.counter and n.state in ('up', 'draining')
        and (n.silent_counter is distinct from n.counter or n.silent_ms < s.ms)`,
    values: [
      silences.map(({ id }) => id),
      silences.map(({ counter }) => counter),
      silences.map(({ silentMs }) => silentMs),
    ],
    patience: "hot",
  });
}

/** Lives that have not ended. */
export async function standingNodes(db: Queryable): Promise<readonly NodeRow[]> {
  const { rows } = await db.query<NodeRow>({
    text: `select ${COLUMNS} from callsheet.node where state in ('up', 'draining') order by id`,
    values: [],
  });
  return rows;
}

/** Nodes that have not ended, by name, with their processes: whatever the version of the schema. */
export async function processesUp(db: Queryable): Promise<readonly (ProcessIdentity & { readonly name: string })[]> {
  const { rows } = await db.query<ProcessIdentity & { name: string }>(sql`
    select name, host, boot_id as "bootId", pid, pid_started as "pidStarted" from callsheet.node
    where state not in ('gone', 'dead') order by name`);
  return rows;
}

/** Ends a life; its row stays. False: it had ended before, or, when its counter is named, has beaten since. */
async function endNode(
  db: Queryable,
  nodeId: number,
  state: "gone" | "dead",
  cause: string,
  counter: string | null = null,
): Promise<boolean> {
  const { count } = await db.query(sql`
    update callsheet.node set state = ${state}, ended_at = callsheet.now(), cause = ${cause}
    where id = ${nodeId} and state in ('up', 'draining') and (${counter}::bigint is null or counter = ${counter}::bigint)`);
  return count === 1;
}

async function setDraining(db: Queryable, nodeId: number): Promise<void> {
  await db.query(sql`update callsheet.node set state = 'draining' where id = ${nodeId} and state = 'up'`);
}

/** Tells how many handlers a node runs at once from now on. */
export async function resizeNode(db: Queryable, nodeId: number, slots: number): Promise<void> {
  await db.query(sql`update callsheet.node set slots = ${slots} where id = ${nodeId}`);
}

/** Incarnations that ended with attempts still recorded as theirs. */
async function orphaningNodes(db: Queryable): Promise<readonly { id: number; name: string; codes: Codes }[]> {
  const { rows } = await db.query<{ id: number; name: string; codes: Codes }>(sql`
    select n.id, n.name, ${CODES} as codes from callsheet.node n
    where n.state in ('gone', 'dead') and n.id in (
      select node_id from callsheet.claim
      union select node_id from callsheet.remnant
      union select keeper_id from callsheet.object where keeper_id is not null
      union select node_id from callsheet.work where state in ('running', 'timed_out', 'cancelling'))
    order by n.id`);
  return rows;
}

/** Members of claims, by claim, that this incarnation left behind. */
async function claimsLeftBy(
  tx: Queryable,
  nodeId: number,
): Promise<readonly { token: string; ids: readonly string[] }[]> {
  const left = sql`
    select c.token::text, array_agg(m.id::text) as ids
    from callsheet.claim c, unnest(c.ids) with ordinality as m (id, n)
    where c.node_id = ${nodeId} and get_bit(c.ended, m.n::int - 1) = 0
    group by c.token order by c.token`;
  const { rows } = await tx.query<{ token: string; ids: string[] }>(prepared("members_left_by", left));
  return rows;
}

/** Jobs of this incarnation that have rows of their own and are live (index work_live). */
export async function liveJobsOf(tx: Queryable, nodeId: number) {
  const live = sql`
    select job_id as id, token::text, state, action_version_id as "actionVersionId", retries, crashes, intent
    from callsheet.work where node_id = ${nodeId}::int and state in ('running', 'timed_out', 'cancelling') order by job_id`;
  const { rows } = await tx.query<{
    id: string;
    token: string;
    state: "running" | "timed_out" | "cancelling";
    actionVersionId: number;
    retries: number;
    crashes: number;
    intent: number;
  }>(prepared("live_jobs_of", live));
  return rows;
}

/** What a node announced of an action type: one that lives before those that ended, the newest version first. */
async function announcedCode(
  db: Queryable,
  type: string,
): Promise<Pick<Required<AnnouncedType>, "version" | "schema" | "flags"> | undefined> {
  const { rows } = await db.query<Pick<Required<AnnouncedType>, "version" | "schema" | "flags">>(sql`
    select (t ->> 'version')::int as version, t -> 'schema' as schema, coalesce(t -> 'flags', '[]') as flags
    from callsheet.node n, jsonb_array_elements(n.types) t
    where t ->> 'type' = ${type} order by n.state in ('up', 'draining') desc, 1 desc, n.id desc limit 1`);
  return rows[0];
}

/** What a node, and whoever watches it, asks of the database. */
export const NODES = {
  announcedCode,
  beat,
  claimsLeftBy,
  endNode,
  heartbeats,
  liveJobsOf,
  noteSilences,
  orphaningNodes,
  registerNode,
  setDraining,
  standingNodes,
};
