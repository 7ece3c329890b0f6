import sql from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** The objects that a node keeps, and the number by which it takes of them. */
export interface KeptByNode {
  readonly changes: string;
  readonly keys: readonly string[];
}

/** A number for an object: jobs whose first object has another number do not lock that. */
export function objectHash(key: string): number {
  // FNV-1a over the units of the text.
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index++) hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  return hash;
}

/** Lets a node keep objects; answers the number by which it takes of them. */
export async function openKeeper(db: Queryable, nodeId: number): Promise<string> {
  const { rows } = await db.query<{ changes: string }>(sql`
    insert into callsheet.keeper as k (node_id) values (${nodeId})
    on conflict (node_id) do update set changes = k.changes + 1 returning changes::text`);
  return rows[0]!.changes;
}

/** What a node keeps as it is now; undefined: nothing. */
export async function keptByNode(db: Queryable, nodeId: number): Promise<KeptByNode | undefined> {
  const { rows } = await db.query<KeptByNode>(sql`
    select k.changes::text, array(select key from callsheet.object where keeper_id = k.node_id) as keys
    from callsheet.keeper k where k.node_id = ${nodeId}`);
  return rows[0];
}

/** What another node keeps of objects: how many, and some of them. */
export interface KeptElsewhere {
  readonly nodeId: number;
  readonly count: number;
  readonly keys: readonly string[];
}

/** What nodes other than this one keep; `most`: so many objects of each are named. */
export async function keptElsewhere(db: Queryable, nodeId: number, most: number): Promise<readonly KeptElsewhere[]> {
  const { rows } = await db.query<KeptElsewhere>(sql`
    select keeper_id as "nodeId", count(*)::int as count, (array_agg(key))[: ${most}::int] as keys from callsheet.object
    where keeper_id is not null and keeper_id <> ${nodeId} and exists (select from callsheet.keeper where node_id <> ${nodeId})
    group by keeper_id`);
  return rows;
}

/**
 * Takes these objects back from the nodes that keep them: who holds one stands in its row from then on; at the others nobody stands,
 * or `newKeeper` keeps them. Whoever kept them notices when it next takes of what it keeps. It waits for no claim: what is kept in
 * claims at which others are at work stays as it is. To be called in a transaction that has locked no object. Answers the objects
 * that nobody held.
 */
export async function takeBack(
  tx: Queryable,
  keys: readonly string[],
  newKeeper: number | null = null,
): Promise<readonly string[]> {
  if (keys.length === 0) return [];
  const keepers = await tx.query<{ nodes: number[] }>({ name: "lock_keepers", text: LOCK_KEEPERS, values: [keys] });
  const { nodes } = keepers.rows[0]!;
  if (nodes.length === 0) return [];
  // Claims that were made before are seen by the next statement, and none is made after it.
  const claims = await tx.query<{ token: string }>({ name: "try_claims", text: TRY_CLAIMS, values: [nodes, keys] });
  const tokens = claims.rows.map(({ token }) => token);
  const values = [nodes, keys, newKeeper, tokens];
  const told = await tx.query<{ key: string }>({ name: "tell_kept", text: TELL_KEPT, values });
  return told.rows.map(({ key }) => key);
}

/* A keeper without a row takes nothing any more. */
const LOCK_KEEPERS = `
  with keepers as materialized (
    select distinct keeper_id as node_id from callsheet.object where key = any($1::text[]) and keeper_id is not null
  ), locked as materialized (
    select node_id from callsheet.keeper where node_id in (select node_id from keepers) order by node_id for update
  )
  select coalesce(array_agg(k.node_id), '{}') as nodes, (select count(*) from locked) from keepers k`;

const TRY_CLAIMS = `
  select token::text from callsheet.claim where node_id = any($1::int[]) and kept && $2::text[] order by token for update skip locked`;

const TELL_KEPT = `
  with asked as materialized (
    select key from unnest($2::text[]) as key
    except
    select k.key from callsheet.claim c cross join unnest(c.kept) with ordinality as k (key, n)
    where c.node_id = any($1::int[]) and c.kept && $2::text[] and c.token <> all($4::bigint[]) and get_bit(c.ended, k.n::int - 1) = 0
  ), holder as materialized (
    select m.key, m.id, c.token, c.started_at
    from callsheet.claim c cross join unnest(c.ids, c.kept) with ordinality as m (id, key, n) join asked on asked.key = m.key
    where c.token = any($4::bigint[]) and get_bit(c.ended, m.n::int - 1) = 0
  ), locked as materialized (
    select key from callsheet.object where key in (select key from asked) and keeper_id = any($1::int[]) order by key collate "C" for update
  ), told as (
    update callsheet.object o set token = case when $3::int is null or h.token is not null then h.token else o.token end,
      keeper_id = case when h.token is null then $3::int end, job_id = h.id, at = coalesce(h.started_at, o.at)
    from locked l left join holder h on h.key = l.key where o.key = l.key
    returning o.key, h.token is null as is_idle
  ), changed as (
    update callsheet.keeper set changes = changes + 1 where node_id = any($1::int[]) and exists (select from told)
  ), written as (
    update callsheet.claim set kept = array(
      select case when (k.key in (select key from asked)) is not true then k.key end from unnest(kept) with ordinality as k (key, n) order by k.n)
    where token = any($4::bigint[])
  )
  select key from told where is_idle`;

/** Takes back all that a node keeps. Its row goes with the last of it. */
export async function endKeeping(tx: Queryable, nodeId: number): Promise<void> {
  await tx.query(sql`select from callsheet.keeper where node_id = ${nodeId} for update`);
  const { rows } = await tx.query<{ keys: string[] }>(
    sql`select array(select key from callsheet.object where keeper_id = ${nodeId}) as keys`,
  );
  await takeBack(tx, rows[0]!.keys);
  await tx.query(sql`
    delete from callsheet.keeper where node_id = ${nodeId} and not exists (select from callsheet.object where keeper_id = ${nodeId})`);
}
