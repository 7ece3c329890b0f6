import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { RETENTION_COLUMNS } from "./columns.ts";

const EMPTY = "There is no rule: settled jobs are kept for ever. callsheet retention put --keep 90d makes one.";

/** `retention list` */
export async function listRetention(terminal: Terminal): Promise<void> {
  await using client = await openClient(terminal);
  printList(terminal, { rows: await client.retention.list(), columns: RETENTION_COLUMNS, empty: EMPTY });
}
