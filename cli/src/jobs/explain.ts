import { findId } from "../job-id.ts";
import { withLocalTimes } from "../moment.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { nameOfTarget } from "./target-names.ts";

/** `jobs explain` */
export async function explainJob(terminal: Terminal, text: string): Promise<void> {
  await using client = await openClient(terminal);
  const id = await findId(client.jobs, text);
  const [job, explanation] = await Promise.all([client.jobs.get(id), client.jobs.explain(id)]);
  const targetName = (await nameOfTarget(client, job)) ?? null;
  const about = targetName === null ? "" : `${printable(`${job.target!.type} ${job.target!.id}: ${targetName}`)}\n`;
  const sentence = `${printable(withLocalTimes(explanation.sentence))}\n`;
  printOne(terminal, { ...explanation, targetName }, () => about + sentence);
}
