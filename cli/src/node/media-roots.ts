import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, resolve } from "node:path";
import { usageError } from "../failure.ts";
import type { NodeFlags } from "./node-flags.ts";

/** The variables that the action types of media, also those in processes of their own, take their roots from. */
export const ROOT_VARIABLES = { media: "CALLSHEET_MEDIA_ROOTS", output: "CALLSHEET_OUTPUT_ROOTS" } as const;

/** The directories that a variable names. */
export function rootsIn(variables: NodeJS.ProcessEnv, which: keyof typeof ROOT_VARIABLES): readonly string[] {
  return (variables[ROOT_VARIABLES[which]] ?? "").split(delimiter).filter(Boolean);
}

/** Puts the directories of the command line in place of those of the environment, once they are known to be usable. */
export async function settleRoots(flags: NodeFlags, variables: NodeJS.ProcessEnv): Promise<void> {
  const modes = { media: constants.R_OK, output: constants.R_OK | constants.W_OK } as const;
  for (const which of ["media", "output"] as const) {
    const given = flags[which]?.map((directory) => resolve(directory));
    if (given === undefined) continue;
    for (const directory of given) await requireDirectory(directory, `--${which}`, modes[which]);
    variables[ROOT_VARIABLES[which]] = given.join(delimiter);
  }
}

async function requireDirectory(directory: string, option: string, mode: number): Promise<void> {
  if (directory.includes(delimiter))
    throw usageError(`${option}: ${directory} has a "${delimiter}" in its name.`, "Name it by a link without one.");
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
