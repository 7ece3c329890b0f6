import {
  type Asset,
  type AssetChange,
  type AssetFilter,
  type AssetInput,
  type Authority,
  assetChangeSchema,
  assetFilterSchema,
  assetSchema,
  type CataloguedAsset,
  callsheetError,
  type JsonObject,
  targetSchema,
} from "@callsheet/contract";
import type { z } from "zod";
import type { NewAsset, Writer } from "../../store/assets.ts";
import { violates } from "../../store/failure.ts";
import type { Statements } from "../../store/store.ts";
import { inBatches } from "../batches.ts";
import { storableJson, storableText } from "../configuration.ts";
import { insist } from "../operate.ts";
import { type MediaDesk, writerOf } from "./desk.ts";

/** The most assets that are tagged in one call. */
const MOST_TAGGED = 1_000;

/** Catalogues files, all of them or none. What is in the catalogue already stays as it is. */
export async function createAssets(
  { store, newId }: MediaDesk,
  inputs: readonly AssetInput[],
  authority: Authority,
): Promise<readonly CataloguedAsset[]> {
  const assets = inputs.map((input) => readAsset(input, newId));
  const batches = inBatches(assets, bytesOf);
  const asked = new Set(inputs.flatMap(({ id }) => id ?? []));
  return insist(() =>
    store.once(async (tx) => {
      const made: CataloguedAsset[] = [];
      for (const batch of batches) made.push(...(await addAll(tx, batch, writerOf(authority), asked)));
      return made;
    }),
  );
}

async function addAll(tx: Statements, assets: readonly NewAsset[], writer: Writer, asked: ReadonlySet<string>) {
  const made = await tx.addAssets(assets, writer);
  return assets.map(({ id, root, path }, n) => {
    const one = made[n];
    if (one === undefined) throw taken(`Another file's asset has the id ${id}.`, { id, root, path });
    if (one.id !== id && asked.has(id))
      throw taken(`The file ${path} of ${root} is asset ${one.id} already.`, { id: one.id, root, path });
    return one;
  });
}

/** An asset; fails with `unknown_asset`. */
export async function getAsset({ store }: Pick<MediaDesk, "store">, id: string): Promise<Asset> {
  const [found] = await store.readAssets([checkAssetId(id)]);
  if (found) return found;
  throw unknownAssets([id]);
}

/** A page of assets, the newest first. */
export async function listAssets({ store }: MediaDesk, filter: AssetFilter): Promise<readonly Asset[]> {
  return store.listAssets(read(assetFilterSchema, filter));
}

/** Changes what is said of an asset. Another file has other facts: those of the one before are forgotten. */
export async function updateAsset(
  { store }: MediaDesk,
  id: string,
  change: AssetChange,
  authority: Authority,
): Promise<Asset> {
  const { name = null, root = null, path = null, metadata = {}, tags } = read(assetChangeSchema, change);
  storableJson(metadata, "metadata");
  const laid = Object.fromEntries(Object.entries(metadata).filter(([, value]) => value !== null));
  const patch = {
    ...{ name, root, path, metadata: laid as JsonObject, tags: tags === undefined ? null : [...new Set(tags)] },
    without: Object.keys(metadata).filter((field) => metadata[field] === null),
  };
  const changed = await insist(() => store.changeAsset(checkAssetId(id), patch, writerOf(authority))).catch((error) => {
    if (!violates(error, "asset_file")) throw error;
    throw taken("Another asset is the file that this one is to be.", { id, root, path });
  });
  if (changed) return changed;
  throw unknownAssets([id]);
}

/** Gives assets tags, and takes some away: of all of them, or of none when one is not there. */
export async function tagAssets(
  { store }: MediaDesk,
  ids: readonly string[],
  tags: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
  authority: Authority,
): Promise<void> {
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > MOST_TAGGED)
    throw callsheetError("invalid_argument", `ids must be a list of 1 to ${MOST_TAGGED} assets.`, { field: "ids" });
  const wanted = [...new Set(ids.map(checkAssetId))];
  const readTags = (list: readonly string[] = []) => read(assetChangeSchema, { tags: [...list] }).tags!;
  const { add, remove } = Object(tags) as typeof tags;
  const change = { add: readTags(add), remove: readTags(remove) };
  await insist(() =>
    store.once(async (tx) => {
      const found = new Set(await tx.tagAssets(wanted, change, writerOf(authority)));
      if (found.size < wanted.length) throw unknownAssets(wanted.filter((id) => !found.has(id)));
    }),
  );
}

/** Stores what is known of an asset's file, in place of what was. */
export async function setFacts({ store }: MediaDesk, id: string, facts: JsonObject): Promise<void> {
  if (!(await store.putFacts(checkAssetId(id), readFacts(facts)))) throw unknownAssets([id]);
}

/** Takes an asset out of the catalogue and of every collection; its file, and its jobs, stay. */
export async function deleteAsset({ store }: MediaDesk, id: string): Promise<void> {
  const target = { type: "asset", id: checkAssetId(id) };
  await insist(() =>
    store.once(async (tx) => {
      const jobs = await tx.countUnfinishedOn(target);
      if (jobs > 0) throw callsheetError("asset_in_use", `Asset ${id} has jobs that have not ended.`, { id, jobs });
      if (!(await tx.removeAsset(target.id))) throw unknownAssets([id]);
    }),
  );
}

/** What is known of a file as JSON text. */
export function readFacts(facts: JsonObject): string {
  if (typeof facts === "object" && facts !== null && !Array.isArray(facts)) return storableJson(facts, "facts");
  throw callsheetError("invalid_argument", "facts must be an object.", { field: "facts" });
}

function checkAssetId(id: string): string {
  const parsed = targetSchema.shape.id.safeParse(id);
  if (parsed.success) return storableText(parsed.data, "id", 200);
  throw callsheetError("invalid_argument", "The id of an asset is a text of 1 to 200 bytes.", { field: "id" });
}

export function unknownAssets(ids: readonly string[]): Error {
  const [first, ...others] = ids.map((id) => id.slice(0, 200));
  const message =
    others.length === 0 ? `There is no asset ${first}.` : `${ids.length} assets are not there: ${first} and others.`;
  return callsheetError("unknown_asset", message, { ids: ids.slice(0, 100) });
}

function readAsset(input: AssetInput, newId: () => string): NewAsset {
  const { id = newId(), name, metadata, tags, ...file } = read(assetSchema, input);
  storableJson(metadata, "metadata");
  return {
    ...{ id: storableText(id, "id", 200), ...file, name: name ?? file.path.slice(file.path.lastIndexOf("/") + 1) },
    ...{ metadata: metadata as JsonObject, tags: [...new Set(tags)] },
  };
}

/** Reads what a caller says of something in the catalogue, or fails with `invalid_argument`, naming each field. */
export function read<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const given = readShape(schema, value);
  storableJson(given, "what is given");
  return given;
}

/** The same of what may be long, and whose texts its schema lets in only when they can be stored. */
export function readShape<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => ({ field: path.join("."), problem: message }));
  const list = problems.map(({ field, problem }) => (field ? `${field}: ${problem}` : problem)).join("; ");
  throw callsheetError("invalid_argument", `It cannot be used: ${list}.`, { problems });
}

const bytesOf = (asset: NewAsset): number => Buffer.byteLength(JSON.stringify(asset));
const taken = (message: string, details: Readonly<Record<string, unknown>>) =>
  callsheetError("asset_exists", message, details);
