import { migrateDatabase } from "@callsheet/core";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { withUrl } from "./private-server.ts";

/** Brings the schema up to date. */
export async function migrateSchema(terminal: Terminal): Promise<void> {
  const applied = await withUrl(terminal, (databaseUrl) => migrateDatabase({ databaseUrl }));
  printOne(terminal, { applied }, () =>
    applied.length === 0
      ? "The schema was up to date.\n"
      : applied.map((name) => `${printable(`Applied ${name}`)}\n`).join(""),
  );
}
