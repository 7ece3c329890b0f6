import type {
  Asset,
  AssetChange,
  AssetFilter,
  AssetInput,
  CataloguedAsset,
  RegisterOptions,
  Registration,
} from "../model/asset.ts";
import type { Collection, CollectionFilter, Member, MemberEntry, MemberPage } from "../model/collection.ts";
import type { JsonObject } from "../model/json.ts";

/** Media files in the catalogue: targets of type `asset`. One that is not there fails with `unknown_asset`. */
export interface AssetsClient {
  /** A page of assets, the newest first. */
  list(filter?: AssetFilter): Promise<readonly Asset[]>;
  get(id: string): Promise<Asset>;
  /** Catalogues a file; one that is in the catalogue keeps its asset. Fails with `asset_exists`. */
  create(input: AssetInput): Promise<CataloguedAsset>;
  createMany(inputs: readonly AssetInput[]): Promise<readonly CataloguedAsset[]>;
  /** Catalogues the files of a folder, an absolute path below a media root. Fails with `media_root_missing` or `folder_unreadable`. */
  register(folder: string, options?: RegisterOptions): Promise<Registration>;
  /** Changes some fields. When its file becomes another one, its facts are forgotten. Fails with `asset_exists`. */
  update(id: string, change: AssetChange): Promise<Asset>;
  /** Adds tags to at most 1,000 assets, and takes some away. */
  tag(
    ids: readonly string[],
    tags: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<void>;
  /** Stores what a probe found out about its file, in place of what was known. */
  setFacts(id: string, facts: JsonObject): Promise<void>;
  /** Takes it out of the catalogue; its file stays. Fails with `asset_in_use`. */
  delete(id: string): Promise<void>;
}

/** Ordered sets of assets, named by id or name: targets of type `collection`. One that is not there fails with `unknown_collection`. */
export interface CollectionsClient {
  /** A page of collections, by name. */
  list(filter?: CollectionFilter): Promise<readonly Collection[]>;
  get(collection: string): Promise<Collection>;
  /** Fails with `collection_exists`, and as `add` does. */
  create(name: string, members?: readonly Member[]): Promise<Collection>;
  /** Fails with `collection_exists`. */
  rename(collection: string, name: string): Promise<Collection>;
  /** Adds members behind those that there are, and answers how many are new. Fails with `unknown_asset` or `collection_circle`. */
  add(collection: string, members: readonly Member[]): Promise<number>;
  /** Takes members out, and answers how many there were. */
  remove(collection: string, members: readonly Member[]): Promise<number>;
  /** A page of what it holds itself, in order. */
  members(collection: string, page?: MemberPage): Promise<readonly MemberEntry[]>;
  /** All its assets in order, those of nested collections in their places, each once. */
  assets(collection: string): AsyncIterable<Asset>;
  /** Forgets a collection; what it held stays. Fails with `collection_in_use`. */
  delete(collection: string): Promise<void>;
}
