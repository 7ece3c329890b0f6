import { inspectDataDir, serverStatus } from "@callsheet/postgres";
import type { DatabaseChoice } from "../database-option.ts";
import { EXIT } from "../exit-code.ts";
import { failure } from "../failure.ts";
import { printOne } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { databaseOf } from "./private-server.ts";

/** Prints the URL of the database, to whom it belongs. */
export async function printUrl(terminal: Terminal): Promise<void> {
  const url = await urlOf(databaseOf(terminal));
  terminal.note("This URL holds a password: whoever has it can read and change everything.");
  printOne(terminal, { url }, () => `${url}\n`);
}

async function urlOf(choice: DatabaseChoice): Promise<string> {
  if ("databaseUrl" in choice) return choice.databaseUrl;
  const { isOwn, owner, exists } = await inspectDataDir(choice.dataDir);
  if (exists && !isOwn) {
    throw failure(
      "data_directory_foreign",
      `${choice.dataDir} belongs to ${owner}, and so does its password.`,
      `Run this as ${owner}.`,
      EXIT.unauthorized,
    );
  }
  const { url } = await serverStatus(choice.dataDir);
  if (url !== undefined) return url;
  throw failure(
    "server_not_running",
    `No private server runs in ${choice.dataDir}.`,
    "Start it with callsheet db start.",
    EXIT.conflict,
  );
}
