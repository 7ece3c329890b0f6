import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";

/** `queues`: the queues of the queue library. */
export function addQueuesCommand(program: Command, terminal: Terminal): void {
  const queues = program.command("queues").description("the queues of @callsheet/queue: what waits, runs and failed");
  addExamples(queues, [
    ["queues list", "every queue, with how many jobs have each status"],
    ["queues show mail", "one of them: what waits longest, who works, how fast"],
  ]);
  addExamples(
    queues
      .command("list")
      .description("every queue, by name, with how many jobs have each status")
      .action(async () => (await import("../queues/list.ts")).listQueues(terminal)),
    [["queues list --json=name,added,oldestAt", "for a script"]],
  );
  addExamples(
    queues
      .command("show <name>")
      .alias("get")
      .description("one queue: its counts, what waits longest, and what was finished lately")
      .action(async (name) => (await import("../queues/show.ts")).showQueue(terminal, name)),
    [["queues show rjqJobList", "the queue of a program that gave it no name"]],
  );
}
