import { setTimeout } from "node:timers/promises";
import type { CallsheetClient, NodeDetails } from "@callsheet/contract";
import { openClient } from "../open-client.ts";
import type { Terminal } from "../terminal.ts";
import { printNode } from "./show.ts";

const LOOK_MS = 500;

/** `nodes drain` */
export async function drainNode(terminal: Terminal, name: string, { wait }: { readonly wait?: true }): Promise<void> {
  await using client = await openClient(terminal);
  const draining = await client.nodes.drain(name);
  printNode(terminal, wait ? await ended(terminal, client, draining) : draining);
}

/** Waits for the end of this life; another one of its name may begin meanwhile. */
async function ended({ signal }: Terminal, client: CallsheetClient, node: NodeDetails): Promise<NodeDetails> {
  const { name, incarnation } = node;
  for (;;) {
    const now = await client.nodes.get(name);
    if (now.incarnation !== incarnation || now.endedAt !== null) return now;
    await setTimeout(LOOK_MS, undefined, { signal });
  }
}

/** `nodes maintenance` */
export async function maintainNode(terminal: Terminal, name: string): Promise<void> {
  await using client = await openClient(terminal);
  printNode(terminal, await client.nodes.maintain(name));
}

/** `nodes resume` */
export async function resumeNode(terminal: Terminal, name: string): Promise<void> {
  await using client = await openClient(terminal);
  printNode(terminal, await client.nodes.resume(name));
}
