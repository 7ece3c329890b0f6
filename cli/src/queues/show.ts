import { QUEUE_STATUSES, type QueueSummary } from "@callsheet/contract";
import { colours } from "../colours.ts";
import { type Fact, factsText } from "../facts.ts";
import { formatInstant } from "../moment.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";
import { queueState, waitText } from "./columns.ts";

/** `queues show` */
export async function showQueue(terminal: Terminal, name: string): Promise<void> {
  await using client = await openClient(terminal);
  const queue = await client.queues.get(name);
  printOne(terminal, queue, () => queueText(queue, new Date()));
}

/** A queue for a person. */
export function queueText(queue: QueueSummary, now: Date): string {
  const { name, action, workers, total, oldestAt, finishedLastMinute } = queue;
  const counts = QUEUE_STATUSES.filter((status) => queue[status] > 0).map((status) => `${queue[status]} ${status}`);
  const facts: readonly Fact[] = [
    ["State", queueState(queue) || "open"],
    ["Workers", String(workers)],
    ["Jobs", total === 0 ? "none" : counts.join(", ")],
    ...(oldestAt === null ? [] : [["Waits", `${waitText(oldestAt, now)}, since ${formatInstant(oldestAt)}`] as const]),
    ["Finished", `${finishedLastMinute} in the last minute`],
    ["Action", action],
  ];
  return `${colours.bold(printable(name))}\n${factsText(facts)}`;
}
