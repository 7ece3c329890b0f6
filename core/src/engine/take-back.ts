import { dirname, join, relative } from "node:path";
import type { Json } from "@callsheet/contract";
import { z } from "zod";
import type { Environment } from "./environment.ts";

/** By this name a publication stands in the journal of its job. */
export const PUBLISHED = "callsheet.publish";

type Files = Environment["files"];

/** What is about to be made for a file that is published: journaled before, taken back when the job fails. */
const stagingSchema = z.strictObject({
  /** Where it will appear, without links. */
  directory: z.string(),
  name: z.string(),
  /** The hidden name beside it, without its ending. */
  hidden: z.string(),
  /** Directories that are made for it, the uppermost first. */
  made: z.array(z.string()).readonly(),
});
export type Staging = z.output<typeof stagingSchema>;

/** Where a directory is, or will be, without links; and which of those above it, itself included, are not there yet. */
export async function placeOf(
  files: Files,
  directory: string,
): Promise<{ readonly directory: string; readonly made: readonly string[] }> {
  const missing: string[] = [];
  let nearest = directory;
  for (; (await files.kindOf(nearest)) === undefined && nearest !== dirname(nearest); nearest = dirname(nearest))
    missing.unshift(nearest);
  const real = await files.realPath(nearest);
  const within = (path: string) => join(real, relative(nearest, path));
  return { directory: within(directory), made: missing.map(within) };
}

/**
 * Takes back what a publication made that never was to count: its hidden file, the replacement of an older file that it had
 * begun, and directories, as far as they are empty.
 */
export async function takeBack(files: Files, data: Json): Promise<void> {
  const { directory, name, hidden, made } = stagingSchema.parse(data);
  await takeFilesBack(files, { directory, name, hidden });
  for (const path of made.toReversed()) await files.removeEmpty(path);
}

async function takeFilesBack(files: Files, { directory, name, hidden }: Omit<Staging, "made">): Promise<void> {
  if ((await files.kindOf(directory)) !== "directory") return;
  const held = await files.hold(directory);
  try {
    // Another directory stands there by now: nothing in it is ours.
    if (held.path !== directory) return;
    const old = held.at(`${hidden}.old`);
    if ((await files.kindOf(old)) !== undefined) {
      await files.move(old, held.at(name));
      // Two names of one file are still two after that.
      await files.remove(old);
    }
    await files.remove(held.at(`${hidden}.part`));
    await files.flush(held.at("."));
  } finally {
    await held.release();
  }
}
