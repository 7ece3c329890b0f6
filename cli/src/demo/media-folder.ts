import { readdir } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { failure } from "../failure.ts";

export const MEDIA_KINDS = ["video", "image", "audio"] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** What files are, as far as their names tell; what they hold is found out by probing them. */
const KIND_OF_EXTENSION: Readonly<Record<string, MediaKind>> = Object.fromEntries([
  ...["mp4", "m4v", "mov", "mkv", "webm", "avi", "mpg", "mpeg", "ts", "mts", "m2ts", "mxf", "ogv"].map(
    (extension) => [extension, "video"] as const,
  ),
  ...["jpg", "jpeg", "png"].map((extension) => [extension, "image"] as const),
  ...["wav", "mp3", "flac", "m4a", "aac", "ogg", "oga", "opus", "aif", "aiff"].map(
    (extension) => [extension, "audio"] as const,
  ),
]);

/** A media file of the folder. */
export interface MediaFile {
  /** Below the folder. */
  readonly name: string;
  readonly path: string;
  readonly kind: MediaKind;
  /** What the files that are made of it are called, without an extension; of this file alone. */
  readonly stem: string;
}

export interface MediaFolder {
  readonly path: string;
  readonly files: readonly MediaFile[];
  /** How many files were no media by their names. */
  readonly skipped: number;
  /** How many media files there are beyond those that were taken. */
  readonly left: number;
}

/**
 * Finds the media files of a folder and the folders in it, at most `limit`; links, hidden files and the folder
 * `except` are passed over.
 */
export async function readMediaFolder(
  path: string,
  { limit, except }: { readonly limit: number; readonly except: string },
): Promise<MediaFolder> {
  const names = await namesBelow(path, except);
  const media = mediaAmong(names);
  if (media.length === 0) {
    throw failure(
      "no_media",
      `There is no media file in ${path}.`,
      "Name a folder with films, pictures or sound: --media DIR.",
    );
  }
  const taken = media.slice(0, limit);
  const stems = stemsOf(taken.map(({ name }) => name));
  return {
    path,
    files: taken.map((file, index) => ({ ...file, path: join(path, file.name), stem: stems[index]! })),
    skipped: names.filter((name) => name !== "NOTICE").length - media.length,
    left: media.length - taken.length,
  };
}

async function namesBelow(folder: string, except: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((cause) => {
    throw failure("no_media", `${folder} is no folder that can be read (${cause.code}).`, "Name another: --media DIR.");
  });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !path.startsWith(except + sep))
    .map((path) => relative(folder, path))
    .filter((name) => !name.split(sep).some((part) => part.startsWith(".")));
}

/** The media among these names: films first, each kind in the order of names. */
export function mediaAmong(names: readonly string[]): readonly { readonly name: string; readonly kind: MediaKind }[] {
  return names
    .flatMap((name) => {
      const kind = KIND_OF_EXTENSION[extname(name).slice(1).toLowerCase()];
      // The replacement character stands for bytes that are no text: such a file cannot be opened by its name.
      return kind === undefined || name.includes("\u{fffd}") ? [] : [{ name, kind }];
    })
    .sort(
      (one, other) =>
        MEDIA_KINDS.indexOf(one.kind) - MEDIA_KINDS.indexOf(other.kind) || (one.name < other.name ? -1 : 1),
    );
}

const STEM_LENGTH = 60;

/** What is made of each file is called like it: harmless, short, and unlike that of every other. */
export function stemsOf(names: readonly string[]): readonly string[] {
  const short = (text: string) => [...text.replace(/[^\p{L}\p{N}._-]+/gu, "-")].slice(0, STEM_LENGTH).join("");
  const taken = new Set<string>();
  return names.map((name) => {
    const extension = extname(name);
    const plain = short(name.slice(0, name.length - extension.length)) || "file";
    const wanted = [plain, `${plain}-${short(extension.slice(1))}`];
    // Some file systems do not tell capitals apart.
    const isFree = (stem: string) => !taken.has(stem.toLowerCase());
    const stem = wanted.find(isFree) ?? numbered(wanted[1]!, isFree);
    taken.add(stem.toLowerCase());
    return stem;
  });
}

function numbered(stem: string, isFree: (stem: string) => boolean): string {
  for (let number = 2; ; number++) if (isFree(`${stem}-${number}`)) return `${stem}-${number}`;
}
