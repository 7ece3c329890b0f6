import {
  type Authority,
  type Collection,
  type CollectionFilter,
  callsheetError,
  collectionFilterSchema,
  collectionNameSchema,
  type Member,
  type MemberEntry,
  type MemberPage,
  memberPageSchema,
  memberSchema,
} from "@callsheet/contract";
import { z } from "zod";
import type { Writer } from "../../store/assets.ts";
import type { NewMember } from "../../store/collections.ts";
import { violates } from "../../store/failure.ts";
import type { Statements } from "../../store/store.ts";
import { inBatches } from "../batches.ts";
import { insist } from "../operate.ts";
import { read, readShape, unknownAssets } from "./assets.ts";
import { type MediaDesk, writerOf } from "./desk.ts";

type Catalogue = Pick<MediaDesk, "store">;

/** Makes a collection, with its first members. Fails with `collection_exists`, and as `addToCollection` does. */
export async function createCollection(
  { store, newId }: MediaDesk,
  name: string,
  members: readonly Member[],
  authority: Authority,
): Promise<Collection> {
  const asked = { id: newId(), name: readName(name) };
  const first = readMembers(members);
  await insist(() =>
    store.once(async (tx) => {
      const made = (await tx.addCollections([asked], writerOf(authority))).get(asked.name);
      if (!made?.isNew) throw nameTaken(asked.name);
      await place(
        tx,
        first.map((member) => ({ ...member, collectionId: asked.id })),
        writerOf(authority),
      );
    }),
  );
  return getCollection({ store }, asked.id);
}

/** A collection by its id or its name; fails with `unknown_collection`. */
export async function getCollection(
  { store }: { readonly store: Pick<Statements, "readCollection"> },
  ref: string,
): Promise<Collection> {
  const found = await store.readCollection(readRef(ref));
  if (found) return found;
  throw unknownCollection(ref);
}

/** A page of collections, by name. */
export async function listCollections({ store }: Catalogue, filter: CollectionFilter): Promise<readonly Collection[]> {
  return store.listCollections(read(collectionFilterSchema, filter));
}

/** Gives a collection another name. Fails with `collection_exists`. */
export async function renameCollection(
  desk: Catalogue,
  ref: string,
  name: string,
  authority: Authority,
): Promise<Collection> {
  const { id } = await getCollection(desk, ref);
  const wanted = readName(name);
  try {
    await insist(() =>
      desk.store.once(async (tx) => {
        await tx.renameCollection(id, wanted);
        await tx.touchCollections([id], writerOf(authority));
      }),
    );
  } catch (error) {
    throw violates(error, "collection_name") ? nameTaken(wanted) : error;
  }
  return getCollection(desk, id);
}

/**
 * Adds members behind those that there are, in their order: all of them, or none. Who is a member already keeps its place.
 * Answers how many are new. Fails with `unknown_asset`, `unknown_collection` or `collection_circle`.
 */
export async function addToCollection(
  desk: Catalogue,
  ref: string,
  members: readonly Member[],
  authority: Authority,
): Promise<number> {
  const more = readMembers(members);
  return insist(() =>
    desk.store.once(async (tx) => {
      const { id: collectionId } = await getCollection({ store: tx }, ref);
      return place(
        tx,
        more.map((member) => ({ ...member, collectionId })),
        writerOf(authority),
      );
    }),
  );
}

/** Puts members where they are to be, in a transaction, and sees that no collection comes to contain itself. */
export async function place(tx: Statements, members: readonly NewMember[], writer: Writer): Promise<number> {
  const nesting = members.filter(({ type }) => type === "collection");
  const parents = [...new Set(nesting.map(({ collectionId }) => collectionId))];
  if (nesting.some(({ id, collectionId }) => id === collectionId)) throw await circle(tx, parents[0]!);
  if (parents.length > 0) await tx.lockNesting();
  let added = 0;
  for (const batch of inBatches(members, bytesOf)) {
    const missing = await tx.lockMembers(batch);
    if (missing.length > 0) throw unknownMembers(missing);
    added += await tx.addMembers(batch);
  }
  const inCircle = parents.length > 0 ? await tx.findCircle(parents) : undefined;
  if (inCircle !== undefined) throw await circle(tx, inCircle);
  if (added > 0) await tx.touchCollections([...new Set(members.map(({ collectionId }) => collectionId))], writer);
  return added;
}

const bytesOf = ({ id }: Member): number => id.length + 100;

/** Takes members out of a collection; they themselves stay. Answers how many there were. */
export async function removeFromCollection(
  desk: Catalogue,
  ref: string,
  members: readonly Member[],
  authority: Authority,
): Promise<number> {
  const gone = readMembers(members);
  return insist(() =>
    desk.store.once(async (tx) => {
      const { id } = await getCollection({ store: tx }, ref);
      const removed = await tx.removeMembers(id, gone);
      if (removed > 0) await tx.touchCollections([id], writerOf(authority));
      return removed;
    }),
  );
}

/** A page of what a collection holds itself, in its order. */
export async function listMembers(desk: Catalogue, ref: string, page: MemberPage): Promise<readonly MemberEntry[]> {
  const asked = read(memberPageSchema, page);
  const { id } = await getCollection(desk, ref);
  return desk.store.listMembers(id, asked);
}

/** Forgets a collection, also where it is nested; what it held stays. Fails with `collection_in_use`. */
export async function deleteCollection(desk: Catalogue, ref: string): Promise<void> {
  await insist(() =>
    desk.store.once(async (tx) => {
      const { id, name } = await getCollection({ store: tx }, ref);
      const jobs = await tx.countUnfinishedOn({ type: "collection", id });
      if (jobs > 0)
        throw callsheetError("collection_in_use", `Collection "${name}" has jobs that have not ended.`, { id, jobs });
      await tx.removeCollection(id);
    }),
  );
}

const readName = (name: string): string => {
  const parsed = collectionNameSchema.safeParse(name);
  if (parsed.success) return parsed.data;
  throw callsheetError("invalid_argument", `The name of a collection: ${parsed.error.issues[0]!.message}.`, {
    field: "name",
  });
};

function readRef(ref: string): string {
  if (typeof ref === "string" && ref.isWellFormed() && !ref.includes("\0")) return ref;
  throw callsheetError("invalid_argument", "A collection is named by its id or its name.", { field: "collection" });
}

/** In one order of their ids each, so that two that are the same are. */
function readMembers(members: readonly Member[]): readonly Member[] {
  return readShape(z.array(memberSchema), members).map(({ type, id }) => ({
    type,
    id: type === "collection" ? id.toLowerCase() : id,
  }));
}

const unknownCollection = (ref: string) =>
  callsheetError("unknown_collection", `There is no collection "${String(ref).slice(0, 200)}".`, { collection: ref });

function unknownMembers(missing: readonly Member[]): Error {
  const [nested] = missing.filter(({ type }) => type === "collection");
  return nested ? unknownCollection(nested.id) : unknownAssets(missing.map(({ id }) => id));
}

const nameTaken = (name: string) =>
  callsheetError("collection_exists", `There is a collection "${name}" already.`, { name });
async function circle(tx: Pick<Statements, "readCollection">, id: string) {
  const { name = id } = (await tx.readCollection(id)) ?? {};
  return callsheetError("collection_circle", `Collection "${name}" would contain itself.`, { id, name });
}
