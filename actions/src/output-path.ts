import { realpath } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { failure, quoted } from "./failure.ts";
import { absolutePath } from "./path.ts";
import { isInRoots, type Roots } from "./roots.ts";

/** The absolute path at which a file that is made appears, below the directories that the node may write. */
export const outputSchema = z.string().min(1).max(4096);

/**
 * Where a file may be published, all links resolved; directories above it need not be there yet. Fails with `outside_roots`
 * when that is not below the roots, and with `path_invalid` for what is no path of a file.
 */
export async function outputPath(path: string, outputRoots: Roots): Promise<string> {
  const wanted = resolve(absolutePath(path));
  const directory = await realDirectory(dirname(wanted));
  if (directory !== undefined && (await isInRoots(directory, outputRoots()))) return join(directory, basename(wanted));
  throw failure("outside_roots", `${quoted(path)} lies outside of the directories that this node may write.`);
}

/** With the links of the part that exists resolved; undefined where that cannot be told. */
async function realDirectory(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" || dirname(path) === path) return undefined;
    const above = await realDirectory(dirname(path));
    return above === undefined ? undefined : join(above, basename(path));
  }
}
