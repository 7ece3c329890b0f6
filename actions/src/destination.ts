import type { BigIntStats } from "node:fs";
import { mkdir, realpath, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { failure, quoted } from "./failure.ts";
import { outputFailure, outputPath, outside, replacedAt } from "./output-path.ts";
import type { Roots } from "./roots.ts";

/** Where a file will appear that is made beside it. */
export interface Destination {
  /** As the configuration names it. */
  readonly output: string;
  /** The same with all links of its directory resolved. */
  readonly path: string;
  /** It exists. */
  readonly directory: string;
  /** What stands there now and will be replaced. */
  readonly replaced: BigIntStats | undefined;
}

/** Checks that a file may be made at a path, as `outputPath` does, and makes the directories that are missing. */
export async function prepareDestination(output: string, roots: Roots): Promise<Destination> {
  const path = await outputPath(output, roots);
  const directory = dirname(path);
  const real = await mkdir(directory, { recursive: true })
    .then(() => realpath(directory))
    .catch((error) => {
      throw outputFailure(output, error);
    });
  // A directory may have been exchanged for a link while the missing ones were made.
  if (real !== directory) throw outside(output);
  return { output, path, directory, replaced: await replacedAt(output, path) };
}

/** Fails with `disk_full` when a file system has less room than `bytes`, and says how much is missing. */
export async function requireRoom(destination: Destination, bytes: number): Promise<void> {
  const missing = bytes - (await roomOf(destination));
  if (missing > 0) throw diskFull(destination.output, missing);
}

/** Bytes that this node's user may still write there. */
export async function roomOf({ output, directory }: Destination): Promise<number> {
  const { bavail, bsize } = await statfs(directory).catch((error) => {
    throw outputFailure(output, error);
  });
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
