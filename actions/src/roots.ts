import { realpath } from "node:fs/promises";
import { delimiter, isAbsolute, normalize, sep } from "node:path";
import { readMediaRoot } from "@callsheet/contract";

/** The directories below which a node may read, or write, files; none means nothing. */
export type Roots = () => readonly string[];

/**
 * The roots that the node's own environment names in CALLSHEET_MEDIA_ROOTS: absolute directories with ":" between them, each
 * perhaps with the name that assets know it by, as in `main=/mnt/media`. Asked at each use; entries that are not absolute are
 * ignored, and without the variable nothing may be read.
 */
export const rootsOfEnvironment: Roots = () => pathList(process.env.CALLSHEET_MEDIA_ROOTS ?? "");

/** The directories below which files may be written, as CALLSHEET_OUTPUT_ROOTS names them in the same way. */
export const outputRootsOfEnvironment: Roots = () => pathList(process.env.CALLSHEET_OUTPUT_ROOTS ?? "");

function pathList(text: string): readonly string[] {
  return text
    .split(delimiter)
    .map((entry) => readMediaRoot(entry).directory)
    .filter(isAbsolute);
}

/** Whether a path with all its links resolved lies in one of the roots, whose own links are resolved too. */
export async function isInRoots(realPath: string, roots: readonly string[]): Promise<boolean> {
  for (const root of roots) {
    const real = await realpath(root).catch(() => undefined);
    if (real !== undefined && isWithin(realPath, real)) return true;
  }
  return false;
}

/** Whether a path that does not exist would lie in one of the roots, by its text alone. */
export function wouldBeInRoots(path: string, roots: readonly string[]): boolean {
  return roots.some((root) => isWithin(normalize(path), normalize(root)));
}

function isWithin(path: string, directory: string): boolean {
  const prefix = directory.endsWith(sep) ? directory : directory + sep;
  return path === directory || path.startsWith(prefix);
}
