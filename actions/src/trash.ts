import { lstat, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { JobContext, Json, Undo } from "@callsheet/contract";
import { z } from "zod";
import { failure, isSystemError, quoted } from "./failure.ts";
import { flushDirectory } from "./flush-directory.ts";
import { outputFailure, outputPath } from "./output-path.ts";
import type { Roots } from "./roots.ts";

/** File names have at most 255 bytes; the rest is for the job and the attempt. */
const LONGEST_NAME_BYTES = 150;

/** A file that has another name until its job has ended. Which file it is is told by the system's number of it. */
const removedSchema = z.strictObject({ file: z.string(), trash: z.string(), inode: z.string() });

/** What puts files into a trash beside them can do for its journal: put them back, or remove them for good. */
export const trashOf = (roots: Roots) => ({
  undo: (async (data) => restore(data, roots)) satisfies Undo,
  keep: (async (data) => empty(data, roots)) satisfies Undo,
});

/**
 * Gives a file a hidden name beside its own, for as long as its job may still fail: `.NAME.<job>.<attempt>.trash`. It is gone
 * for good once the job has completed.
 */
export async function moveToTrash(
  context: Pick<JobContext<unknown, "trash">, "undo" | "job" | "attempt">,
  file: string,
) {
  const { job, attempt, undo } = context;
  const name = new TextEncoder().encode(basename(file)).subarray(0, LONGEST_NAME_BYTES);
  const trash = join(dirname(file), `.${new TextDecoder().decode(name)}.${job.id}.${attempt}.trash`);
  const inode = await inodeOf(file);
  if (inode === undefined) throw failure("file_not_found", `There is no file ${quoted(file)}.`);
  await undo("trash", { file, trash, inode } satisfies z.input<typeof removedSchema> as Json);
  await renameWithin(file, trash);
}

async function restore(data: Json, roots: Roots): Promise<void> {
  const { file, trash, inode } = removedSchema.parse(data);
  await outputPath(file, roots);
  const [there, kept] = [await inodeOf(file), await inodeOf(trash)];
  // It was never taken away, or is back already.
  if (there === inode && kept === undefined) return;
  if (kept !== inode)
    throw failure("file_not_found", `${quoted(file)} cannot be put back: its trash is not there any more.`);
  if (there !== undefined)
    throw failure("output_refused", `${quoted(file)} cannot be put back: another file stands there.`);
  await renameWithin(trash, file);
}

async function empty(data: Json, roots: Roots): Promise<void> {
  const { file, trash, inode } = removedSchema.parse(data);
  await outputPath(file, roots);
  if ((await inodeOf(trash)) !== inode) return;
  await rm(trash, { force: true });
  await flushDirectory(dirname(trash));
}

/** What tells a file from others that have its name; undefined: there is none. */
export async function inodeOf(path: string): Promise<string | undefined> {
  const facts = await lstat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw outputFailure(path, error);
  });
  return facts && `${facts.dev}:${facts.ino}`;
}

/** Gives a file another name, for good. Fails with `output_refused` or `output_failed`. */
export async function renameWithin(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
    for (const directory of new Set([dirname(to), dirname(from)])) await flushDirectory(directory);
  } catch (error) {
    throw isSystemError(error) && error.code !== "EXDEV" ? outputFailure(to, error) : error;
  }
}
