import { createHash } from "node:crypto";
import { sep } from "node:path";
import type { Callsheet, Target } from "@callsheet/core";
import type { MediaFile, MediaFolder } from "./media-folder.ts";

/** The files of a demo as the catalogue knows them. */
export interface Catalogued {
  /** All of them, as the target of a group job. */
  readonly collection: Target;
  readonly assetOf: (file: MediaFile) => Target;
}

/** The name by which the catalogue knows a folder: the same for each demo over it. */
export function mediaRootOf(folder: string): string {
  return `demo-${createHash("sha256").update(folder).digest("hex").slice(0, 8)}`;
}

/** Puts files into the catalogue, and gathers them in a collection of this name. */
export async function catalogueFiles(cs: Callsheet, media: MediaFolder, name: string): Promise<Catalogued> {
  const root = mediaRootOf(media.path);
  const assets = await cs.assets.createMany(
    media.files.map((file) => ({ root, path: file.name.split(sep).join("/"), tags: ["demo"] })),
  );
  const targets = assets.map(({ id }) => ({ type: "asset" as const, id }));
  const { id } = await cs.collections.create(name, targets);
  const byFile = new Map(media.files.map((file, index) => [file, targets[index]!]));
  return { collection: { type: "collection", id }, assetOf: (file) => byFile.get(file)! };
}
