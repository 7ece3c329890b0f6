import { migrateDatabase } from "@callsheet/core";
import { openPrivateServer } from "@callsheet/postgres";
import type { DatabaseChoice } from "../database-option.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { databaseOf } from "./private-server.ts";

/** Brings the schema up to date. A private server that does not run is started for as long as this takes. */
export async function migrateSchema(terminal: Terminal): Promise<void> {
  const applied = await migrate(databaseOf(terminal), terminal);
  printOne(terminal, { applied }, () =>
    applied.length === 0
      ? "The schema was up to date.\n"
      : applied.map((name) => `${printable(`Applied ${name}`)}\n`).join(""),
  );
}

async function migrate(choice: DatabaseChoice, { signal, variables }: Terminal): Promise<readonly string[]> {
  if ("databaseUrl" in choice) return migrateDatabase(choice);
  const server = await openPrivateServer({ ...choice, signal, env: variables });
  try {
    return await migrateDatabase({ databaseUrl: server.url });
  } finally {
    await server.close();
  }
}
