import type { Asset, AssetFilter, JsonObject } from "@callsheet/contract";
import sql, { empty, join, type Sql } from "sql-template-tag";
import type { Queryable } from "./database.ts";

/** A file to catalogue. Everything was checked. */
export interface NewAsset {
  readonly id: string;
  readonly name: string;
  readonly root: string;
  readonly path: string;
  readonly metadata: JsonObject;
  readonly tags: readonly string[];
}

/** Who writes, and why. */
export interface Writer {
  readonly actor: string;
  readonly reason: string | null;
}

const FACTS = sql`id, name, root, path, facts, facts_at as "factsAt", metadata, tags, created_at as "createdAt",
  changed_at as "changedAt", actor, reason`;

/**
 * Catalogues files in their order, those alone that are not there. Answers the asset of each, in their order; undefined: its id
 * is that of another file's.
 */
export async function addAssets(
  db: Queryable,
  assets: readonly NewAsset[],
  { actor, reason }: Writer,
): Promise<readonly ({ readonly id: string; readonly isNew: boolean } | undefined)[]> {
  const made = await db.query<{ id: string }>(sql`
    insert into callsheet.asset (id, name, root, path, metadata, tags, actor, reason)
    select g.id, g.name, g.root, g.path, g.metadata, g.tags, ${actor}, ${reason}
    from json_to_recordset(${JSON.stringify(assets.map((asset, n) => ({ n, ...asset })))}::json)
      as g (n int, id text, name text, root text, path text, metadata jsonb, tags text[])
    order by g.n
    on conflict do nothing
    returning id`);
  const isNew = new Set(made.rows.map(({ id }) => id));
  // Read in a statement of its own: what others had under way when this one began is seen now.
  const known = await db.query<{ n: number; id: string }>(sql`
    select g.n::int - 1 as n, a.id
    from unnest(${assets.map(({ root }) => root)}::text[], ${assets.map(({ path }) => path)}::text[])
      with ordinality as g (root, path, n)
    join callsheet.asset a on a.root = g.root and a.path = g.path`);
  const ids = new Map(known.rows.map(({ n, id }) => [n, id]));
  return assets.map((asset, n) => {
    const id = ids.get(n);
    // The first of those that name one file has made it.
    return id === undefined ? undefined : { id, isNew: id === asset.id && isNew.delete(id) };
  });
}

/** Assets by id, in no order; ids without one are absent. */
export async function readAssets(db: Queryable, ids: readonly string[]): Promise<readonly Asset[]> {
  const { rows } = await db.query<Asset>(sql`select ${FACTS} from callsheet.asset where id = any(${ids}::text[])`);
  return rows;
}

/** A page of assets, the last that came first. */
export async function listAssets(
  db: Queryable,
  filter: AssetFilter & { readonly limit: number },
): Promise<readonly Asset[]> {
  const { root, under, name, tag, hasFacts, after, limit } = filter;
  const where: Sql[] = [sql`true`];
  if (root !== undefined) where.push(sql`root = ${root}`);
  // "0" is the character after "/".
  if (under !== undefined) where.push(sql`path > ${`${under}/`} and path < ${`${under}0`}`);
  if (name !== undefined) where.push(contains(name));
  if (tag !== undefined) where.push(sql`tags @> array[${tag}]::text[]`);
  if (hasFacts !== undefined) where.push(sql`facts is ${hasFacts ? sql`not` : empty} null`);
  if (after !== undefined) where.push(sql`n < (select n from callsheet.asset where id = ${after})`);
  const { rows } = await db.query<Asset>(sql`
    select ${FACTS} from callsheet.asset where ${join(where, " and ")} order by n desc limit ${limit}`);
  return rows;
}

/** That the column `name` contains a text, in capitals or not. */
export const contains = (text: string): Sql => sql`position(lower(${text}) in lower(name)) > 0`;

