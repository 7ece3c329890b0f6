import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { countOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `limits`: how many jobs of something run at once. */
export function addLimitsCommand(program: Command, terminal: Terminal): void {
  const limits = program.command("limits").description("how many jobs of an action, a queue or a site run at once");
  addExamples(limits, [
    ["limits put --queue ingest --running 4", "four at once, on all nodes together"],
    ["limits put --action '*' --running 10", "ten of each action that has no limit of its own"],
    ["limits list", "every limit, with how many run"],
  ]);
  addExamples(
    limits
      .command("list")
      .description("every limit, with how many jobs run under it")
      .action(async () => (await import("../limits/list.ts")).listLimits(terminal)),
    [["limits list --json", "for a script"]],
  );
  addExamples(
    ofSomething(limits.command("put"))
      .description("limit one thing; what runs already counts, and goes on")
      .requiredOption("--running <count>", "how many may run at once", countOption)
      .action(async ({ running, ...target }) =>
        (await import("../limits/change.ts")).putLimit(terminal, target, running),
      ),
    [["limits put --site london --running 20", "whatever else would allow more"]],
  );
  addExamples(
    ofSomething(limits.command("remove"))
      .description("take a limit away; then the one of '*' counts, if there is one")
      .action(async (target) => (await import("../limits/change.ts")).removeLimit(terminal, target)),
    [["limits remove --queue ingest", "as many as there are slots"]],
  );
}

function ofSomething(command: Command): Command {
  return command
    .option("--action <name>", "of this action; '*': of each that has no limit of its own")
    .option("--queue <name>", "of this queue")
    .option("--site <name>", "of this site");
}
