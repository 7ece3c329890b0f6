import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { ACTION_COLUMNS } from "./columns.ts";

const EMPTY = "There are no actions yet. callsheet actions put NAME --type TYPE makes one.";

/** `actions list` */
export async function listActions(terminal: Terminal): Promise<void> {
  await using client = await openClient(terminal);
  const actions = await client.actions.list();
  const rows = actions.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  printList(terminal, { rows, columns: ACTION_COLUMNS, empty: EMPTY });
}
