import type {
  Asset,
  AssetChange,
  AssetFilter,
  AssetInput,
  Authority,
  CataloguedAsset,
  JsonObject,
  RegisterOptions,
  Registration,
} from "@callsheet/contract";
import { callsheetError } from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import {
  createAssets,
  deleteAsset,
  getAsset,
  listAssets,
  setFacts,
  tagAssets,
  updateAsset,
} from "./operations/media/assets.ts";
import { registerFolder } from "./operations/media/register.ts";

/** Media files in the catalogue: targets of type `asset`. One that is not there fails with `unknown_asset`. */
export class Assets {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /**
   * Catalogues a file, by the name of its media root and its path below it; whether it is there is seen when a job opens it. A
   * file that is in the catalogue keeps its asset. Fails with `asset_exists` when an id is given that is another's.
   */
  async create(input: AssetInput): Promise<CataloguedAsset> {
    const [made] = await createAssets(this.#engine.media, [input], this.#authority);
    return made!;
  }

  /** Catalogues many files, in one transaction. */
  async createMany(inputs: readonly AssetInput[]): Promise<readonly CataloguedAsset[]> {
    if (!Array.isArray(inputs))
      throw callsheetError("invalid_argument", "Many assets are described by a list.", { field: "inputs" });
    return createAssets(this.#engine.media, inputs, this.#authority);
  }

  /**
   * Catalogues the files of a folder, an absolute path below a media root of this process, and gathers them in a collection, or
   * in nested ones, if that is asked for. Files are stored by the thousand: when it is interrupted, calling again goes on. Fails
   * with `media_root_missing` or `folder_unreadable`.
   */
  register(folder: string, options: RegisterOptions = {}): Promise<Registration> {
    return registerFolder(this.#engine.media, folder, options, this.#authority);
  }

  get(id: string): Promise<Asset> {
    return getAsset(this.#engine.media, id);
  }

  /** A page of assets, the newest first. */
  list(filter: AssetFilter = {}): Promise<readonly Asset[]> {
    return listAssets(this.#engine.media, filter);
  }

  /** Changes some fields. When its file becomes another one, its facts are forgotten. Fails with `asset_exists`. */
  update(id: string, change: AssetChange): Promise<Asset> {
    return updateAsset(this.#engine.media, id, change, this.#authority);
  }

  /** Adds tags to at most 1,000 assets, and takes some away. */
  tag(
    ids: readonly string[],
    tags: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  ): Promise<void> {
    return tagAssets(this.#engine.media, ids, tags, this.#authority);
  }

  /** Stores what a probe found out about its file, in place of what was known. */
  setFacts(id: string, facts: JsonObject): Promise<void> {
    return setFacts(this.#engine.media, id, facts);
  }

  /** Takes an asset out of the catalogue and of every collection; its file, and the history of its jobs, stay. Fails with `asset_in_use`. */
  delete(id: string): Promise<void> {
    return deleteAsset(this.#engine.media, id);
  }
}
