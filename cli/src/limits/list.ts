import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { LIMIT_COLUMNS } from "./columns.ts";

const EMPTY = "Nothing is limited. callsheet limits put --queue NAME --running COUNT does.";

/** `limits list` */
export async function listLimits(terminal: Terminal): Promise<void> {
  await using client = await openClient(terminal);
  printList(terminal, { rows: await client.limits.list(), columns: LIMIT_COLUMNS, empty: EMPTY });
}
