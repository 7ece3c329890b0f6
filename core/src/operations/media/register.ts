import { isAbsolute } from "node:path";
import {
  type Authority,
  callsheetError,
  collectionNameSchema,
  mediaPathSchema,
  type RegisterOptions,
  type Registration,
  registerOptionsSchema,
  type SkippedFile,
} from "@callsheet/contract";
import type { z } from "zod";
import type { Writer } from "../../store/assets.ts";
import type { Statements } from "../../store/store.ts";
import { storableText } from "../configuration.ts";
import { insist } from "../operate.ts";
import { read } from "./assets.ts";
import { place } from "./collections.ts";
import { type MediaDesk, writerOf } from "./desk.ts";
import { type PlaceBelow, placeBelow } from "./roots.ts";
import { type FoundFile, matcher, walk } from "./walk.ts";

/** Files that are catalogued in one transaction. */
const BATCH = 2_000;
const MOST_SKIPPED = 100;

/** A folder whose files are catalogued, without links, and where it lies below its media root. */
interface Folder {
  readonly directory: string;
  readonly place: PlaceBelow;
  readonly options: z.output<typeof registerOptionsSchema>;
}

/**
 * Catalogues the files of a folder below a media root of this machine, and gathers them in collections if that is asked for.
 * Again, it adds what is new. Fails with `media_root_missing` or `folder_unreadable`.
 */
export async function registerFolder(
  desk: MediaDesk,
  path: string,
  options: RegisterOptions,
  authority: Authority,
): Promise<Registration> {
  const folder = await findFolder(desk, path, readOptions(options));
  const skipped: SkippedFile[] = [];
  let [created, known, skippedCount] = [0, 0, 0];
  for await (const batch of batchesOf(filesIn(desk, folder))) {
    const passedOver = batch.filter((one) => "why" in one);
    skipped.push(...passedOver.slice(0, MOST_SKIPPED - skipped.length));
    skippedCount += passedOver.length;
    const found = batch.filter((one): one is FoundFile => !("why" in one));
    const isNew = await insist(() => desk.store.once((tx) => catalogue(tx, desk, folder, found, writerOf(authority))));
    created += isNew.filter(Boolean).length;
    known += isNew.filter((one) => !one).length;
  }
  const { collection } = folder.options;
  const top = collection === undefined ? undefined : await desk.store.readCollection(collection);
  return { root: folder.place.root, created, known, collectionId: top?.id ?? null, skippedCount, skipped };
}

function readOptions(options: RegisterOptions): Folder["options"] {
  const asked = read(registerOptionsSchema, options);
  if (asked.collection !== undefined) read(collectionNameSchema, asked.collection);
  else if (asked.nested)
    throw callsheetError("invalid_argument", "Nested collections stand in one that has a name.", {
      field: "collection",
    });
  return asked;
}

async function findFolder({ files, roots }: MediaDesk, path: string, options: Folder["options"]): Promise<Folder> {
  const given = storableText(path, "folder", 4_096);
  if (!isAbsolute(given))
    throw callsheetError("invalid_argument", "folder must be an absolute path.", { field: "folder" });
  const directory = await files.realPath(given).catch((error: unknown) => {
    throw unreadable(given, error);
  });
  const place = await placeBelow(roots, directory, files.realPath);
  if (place) return { directory, place, options };
  const known = roots.size === 0 ? "there are none" : `those are ${[...roots.keys()].join(", ")}`;
  throw callsheetError("media_root_missing", `${given} lies below no media root of this process: ${known}.`, {
    folder: given,
    roots: [...roots.keys()],
  });
}

const unreadable = (folder: string, error: unknown) => {
  const why = (error as NodeJS.ErrnoException).code ?? String(error);
  return callsheetError("folder_unreadable", `${folder} cannot be read as a folder: ${why}.`, { folder }, error);
};

/** The files to catalogue; what cannot be is passed over. */
async function* filesIn({ files }: MediaDesk, folder: Folder): AsyncGenerator<FoundFile | SkippedFile> {
  const { directory, place, options } = folder;
  const { recursive, match, nested } = options;
  const found = walk(files, directory, { recursive, isWanted: matcher(match) });
  try {
    for await (const one of found) {
      if ("why" in one) yield one;
      else if (!mediaPathSchema.safeParse(pathBelow(place, one)).success)
        yield { path: one.path, why: "its path is too long" };
      else if (nested && !collectionNameSchema.safeParse(nameOf(folder, one.folder)).success)
        yield { path: one.path, why: "the name of its collection would be too long" };
      else yield one;
    }
  } catch (error) {
    throw unreadable(directory, error);
  }
}

const pathBelow = ({ path: below }: PlaceBelow, { path }: FoundFile): string =>
  below === "" ? path : `${below}/${path}`;
/** What the collection of a folder, by its path below the one that is catalogued, is called. */
const nameOf = ({ options }: Folder, below: string): string =>
  below === "" ? options.collection! : `${options.collection}/${below}`;

/** Catalogues some of a folder's files, and puts them in their collections. Answers which are new. */
async function catalogue(
  tx: Statements,
  { newId }: MediaDesk,
  folder: Folder,
  found: readonly FoundFile[],
  writer: Writer,
): Promise<readonly boolean[]> {
  const { place: below, options } = folder;
  const assets = found.map((file) => ({
    ...{ id: newId(), name: file.name, root: below.root, path: pathBelow(below, file) },
    ...{ metadata: {}, tags: options.tags },
  }));
  const made = (await tx.addAssets(assets, writer)).map((one) => one!);
  if (options.collection !== undefined && found.length > 0) {
    const plan = planOf(folder, found);
    const names = [...new Set(plan.map((one) => one.into))].map((name) => ({ id: newId(), name }));
    const ids = await tx.addCollections(names, writer);
    const idOf = (name: string) => ids.get(name)!.id;
    const members = plan.map((one) => ({
      collectionId: idOf(one.into),
      ...("nested" in one
        ? { type: "collection" as const, id: idOf(one.nested) }
        : { type: "asset" as const, id: made[one.file]!.id }),
    }));
    await place(tx, members, writer);
  }
  return made.map(({ isNew }) => isNew);
}

/** By the names of collections: who becomes a member of which, in order. A file is told by its number. */
type Planned = { readonly into: string } & ({ readonly nested: string } | { readonly file: number });

/** Each folder's collection stands in that of the folder above before its own files; one that is there already stays where it is. */
function planOf(folder: Folder, found: readonly FoundFile[]): readonly Planned[] {
  const plan: Planned[] = [];
  const opened = new Set([""]);
  for (const [file, { folder: at }] of found.entries()) {
    const below = folder.options.nested ? at : "";
    const parts = below.split("/");
    for (let depth = 1; depth <= parts.length; depth++) {
      const path = parts.slice(0, depth).join("/");
      if (opened.has(path)) continue;
      opened.add(path);
      plan.push({ into: nameOf(folder, parts.slice(0, depth - 1).join("/")), nested: nameOf(folder, path) });
    }
    plan.push({ into: nameOf(folder, below), file });
  }
  return plan;
}

async function* batchesOf<Item>(items: AsyncIterable<Item>): AsyncGenerator<readonly Item[]> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
