import type { Collection, CollectionFilter, Member, MemberEntry } from "@callsheet/contract";
import sql, { join, type Sql } from "sql-template-tag";
import { contains, type Writer } from "./assets.ts";
import type { Queryable } from "./database.ts";

const FACTS = sql`c.id, c.name, (select count(*) from callsheet.collection_member m where m.collection_id = c.id)::float8 as "memberCount",
  c.created_at as "createdAt", c.changed_at as "changedAt", c.actor, c.reason`;

/** Makes collections, those alone whose names nobody has. Answers the id of each name, and whether it is new. */
export async function addCollections(
  tx: Queryable,
  collections: readonly { readonly id: string; readonly name: string }[],
  { actor, reason }: Writer,
): Promise<ReadonlyMap<string, { readonly id: string; readonly isNew: boolean }>> {
  const names = collections.map(({ name }) => name);
  const made = await tx.query<{ id: string }>(sql`
    insert into callsheet.collection (id, name, actor, reason)
    select g.id, g.name, ${actor}, ${reason}
    from unnest(${collections.map(({ id }) => id)}::uuid[], ${names}::text[]) as g (id, name)
    order by g.name
    on conflict (name) do nothing
    returning id`);
  const isNew = new Set(made.rows.map(({ id }) => id));
  // Locked, so that none goes before its members have come.
  const { rows } = await tx.query<{ id: string; name: string }>(sql`
    select id, name from callsheet.collection where name = any(${names}::text[]) order by id for key share`);
  return new Map(rows.map(({ id, name }) => [name, { id, isNew: isNew.has(id) }]));
}

/** A collection by its id or its name. */
export async function readCollection(db: Queryable, ref: string): Promise<Collection | undefined> {
  const { rows } = await db.query<Collection>(sql`
    select ${FACTS} from callsheet.collection c where c.id::text = lower(${ref}) or c.name = ${ref}`);
  return rows[0];
}

/** A page of collections, by name. */
export async function listCollections(
  db: Queryable,
  { name, holds, after, limit }: CollectionFilter & { readonly limit: number },
): Promise<readonly Collection[]> {
  const where: Sql[] = [sql`true`];
  if (name !== undefined) where.push(contains(name));
  if (holds?.type === "asset")
    where.push(sql`c.id in (select collection_id from callsheet.collection_member where asset_id = ${holds.id})`);
  if (holds?.type === "collection")
    where.push(sql`c.id in (select collection_id from callsheet.collection_member where child_id::text = ${holds.id})`);
  if (after !== undefined) where.push(sql`c.name > ${after}`);
  const { rows } = await db.query<Collection>(sql`
    select ${FACTS} from callsheet.collection c where ${join(where, " and ")} order by c.name limit ${limit}`);
  return rows;
}

/** The names of collections, by id; those that there are. */
export async function collectionNames(db: Queryable, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { rows } = await db.query<{ id: string; name: string }>(sql`
    select id, name from callsheet.collection where id = any(${ids}::uuid[])`);
  return new Map(rows.map(({ id, name }) => [id, name]));
}

/** Gives a collection another name. */
export async function renameCollection(db: Queryable, id: string, name: string): Promise<void> {
  await db.query(sql`update callsheet.collection set name = ${name} where id = ${id}::uuid`);
}

/** Notes who changed collections, and when. */
export async function touchCollections(
  tx: Queryable,
  ids: readonly string[],
  { actor, reason }: Writer,
): Promise<void> {
  await tx.query(sql`
    with locked as materialized (select id from callsheet.collection where id = any(${ids}::uuid[]) order by id for no key update)
    update callsheet.collection c set changed_at = callsheet.now(), actor = ${actor}, reason = ${reason}
    from locked where c.id = locked.id`);
}

/** Those of these members that do not exist. The others do until the transaction ends. */
export async function lockMembers(tx: Queryable, members: readonly Member[]): Promise<readonly Member[]> {
  const idsOf = (type: Member["type"]) => members.filter((one) => one.type === type).map(({ id }) => id);
  const { rows } = await tx.query<{ type: Member["type"]; id: string }>(sql`
    with a as materialized (select id from callsheet.asset where id = any(${idsOf("asset")}::text[]) order by id for key share),
      c as materialized (
        select id::text from callsheet.collection where id::text = any(${idsOf("collection")}::text[]) order by id for key share
      )
    select 'asset' as type, id from a union all select 'collection', id from c`);
  const found = { asset: new Set<string>(), collection: new Set<string>() };
  for (const { type, id } of rows) found[type].add(id);
  return members.filter(({ type, id }) => !found[type].has(id));
}

