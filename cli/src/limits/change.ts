import type { LimitTarget } from "@callsheet/contract";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { LIMIT_COLUMNS } from "./columns.ts";

/** `limits put` */
export async function putLimit(terminal: Terminal, target: LimitTarget, running: number): Promise<void> {
  await using client = await openClient(terminal);
  printList(terminal, { rows: [await client.limits.put(target, { running })], columns: LIMIT_COLUMNS, empty: "" });
}

/** `limits remove` */
export async function removeLimit(terminal: Terminal, target: LimitTarget): Promise<void> {
  await using client = await openClient(terminal);
  await client.limits.remove(target);
  terminal.note("Removed the limit.");
}
