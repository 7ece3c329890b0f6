import { isAbsolute } from "node:path";
import type { JobContext } from "@callsheet/contract";
import { z } from "zod";
import { failure, quoted } from "./failure.ts";

/** An absolute path of the node's file system; without it, the job's target of type `file` names the file. */
export const pathSchema = z.string().min(1).max(4096).optional();

/** The file that a job is about: its configuration's `path`, else its target of type `file`. */
export function pathOf(context: JobContext<{ readonly path?: string | undefined }>): string {
  const { configuration, target } = context;
  const path = configuration.path ?? (target?.type === "file" ? target.id : undefined);
  if (path === undefined) {
    throw failure("no_path", 'The job names no file: give configuration.path or a target of type "file".');
  }
  return absolutePath(path);
}

/** The path itself. Fails with `path_invalid` when it is relative or no path at all. */
export function absolutePath(path: string): string {
  if (path.includes("\0")) throw failure("path_invalid", `The path ${quoted(path)} contains a NUL character.`);
  // What a relative path means depends on where the node was started.
  if (!isAbsolute(path)) throw failure("path_invalid", `The path ${quoted(path)} is not absolute.`);
  return path;
}
