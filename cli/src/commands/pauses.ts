import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";

/** `pause`, `resume` and `pauses`: what may not start for the time being. */
export function addPauseCommands(program: Command, terminal: Terminal): void {
  addExamples(
    ofSomething(program.command("pause"))
      .description("let nothing of an action, a queue, a site or a node start until it is resumed; what runs goes on")
      .action(async (target) => (await import("../pauses/change.ts")).pause(terminal, target)),
    [
      ["pause --queue ingest --reason 'the storage moves'", "jobs stay where they are; jobs explain tells the reason"],
      ["pause --node edit-01", "it takes no more jobs, and goes on with those it runs"],
    ],
  );
  addExamples(
    ofSomething(program.command("resume"))
      .description("let it start again, unless something else holds it")
      .action(async (target) => (await import("../pauses/change.ts")).resume(terminal, target)),
    [["resume --queue ingest", "its jobs start at once"]],
  );
  const pauses = program.command("pauses").description("what is paused");
  addExamples(pauses, [["pauses list", "what is paused, since when, by whom and why"]]);
  addExamples(
    pauses
      .command("list")
      .description("what is paused, since when, by whom and why")
      .action(async () => (await import("../pauses/list.ts")).listPauses(terminal)),
    [["pauses list", "the longest standing first"]],
  );
}

function ofSomething(command: Command): Command {
  return command
    .option("--action <name>", "all jobs of this action")
    .option("--queue <name>", "all jobs of this queue")
    .option("--site <name>", "all jobs of this site")
    .option("--node <name>", "whatever this node would take");
}
