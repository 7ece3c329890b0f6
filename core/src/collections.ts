import type {
  Asset,
  Authority,
  Collection,
  CollectionFilter,
  Member,
  MemberEntry,
  MemberPage,
} from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import {
  addToCollection,
  createCollection,
  deleteCollection,
  getCollection,
  listCollections,
  listMembers,
  removeFromCollection,
  renameCollection,
} from "./operations/media/collections.ts";
import { flatten } from "./operations/media/members.ts";

/**
 * Ordered sets of assets, and of other collections: targets of type `collection`. One is named by its id or its name; one that is
 * not there fails with `unknown_collection`.
 */
export class Collections {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /** Makes a collection with its first members, or nothing. Fails with `collection_exists`, and as `add` does. */
  create(name: string, members: readonly Member[] = []): Promise<Collection> {
    return createCollection(this.#engine.media, name, members, this.#authority);
  }

  get(collection: string): Promise<Collection> {
    return getCollection(this.#engine.media, collection);
  }

  /** A page of collections, by name. */
  list(filter: CollectionFilter = {}): Promise<readonly Collection[]> {
    return listCollections(this.#engine.media, filter);
  }

  /** Fails with `collection_exists`. */
  rename(collection: string, name: string): Promise<Collection> {
    return renameCollection(this.#engine.media, collection, name, this.#authority);
  }

  /**
   * Adds members behind those that there are, all or none; who is one keeps its place. Answers how many are new. Fails with
   * `unknown_asset`, `unknown_collection`, or `collection_circle` when a collection would contain itself.
   */
  add(collection: string, members: readonly Member[]): Promise<number> {
    return addToCollection(this.#engine.media, collection, members, this.#authority);
  }

  /** Takes members out. Answers how many there were. */
  remove(collection: string, members: readonly Member[]): Promise<number> {
    return removeFromCollection(this.#engine.media, collection, members, this.#authority);
  }

  /** A page of what it holds itself, in order; a nested collection is one member. */
  members(collection: string, page: MemberPage = {}): Promise<readonly MemberEntry[]> {
    return listMembers(this.#engine.media, collection, page);
  }

  /** All its assets in order, those of nested collections in their places, each once. Read a page at a time, as they are used. */
  assets(collection: string): AsyncIterable<Asset> {
    return flatten(this.#engine.media.store, collection);
  }

  /** Forgets a collection; what it held stays. Fails with `collection_in_use`. */
  delete(collection: string): Promise<void> {
    return deleteCollection(this.#engine.media, collection);
  }
}
