import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { pauseColumns } from "./columns.ts";

/** `pauses list` */
export async function listPauses(terminal: Terminal): Promise<void> {
  await using client = await openClient(terminal);
  const rows = await client.pauses.list();
  printList(terminal, { rows, columns: pauseColumns(new Date()), empty: "Nothing is paused." });
}
