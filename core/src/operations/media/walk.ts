import { join } from "node:path";
import type { SkippedFile } from "@callsheet/contract";

/** What stands in a directory. */
export interface Entry {
  readonly name: string;
  readonly kind: "file" | "directory" | "link" | "other";
  /** False: its name is no UTF-8, and `name` only shows it. */
  readonly isText: boolean;
}

/** What the catalogue asks of a file system. */
export interface Folders {
  /** The path with all links followed; fails when there is nothing. */
  realPath(path: string): Promise<string>;
  /** What stands in a directory, links not followed, in no order. */
  entries(directory: string): Promise<readonly Entry[]>;
}

/** A file that was found, by its path below the folder that was walked, and the path of the folder that it is in. */
export interface FoundFile {
  readonly path: string;
  readonly name: string;
  readonly folder: string;
}

export interface WalkOptions {
  readonly recursive: boolean;
  readonly isWanted: (name: string) => boolean;
}

const NATURAL = new Intl.Collator("en", { numeric: true });
const naturally = (a: Entry, b: Entry): number => NATURAL.compare(a.name, b.name) || (a.name < b.name ? -1 : 1);

/**
 * The files of a folder in natural order, folder by folder; a directory at a time is in memory. Links are not followed, and
 * hidden files and folders are passed over.
 */
export async function* walk(
  files: Folders,
  top: string,
  options: WalkOptions,
  folder = "",
): AsyncGenerator<FoundFile | SkippedFile> {
  const entries = await files.entries(join(top, folder));
  for (const { name, kind, isText } of [...entries].sort(naturally)) {
    if (name.startsWith(".")) continue;
    const path = folder === "" ? name : `${folder}/${name}`;
    const isFolder = kind === "directory";
    if (isFolder ? !options.recursive : !options.isWanted(name)) continue;
    if (!isText) yield { path, why: "its name is no UTF-8" };
    else if (kind === "link") yield { path, why: "it is a link" };
    else if (kind === "other") yield { path, why: "it is no regular file" };
    else if (!isFolder) yield { path, name, folder };
    else yield* orSkipped(walk(files, top, options, path), path);
  }
}

/** A folder below that cannot be read is passed over; what was found in it before stays. */
async function* orSkipped(found: AsyncGenerator<FoundFile | SkippedFile>, path: string) {
  try {
    yield* found;
  } catch (error) {
    yield { path, why: `it cannot be read: ${(error as { code?: string }).code ?? String(error)}` };
  }
}

/** Whether a name fits one of these patterns, in capitals or not: `*` is any characters, `?` is one. Without patterns every name does. */
export function matcher(patterns: readonly string[] | undefined): (name: string) => boolean {
  const wanted = patterns?.map((pattern) => [...pattern.toLowerCase()]);
  return (name) => wanted === undefined || wanted.some((pattern) => fits([...name.toLowerCase()], pattern));
}

/** Each star takes as little as it can, and one more whenever the rest does not fit: never slower than the product of both lengths. */
function fits(name: readonly string[], pattern: readonly string[]): boolean {
  let [at, here, star, taken] = [0, 0, -1, 0];
  while (here < name.length) {
    if (pattern[at] === "*") [star, taken, at] = [at, here, at + 1];
    else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === name[here]))
      [at, here] = [at + 1, here + 1];
    else if (star >= 0) [at, taken, here] = [star + 1, taken + 1, taken + 1];
    else return false;
  }
  return pattern.slice(at).every((one) => one === "*");
}
