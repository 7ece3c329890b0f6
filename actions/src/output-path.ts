import type { BigIntStats } from "node:fs";
import { lstat, realpath } from "node:fs/promises";
import { basename, dirname, join, normalize, relative, sep } from "node:path";
import { failure, quoted } from "./failure.ts";
import { absolutePath } from "./path.ts";
import { isInRoots, type Roots, wouldBeInRoots } from "./roots.ts";

/**
 * Where a file may be published, all links resolved; directories above it need not be there yet: the nearest one that is
 * counts. Fails with `path_invalid` for what is no clear path of a file, with `outside_roots` when it is not below the roots,
 * and with `output_refused` for what cannot be replaced.
 */
export async function outputPath(output: string, roots: Roots): Promise<string> {
  refuseUnclear(absolutePath(output));
  const directory = normalize(dirname(output));
  const nearest = await nearestDirectory(output, directory, roots());
  const path = join(nearest.real, relative(nearest.path, directory), basename(output));
  await replacedAt(output, path);
  return path;
}

/** The regular file that stands where an output will be; undefined: nothing. Anything else is refused. */
export async function replacedAt(output: string, path: string): Promise<BigIntStats | undefined> {
  const facts = await lstat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw outputFailure(output, error);
  });
  if (facts === undefined || facts.isFile()) return facts;
  const kind = facts.isDirectory() ? "a directory" : facts.isSymbolicLink() ? "a link" : "no regular file";
  throw failure("output_refused", `${quoted(output)} is ${kind}: only a regular file is replaced.`);
}

/** What a path means must not depend on which of its directories exist. */
function refuseUnclear(output: string): void {
  const name = quoted(output);
  if (output.split(sep).includes("..")) throw failure("path_invalid", `The output ${name} leads upwards by "..".`);
  if (output.endsWith(sep) || basename(output) === ".") {
    throw failure("path_invalid", `The output ${name} names a directory, not a file.`);
  }
}

interface Nearest {
  readonly path: string;
  readonly real: string;
}

async function nearestDirectory(output: string, directory: string, roots: readonly string[]): Promise<Nearest> {
  for (let path = directory; ; path = dirname(path)) {
    const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
      // Whoever may not write there is not told what exists there either.
      if (!wouldBeInRoots(output, roots)) throw outside(output);
      if (error.code !== "ENOENT") throw outputFailure(output, error);
      return refuseDangling(output, path);
    });
    if (real === undefined) continue;
    if (await isInRoots(real, roots)) return { path, real };
    throw outside(output);
  }
}

/** A link that leads nowhere is there, although what it leads to is not. */
async function refuseDangling(output: string, path: string): Promise<undefined> {
  const facts = await lstat(path).catch(() => undefined);
  if (facts !== undefined) throw failure("output_refused", `${quoted(output)} leads through a link to nothing.`);
}

/** The error for a path outside of the output roots. */
export function outside(output: string): Error {
  return failure("outside_roots", `${quoted(output)} lies outside of the directories that this node may write.`);
}

/** The error of a system call that should have made, or looked at, an output. */
export function outputFailure(output: string, error: unknown): Error {
  const name = quoted(output);
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return failure("output_refused", `This node's user may not write ${name}.`, error);
    case "ENOTDIR":
    case "EEXIST":
      return failure("output_refused", `A file stands where ${name} needs a directory.`, error);
    case "ELOOP":
      return failure("output_refused", `The links of ${name} lead in a circle.`, error);
    case "ENAMETOOLONG":
      return failure("path_invalid", `The output ${name} is longer than the file system allows.`, error);
    default:
      return failure("output_failed", `${name} could not be written: ${code ?? String(error)}.`, error);
  }
}
