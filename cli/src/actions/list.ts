import type { Action } from "@callsheet/contract";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Column } from "../table.ts";
import type { Terminal } from "../terminal.ts";

const COLUMNS: readonly Column<Action>[] = [
  { title: "Name", cell: ({ name }) => name },
  { title: "Type", cell: ({ type }) => type },
];

export async function listActions(terminal: Terminal): Promise<void> {
  await using client = await openClient(terminal);
  const rows = await client.actions.list();
  printList(terminal, { rows, columns: COLUMNS, empty: "There are no actions yet." });
}
