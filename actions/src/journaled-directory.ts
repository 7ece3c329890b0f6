import { lstat, mkdir, rmdir } from "node:fs/promises";
import { dirname } from "node:path";
import type { JobContext, Json, Undo } from "@callsheet/contract";
import { z } from "zod";
import { outputFailure, outputPath } from "./output-path.ts";
import type { Roots } from "./roots.ts";

const madeSchema = z.strictObject({ directory: z.string() });

/** Removes directories that were made, as far as they are empty: what others put there since stays. */
export const directoriesOf = (roots: Roots) => ({
  undo: (async (data) => {
    const { directory } = madeSchema.parse(data);
    await outputPath(`${directory}/any`, roots).catch(() => undefined);
    await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
      if (!STAYS.has(error.code ?? "")) throw error;
    });
  }) satisfies Undo,
});

const STAYS: ReadonlySet<string> = new Set(["ENOENT", "ENOTEMPTY", "EEXIST", "ENOTDIR"]);

/** The variable of a job that names what its attempts have made. */
const MADE = "directories";

/**
 * Makes a directory and those above it that are missing, each journaled before it is made. Those that an earlier attempt made,
 * which it had to leave because there was something in them, are journaled again.
 */
export async function makeJournaled(
  { undo, variables }: Pick<JobContext<unknown, "directory">, "undo" | "variables">,
  output: string,
  directory: string,
): Promise<void> {
  const missing: string[] = [];
  for (let path = directory; !(await exists(path)); path = dirname(path)) missing.unshift(path);
  const made = z.array(z.string()).catch([]).parse(variables.get(MADE));
  const ours = [...new Set([...made, ...missing])];
  if (ours.length > made.length) await variables.set(MADE, ours);
  for (const path of ours) await undo("directory", { directory: path } satisfies z.input<typeof madeSchema> as Json);
  for (const path of missing) {
    await mkdir(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "EEXIST") throw outputFailure(output, error);
    });
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return false;
      throw outputFailure(path, error);
    },
  );
}
