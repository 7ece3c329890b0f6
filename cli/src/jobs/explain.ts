import { findId } from "../job-id.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

/** `jobs explain` */
export async function explainJob(terminal: Terminal, text: string): Promise<void> {
  await using client = await openClient(terminal);
  const explanation = await client.jobs.explain(await findId(client.jobs, text));
  printOne(terminal, explanation, () => `${printable(explanation.sentence)}\n`);
}
