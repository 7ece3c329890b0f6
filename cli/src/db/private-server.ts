import { openPrivateServer } from "@callsheet/postgres";
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

/**
 * Does something with the database that the command line means. A private server that does not run is started for as long
 * as this takes.
 */
export async function withUrl<T>(terminal: Terminal, work: (databaseUrl: string) => Promise<T>): Promise<T> {
  const choice = databaseOf(terminal);
  if ("databaseUrl" in choice) return work(choice.databaseUrl);
  const server = await openPrivateServer({ ...choice, signal: terminal.signal, env: terminal.variables });
  try {
    return await work(server.url);
  } finally {
    await server.close();
  }
}
