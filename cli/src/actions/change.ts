import type { Action, ActionsClient } from "@callsheet/contract";
import { confirm } from "../confirm.ts";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { ACTION_COLUMNS } from "./columns.ts";

/** Does one thing to each of the named actions, and prints them as they are then. */
export async function eachAction(
  terminal: Terminal,
  names: readonly string[],
  act: (actions: ActionsClient, name: string) => Promise<Action>,
): Promise<void> {
  await using client = await openClient(terminal);
  const rows: Action[] = [];
  for (const name of names) rows.push(await act(client.actions, name));
  printList(terminal, { rows, columns: ACTION_COLUMNS, empty: "" });
}

/** `actions delete` */
export async function deleteActions(terminal: Terminal, names: readonly string[]): Promise<void> {
  await using client = await openClient(terminal);
  const { actions } = client;
  for (const name of names) await actions.get(name);
  await confirm(
    terminal,
    `Shall ${names.map(printable).join(", ")} be deleted? Its jobs can still be run and retried.`,
  );
  for (const name of names) await actions.remove(name);
  terminal.note(`Deleted ${names.map(printable).join(", ")}.`);
}
