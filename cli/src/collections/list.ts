import type { CollectionFilter } from "@callsheet/contract";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { COLLECTION_COLUMNS } from "./columns.ts";

const EMPTY = "There is no such collection. callsheet collections create NAME makes one.";

/** `collections list` */
export async function listCollections(terminal: Terminal, filter: CollectionFilter): Promise<void> {
  await using client = await openClient(terminal);
  printList(terminal, { rows: await client.collections.list(filter), columns: COLLECTION_COLUMNS, empty: EMPTY });
}
