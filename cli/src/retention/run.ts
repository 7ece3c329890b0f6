import { openClient } from "../open-client.ts";
import { printList, printOne } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { EXPIRED_COLUMNS } from "./columns.ts";

/** `retention run` */
export async function runRetention(terminal: Terminal, isDryRun: boolean): Promise<void> {
  await using client = await openClient(terminal);
  const run = await client.retention.run({ isDryRun });
  if (terminal.format === "json" || terminal.format === "jsonl") return printOne(terminal, run, () => "");
  printList(terminal, { rows: run.expired, columns: EXPIRED_COLUMNS, empty: "" });
  terminal.note(
    `${isDryRun ? "Would delete" : "Deleted"} ${run.jobs} jobs and ${run.occurrences} occurrences of timed actions.`,
  );
  if (run.dropped.length > 0) terminal.note(`Dropped ${run.dropped.length} empty partitions of the history.`);
}
