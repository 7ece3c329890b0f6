import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { resourceColumns } from "./columns.ts";

const EMPTY = "There are no resources yet. callsheet resources put NAME --capacity UNITS makes one.";

/** `resources list` */
export async function listResources(terminal: Terminal): Promise<void> {
  await using client = await openClient(terminal);
  printList(terminal, { rows: await client.resources.list(), columns: resourceColumns(new Date()), empty: EMPTY });
}