/** Of an asset, what is to be another value. `metadata` is laid over what is there, without the fields in `without`. */
export interface AssetPatch {
  readonly name: string | null;
  readonly root: string | null;
  readonly path: string | null;
  readonly metadata: JsonObject;
  readonly without: readonly string[];
  readonly tags: readonly string[] | null;
}

/** Changes an asset; where its file is another one then, what was known of the old one is forgotten. Undefined: there is none. */
export async function changeAsset(
  db: Queryable,
  id: string,
  patch: AssetPatch,
  { actor, reason }: Writer,
): Promise<Asset | undefined> {
  const { name, root, path, metadata, without, tags } = patch;
  const stays = sql`(root, path) = (coalesce(${root}, root), coalesce(${path}, path))`;
  const { rows } = await db.query<Asset>(sql`
    update callsheet.asset set
      name = coalesce(${name}, name), root = coalesce(${root}, root), path = coalesce(${path}, path),
      facts = case when ${stays} then facts end, facts_at = case when ${stays} then facts_at end,
      metadata = (metadata || ${JSON.stringify(metadata)}::jsonb) - ${without}::text[],
      tags = coalesce(${tags}::text[], tags),
      changed_at = callsheet.now(), actor = ${actor}, reason = ${reason}
    where id = ${id}
    returning ${FACTS}`);
  return rows[0];
}

/** Gives assets tags, and takes some away; the others stay, in their order. Answers the ids of those that there are. */
export async function tagAssets(
  db: Queryable,
  ids: readonly string[],
  { add, remove }: { readonly add: readonly string[]; readonly remove: readonly string[] },
  { actor, reason }: Writer,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ id: string }>(sql`
    with locked as materialized (select id from callsheet.asset where id = any(${ids}::text[]) order by id for update)
    update callsheet.asset a set
      tags = array(
        select t.tag from unnest(a.tags || ${add}::text[]) with ordinality as t (tag, n)
        where t.tag <> all(${remove}::text[]) group by t.tag order by min(t.n)),
      changed_at = callsheet.now(), actor = ${actor}, reason = ${reason}
    from locked where a.id = locked.id
    returning a.id`);
  return rows.map(({ id }) => id);
}

/** Stores what is known of an asset's file. False: there is none. */
export async function putFacts(db: Queryable, id: string, facts: string): Promise<boolean> {
  const { count } = await db.query(sql`
    update callsheet.asset set facts = ${facts}::json, facts_at = callsheet.now() where id = ${id}`);
  return count === 1;
}

/** The same for an attempt that works on the asset. False: it was superseded, or there is no such asset. */
export async function putFactsOfAttempt(
  db: Queryable,
  { jobId, token }: { readonly jobId: string; readonly token: string },
  id: string,
  facts: string,
): Promise<boolean> {
  const { count } = await db.query(sql`
    with standing as materialized (
      select from callsheet.work
      where job_id = ${jobId}::uuid and token = ${token}::bigint and state in ('running', 'timed_out', 'cancelling')
      for update
    )
    update callsheet.asset set facts = ${facts}::json, facts_at = callsheet.now()
    where id = ${id} and exists (select from standing)`);
  return count === 1;
}

/** Takes an asset out of the catalogue and of every collection. False: there is none. */
export async function removeAsset(tx: Queryable, id: string): Promise<boolean> {
  const { count } = await tx.query(sql`delete from callsheet.asset where id = ${id}`);
  return count === 1;
}

/** How many jobs work on a target, or are to, up to a hundred. */
export async function countUnfinishedOn(
  db: Queryable,
  { type, id }: { readonly type: string; readonly id: string },
): Promise<number> {
  // Index: job_by_target.
  const { rows } = await db.query<{ jobs: number }>(sql`
    select count(*)::int as jobs from (
      select from callsheet.job j
      where j.target_id = ${id} and j.target_type = ${type}
        and not exists (select from callsheet.outcome o where o.job_id = j.id and o.rollback <> 'required')
      limit 100
    ) unfinished`);
  return rows[0]!.jobs;
}
