import type { Labels } from "@callsheet/contract";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { nodeColumns } from "./columns.ts";

interface ListFlags {
  readonly all?: true;
  readonly site?: string;
  readonly label?: Labels;
}

/** `nodes list` */
export async function listNodes(terminal: Terminal, { all, site, label }: ListFlags): Promise<void> {
  await using client = await openClient(terminal);
  const filter = { ...(all && { ended: all }), ...(site !== undefined && { site }), ...(label && { labels: label }) };
  const rows = await client.nodes.list(filter);
  printList(terminal, { rows, columns: nodeColumns(new Date()), empty: "No node is there." });
}
