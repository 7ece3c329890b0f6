import type { BigIntStats } from "node:fs";
import { lstat, mkdir, realpath, statfs } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, normalize, relative, sep } from "node:path";
import { z } from "zod";
import { failure, quoted } from "./failure.ts";
import { isInRoots, type Roots, wouldBeInRoots } from "./roots.ts";

/** The absolute path of the file to make, below an output root of the node. A file that is there is replaced. */
export const outputSchema = z.string().min(1).max(4096);

/** Where a file will appear. Its directory exists. */
export interface Destination {
  /** As the configuration names it. */
  readonly output: string;
  /** The same with all links of its directory resolved. */
  readonly path: string;
  readonly directory: string;
  /** What stands there now and will be replaced. */
  readonly replaced: BigIntStats | undefined;
}

/**
 * Checks that a file may be made at a path, and makes the directories that are missing. The nearest directory that exists is
 * what counts, its links resolved. Fails with `path_invalid`, `outside_roots`, `output_refused` or `output_failed`.
 */
export async function prepareDestination(output: string, roots: Roots): Promise<Destination> {
  refuseUnclear(output);
  const directory = dirname(output);
  const existing = await nearestDirectory(output, directory, roots());
  const real = join(existing.real, relative(existing.path, directory));
  await mkdir(real, { recursive: true }).catch((error) => refuse(output, error));
  // A directory may have been exchanged for a link while the missing ones were made.
  if ((await realpath(real).catch((error) => refuse(output, error))) !== real) throw outside(output);
  const path = join(real, basename(output));
  return { output, path, directory: real, replaced: await replacedAt(output, path) };
}

/** Fails with `disk_full` when a file system has less room than `bytes`, and says how much is missing. */
export async function requireRoom(destination: Destination, bytes: number): Promise<void> {
  const missing = bytes - (await roomOf(destination));
  if (missing > 0) throw diskFull(destination.output, missing);
}

/** Bytes that this node's user may still write there. */
export async function roomOf({ output, directory }: Destination): Promise<number> {
  const { bavail, bsize } = await statfs(directory).catch((error) => refuse(output, error));
  return bavail * bsize;
}

/** The error of a file system on which there is no room for so many more bytes. */
export function diskFull(output: string, missing: number, cause?: unknown): Error {
  const room = `${amount(missing)} more than there is`;
  return failure(
    "disk_full",
    `The disk is full: ${quoted(output)} needs ${room}. Make room, then retry the job.`,
    cause,
  );
}

const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"] as const;

/** Three digits that matter, in powers of a thousand: `1.23 GB`. */
export function amount(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  return `${Number((bytes / 1000 ** power).toPrecision(3))} ${UNITS[power]}`;
}

/** What a path means must not depend on where the node was started, nor on which of its directories exist. */
function refuseUnclear(output: string): void {
  const problem = problemOf(output);
  if (problem !== undefined) throw failure("path_invalid", `The output ${quoted(output)} ${problem}.`);
}

function problemOf(output: string): string | undefined {
  if (output.includes("\0")) return "contains a NUL character";
  if (!isAbsolute(output)) return "is not absolute";
  if (output.split(sep).includes("..")) return 'leads upwards by ".."';
  if (output.endsWith(sep) || basename(output) === ".") return "names a directory, not a file";
  return undefined;
}

interface Existing {
  readonly path: string;
  readonly real: string;
}

async function nearestDirectory(output: string, directory: string, roots: readonly string[]): Promise<Existing> {
  for (let path = normalize(directory); ; path = dirname(path)) {
    const real = await realpath(path).catch((error: NodeJS.ErrnoException) => {
      // Whoever may not write there is not told what exists there either.
      if (!wouldBeInRoots(output, roots)) throw outside(output);
      return error.code === "ENOENT" ? lastLink(output, path) : refuse(output, error);
    });
    if (real === undefined) continue;
    if (await isInRoots(real, roots)) return { path, real };
    throw outside(output);
  }
}

/** A link that leads nowhere is there, although what it leads to is not. */
async function lastLink(output: string, path: string): Promise<undefined> {
  const facts = await lstat(path).catch(() => undefined);
  if (facts !== undefined) throw failure("output_refused", `${quoted(output)} leads through a link to nothing.`);
}

async function replacedAt(output: string, path: string): Promise<BigIntStats | undefined> {
  const facts = await lstat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    return error.code === "ENOENT" ? undefined : refuse(output, error);
  });
  if (facts === undefined || facts.isFile()) return facts;
  const kind = facts.isDirectory() ? "a directory" : facts.isSymbolicLink() ? "a link" : "no regular file";
  throw failure("output_refused", `${quoted(output)} is ${kind}: only a regular file is replaced.`);
}

function outside(output: string): Error {
  return failure("outside_roots", `${quoted(output)} lies outside of the directories that this node may write.`);
}

function refuse(output: string, error: unknown): never {
  throw refuseOutput(output, error);
}

/** The error of a system call that should have made, or looked at, an output. */
export function refuseOutput(output: string, error: unknown): Error {
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
