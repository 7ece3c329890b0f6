import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { queueColumns } from "./columns.ts";

const EMPTY = "There are no queues yet. A program makes one when it first opens it: new Queue().";

/** `queues list` */
export async function listQueues(terminal: Terminal): Promise<void> {
  await using client = await openClient(terminal);
  printList(terminal, { rows: await client.queues.list(), columns: queueColumns(new Date()), empty: EMPTY });
}
