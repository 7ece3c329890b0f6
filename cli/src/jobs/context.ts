import { findId } from "../job-id.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { valueLines } from "../value-text.ts";

/** `jobs context` */
export async function showContext(terminal: Terminal, text: string): Promise<void> {
  await using client = await openClient(terminal);
  const context = await client.jobs.context(await findId(client.jobs, text));
  printOne(terminal, context, () => `${valueLines(context).join("\n")}\n`);
}
