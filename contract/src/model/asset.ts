import { z } from "zod";
import type { JsonObject } from "./json.ts";
import { nameSchema } from "./name.ts";
import { targetSchema } from "./target.ts";

/** The most that a path of the catalogue, or a name, may take as UTF-8. */
const LONGEST_TEXT = 2_000;
const bytesOf = (text: string): number => new TextEncoder().encode(text).length;
const hasNul = (text: string): boolean => text.includes("\0");

/** A text of the catalogue as it is given, trimmed of nothing. */
export const catalogueTextSchema = z
  .string()
  .min(1)
  .refine((text) => bytesOf(text) <= LONGEST_TEXT, `at most ${LONGEST_TEXT} bytes`)
  .refine((text) => text.isWellFormed() && !hasNul(text), "no NUL character and no half of a surrogate pair");

/** The path of a file below a media root: its parts with "/" between them, none of them empty, "." or "..". */
export const mediaPathSchema = catalogueTextSchema.refine(
  (path) => path.split("/").every((part) => part !== "" && part !== "." && part !== ".."),
  'a path below a root, with "/" between its parts, none of which is empty, "." or ".."',
);

/** At most so many tags, each a short text. */
const tagsSchema = z.array(z.string().trim().min(1).max(100)).max(100).readonly();
/** What is kept with an asset beside what is known of its file. */
const metadataSchema = z.record(z.string().min(1).max(100), z.json());

const assetFields = {
  /** What its file is called by people. Default: the name of the file. */
  name: catalogueTextSchema,
  /** The media root that its file is below, by the name that nodes know it by. */
  root: nameSchema,
  path: mediaPathSchema,
  metadata: metadataSchema,
  tags: tagsSchema,
};

/** Reads an asset as callers write it. */
export const assetSchema = z.strictObject({
  ...assetFields,
  /** Default: a new one. */
  id: targetSchema.shape.id.optional(),
  name: assetFields.name.optional(),
  metadata: assetFields.metadata.default({}),
  tags: assetFields.tags.default([]),
});
/** An asset as callers write it: only `root` and `path` are needed. */
export type AssetInput = z.input<typeof assetSchema>;

/** Reads what is to change of an asset. */
export const assetChangeSchema = z.strictObject({ ...assetFields }).partial();
/** What is to change of an asset. `metadata` is laid over what is there: null takes a field away. */
export type AssetChange = z.input<typeof assetChangeSchema>;

/** A media file in the catalogue. */
export interface Asset {
  /** The id of targets of type `asset`. */
  readonly id: string;
  readonly name: string;
  readonly root: string;
  /** Below the root. One file is one asset. */
  readonly path: string;
  /** What a probe found out about the file; null: nothing yet. */
  readonly facts: JsonObject | null;
  readonly factsAt: Date | null;
  readonly metadata: JsonObject;
  readonly tags: readonly string[];
  readonly createdAt: Date;
  /** The last change of anything but the facts, who made it, and why. */
  readonly changedAt: Date;
  readonly actor: string;
  readonly reason: string | null;
}

/** What came of cataloguing a file. */
export interface CataloguedAsset {
  readonly id: string;
  /** False: the file was in the catalogue, and nothing of its asset has changed. */
  readonly isNew: boolean;
}

/** The asset that a job works on, as its handler sees it. */
export interface JobAsset extends Asset {
  /** The absolute path of its file on this node. */
  readonly file: string;
  /**
   * Stores what the handler found out about the file, in place of what was known. Fails with `stale_attempt` when another attempt
   * has taken over, and with `unknown_asset`.
   */
  setFacts(facts: JsonObject): Promise<void>;
}

/** How many items a page has. */
export const pageLimitSchema = z.int().min(1).max(1_000).default(50);

/** Reads which assets are listed. */
export const assetFilterSchema = z.strictObject({
  root: catalogueTextSchema.optional(),
  /** Those whose path lies below this one. */
  under: mediaPathSchema.optional(),
  /** Those whose name contains this, in capitals or not. */
  name: catalogueTextSchema.optional(),
  tag: catalogueTextSchema.optional(),
  /** True: those alone that a probe has looked at. False: the others. */
  hasFacts: z.boolean().optional(),
  limit: pageLimitSchema,
  /** The last id of the page before. */
  after: catalogueTextSchema.optional(),
});
/** Which assets are listed; every field narrows. */
export type AssetFilter = z.input<typeof assetFilterSchema>;

/** Reads what of a folder is catalogued. */
export const registerOptionsSchema = z.strictObject({
  /** The folders below it as well. */
  recursive: z.boolean().default(true),
  /** Only files whose names fit one of these, such as `*.mov`: `*` stands for any characters, `?` for one, in capitals or not. Default: every file. */
  match: z.array(z.string().min(1).max(255)).min(1).max(100).readonly().optional(),
  /** A collection of this name gets the files in natural order, behind the members that it has. It is made if it is not there. */
  collection: catalogueTextSchema.optional(),
  /** Each folder below becomes a collection of its own, nested in that of the folder above, such as `dailies/day 1`. */
  nested: z.boolean().default(false),
  tags: tagsSchema.default([]),
});
/** What of a folder is catalogued. */
export type RegisterOptions = z.input<typeof registerOptionsSchema>;

/** A file that was not catalogued, and why. */
export interface SkippedFile {
  readonly path: string;
  readonly why: string;
}

/** What came of cataloguing a folder. */
export interface Registration {
  readonly root: string;
  /** Assets that are new. */
  readonly created: number;
  /** Files that were in the catalogue. */
  readonly known: number;
  /** The id of the collection that was asked for; null: none was, or nothing was found. */
  readonly collectionId: string | null;
  /** How many were passed over beside hidden ones and those that do not match, and the first hundred of them. */
  readonly skippedCount: number;
  readonly skipped: readonly SkippedFile[];
}
