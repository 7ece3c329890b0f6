import { isAbsolute } from "node:path";
import type { JobAsset, JobContext } from "@callsheet/contract";
import { z } from "zod";
import { failure, quoted } from "./failure.ts";

/** An absolute path of the node's file system; without it, the job's target names the file: an asset, or one of type `file`. */
export const pathSchema = z.string().min(1).max(4096).optional();

type Context = JobContext<{ readonly path?: string | undefined }>;

/** The file that a job is about: its configuration's `path`, else that of its target. */
export async function pathOf(context: Context): Promise<string> {
  const { configuration, target } = context;
  const asset = await assetOf(context);
  const path = configuration.path ?? asset?.file ?? (target?.type === "file" ? target.id : undefined);
  if (path === undefined) {
    throw failure("no_path", 'The job names no file: give configuration.path or a target of type "asset" or "file".');
  }
  return absolutePath(path);
}

/** The asset whose file a job is about; undefined: it is about another one. */
export async function assetOf({ configuration, target, asset }: Context): Promise<JobAsset | undefined> {
  return configuration.path === undefined && target?.type === "asset" ? asset() : undefined;
}

/** The path itself. Fails with `path_invalid` when it is relative or no path at all. */
export function absolutePath(path: string): string {
  if (path.includes("\0")) throw failure("path_invalid", `The path ${quoted(path)} contains a NUL character.`);
  // What a relative path means depends on where the node was started.
  if (!isAbsolute(path)) throw failure("path_invalid", `The path ${quoted(path)} is not absolute.`);
  return path;
}
