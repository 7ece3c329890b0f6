import type { RetentionTarget } from "@callsheet/contract";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { RETENTION_COLUMNS } from "./columns.ts";

/** `retention put` */
export async function putRetention(
  terminal: Terminal,
  target: RetentionTarget,
  keep: number | "forever",
): Promise<void> {
  await using client = await openClient(terminal);
  const rule = await client.retention.put(target, { keepMs: keep === "forever" ? null : keep });
  printList(terminal, { rows: [rule], columns: RETENTION_COLUMNS, empty: "" });
}

/** `retention remove` */
export async function removeRetention(terminal: Terminal, target: RetentionTarget): Promise<void> {
  await using client = await openClient(terminal);
  await client.retention.remove(target);
  terminal.note("Removed the rule.");
}
