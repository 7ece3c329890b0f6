import { chooseDatabase, type DatabaseChoice, describeDatabase } from "../database-option.ts";
import { usageError } from "../failure.ts";
import type { Terminal } from "../terminal.ts";

/** The database that the command line means. */
export function databaseOf({ flags, variables }: Terminal): DatabaseChoice {
  return chooseDatabase(flags, variables);
}

/** The private server's directory; a database of somebody's is refused, since it is not ours to start or stop. */
export function privateDataDir(terminal: Terminal): string {
  const choice = databaseOf(terminal);
  if ("dataDir" in choice) return choice.dataDir;
  throw usageError(
    `${describeDatabase(choice)} is somebody else's to start and stop.`,
    "Give --data-dir for a private server, or unset DATABASE_URL.",
  );
}