/** A member to be, of the collection that it names. */
export interface NewMember extends Member {
  readonly collectionId: string;
}

/** Adds members behind those that there are, in their order; who is one already keeps his place. Answers how many are new. */
export async function addMembers(tx: Queryable, members: readonly NewMember[]): Promise<number> {
  const { count } = await tx.query(sql`
    insert into callsheet.collection_member (collection_id, asset_id, child_id)
    select g.collection_id, case g.type when 'asset' then g.id end, case g.type when 'collection' then g.id::uuid end
    from unnest(${members.map((one) => one.collectionId)}::uuid[], ${members.map(({ type }) => type)}::text[],
      ${members.map(({ id }) => id)}::text[]) with ordinality as g (collection_id, type, id, n)
    order by g.n
    on conflict do nothing`);
  return count;
}

/** Takes members out of a collection. Answers how many there were. */
export async function removeMembers(tx: Queryable, id: string, members: readonly Member[]): Promise<number> {
  const idsOf = (type: Member["type"]) => members.filter((one) => one.type === type).map((one) => one.id);
  const { count } = await tx.query(sql`
    delete from callsheet.collection_member
    where collection_id = ${id}::uuid
      and (asset_id = any(${idsOf("asset")}::text[]) or child_id::text = any(${idsOf("collection")}::text[]))`);
  return count;
}

/** Lets one transaction at a time nest collections: two that each close half of a circle would not see each other. */
export async function lockNesting(tx: Queryable): Promise<void> {
  await tx.query(sql`lock table callsheet.collection in share update exclusive mode`);
}

/** One of these collections that contains itself by way of others; undefined: none does. */
export async function findCircle(tx: Queryable, ids: readonly string[]): Promise<string | undefined> {
  const { rows } = await tx.query<{ id: string }>(sql`
    with recursive below (top, id) as (
      select t.id, m.child_id from unnest(${ids}::uuid[]) as t (id)
        join callsheet.collection_member m on m.collection_id = t.id and m.child_id is not null
      union
      select b.top, m.child_id from below b join callsheet.collection_member m on m.collection_id = b.id and m.child_id is not null
    )
    select top as id from below where top = id limit 1`);
  return rows[0]?.id;
}

/** A page of what a collection holds itself, in its order, behind a position. */
export async function listMembers(
  db: Queryable,
  id: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly MemberEntry[]> {
  const { rows } = await db.query<MemberEntry>(sql`
    select case when m.asset_id is null then 'collection' else 'asset' end as type,
      coalesce(m.asset_id, m.child_id::text) as id, coalesce(a.name, c.name) as name, m.position::float8 as position
    from callsheet.collection_member m
    left join callsheet.asset a on a.id = m.asset_id left join callsheet.collection c on c.id = m.child_id
    where m.collection_id = ${id}::uuid and m.position > ${after}
    order by m.position limit ${limit}`);
  return rows;
}

/** A member on the way through a collection. */
export interface Step extends Member {
  readonly position: number;
  /** It is a member of another collection as well. */
  readonly isShared: boolean;
}

/** The same for whoever walks through all that a collection holds. */
export async function stepsOf(db: Queryable, id: string, after: number, limit: number): Promise<readonly Step[]> {
  const { rows } = await db.query<Step>(sql`
    select case when m.asset_id is null then 'collection' else 'asset' end as type,
      coalesce(m.asset_id, m.child_id::text) as id, m.position::float8 as position,
      exists (select from callsheet.collection_member o where o.asset_id = m.asset_id and o.collection_id <> m.collection_id)
        as "isShared"
    from callsheet.collection_member m
    where m.collection_id = ${id}::uuid and m.position > ${after}
    order by m.position limit ${limit}`);
  return rows;
}

/** Forgets a collection; what it held stays. False: there is none. */
export async function removeCollection(tx: Queryable, id: string): Promise<boolean> {
  const { count } = await tx.query(sql`delete from callsheet.collection where id = ${id}::uuid`);
  return count === 1;
}
