import type { ResourcePlace } from "@callsheet/contract";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { resourceColumns } from "./columns.ts";

/** `resources start`, `resources stop`, `resources drain` */
export async function switchResource(
  terminal: Terminal,
  verb: "start" | "stop" | "drain",
  name: string,
  { site, node }: ResourcePlace,
): Promise<void> {
  await using client = await openClient(terminal);
  const resource = await client.resources[verb](name, { site, node });
  printList(terminal, { rows: [resource], columns: resourceColumns(new Date()), empty: "" });
}

/** `resources remove` */
export async function removeResource(terminal: Terminal, name: string, { site, node }: ResourcePlace): Promise<void> {
  await using client = await openClient(terminal);
  await client.resources.remove(name, { site, node });
  terminal.note(`Removed ${printable(name)}.`);
}

/** `resources report` */
export async function reportResource(
  terminal: Terminal,
  name: string,
  { left, site, node }: ResourcePlace & { readonly left: number },
): Promise<void> {
  await using client = await openClient(terminal);
  await client.resources.report(name, { left, site, node });
  terminal.note(`${left} of ${printable(name)} left.`);
}
