import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, resolve } from "node:path";
import { readMediaRoot } from "@callsheet/contract";
import { usageError } from "../failure.ts";
import type { NodeFlags } from "./node-flags.ts";

/** The variables that the action types of media, also those in processes of their own, take their roots from. */
export const ROOT_VARIABLES = { media: "CALLSHEET_MEDIA_ROOTS", output: "CALLSHEET_OUTPUT_ROOTS" } as const;

/** The directories that a variable names. */
export function rootsIn(variables: NodeJS.ProcessEnv, which: keyof typeof ROOT_VARIABLES): readonly string[] {
  const entries = (variables[ROOT_VARIABLES[which]] ?? "").split(delimiter).filter(Boolean);
  return which === "media" ? entries.map((entry) => readMediaRoot(entry).directory) : entries;
}

/** The directories that may be read, each with the name by which assets know it. */
export function namedRootsIn(variables: NodeJS.ProcessEnv): readonly string[] {
  const roots = (variables[ROOT_VARIABLES.media] ?? "").split(delimiter).filter(Boolean).map(readMediaRoot);
  return roots.map(({ name, directory }) => (name === null ? directory : `${directory} (${name})`));
}

/** Puts the directories of the command line in place of those of the environment, once they are known to be usable. */
export async function settleRoots(
  flags: Pick<NodeFlags, "media" | "output">,
  variables: NodeJS.ProcessEnv,
): Promise<void> {
  const modes = { media: constants.R_OK, output: constants.R_OK | constants.W_OK } as const;
  for (const which of ["media", "output"] as const) {
    const given = flags[which]?.map(which === "media" ? absoluteRoot : (directory) => resolve(directory));
    if (given === undefined) continue;
    variables[ROOT_VARIABLES[which]] = given.join(delimiter);
    if (given.length !== rootsIn(variables, which).length)
      throw usageError(`--${which}: a directory has a "${delimiter}" in its name.`, "Name it by a link without one.");
    for (const directory of rootsIn(variables, which)) await requireDirectory(directory, `--${which}`, modes[which]);
  }
}

/** `name=directory` or a directory, from the root on. */
function absoluteRoot(text: string): string {
  const { name, directory } = readMediaRoot(text);
  return directory === text ? resolve(text) : `${name}=${resolve(directory)}`;
}

async function requireDirectory(directory: string, option: string, mode: number): Promise<void> {
  const isThere = await stat(directory).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  if (!isThere) throw usageError(`${option}: there is no directory ${directory}.`, "Make it, or name another one.");
  const what = mode & constants.W_OK ? "written" : "read";
  await access(directory, mode | constants.X_OK).catch(() => {
    throw usageError(`${option}: ${directory} cannot be ${what} by this user.`, "Correct its permissions.");
  });
}
