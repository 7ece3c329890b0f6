import { startDetached } from "@callsheet/postgres";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { privateDataDir } from "./private-server.ts";
import { readStatus, statusText } from "./status.ts";

/** Starts the private server, or takes the running one, and leaves it running. */
export async function startDatabase(terminal: Terminal): Promise<void> {
  const dataDir = privateDataDir(terminal);
  const log = (line: string) => terminal.note(printable(line));
  await startDetached({ dataDir, log, signal: terminal.signal, env: terminal.variables });
  const status = await readStatus({ dataDir });
  printOne(terminal, status, () => statusText(status));
}
