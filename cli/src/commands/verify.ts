import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { countOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `verify`: whether every invariant holds. */
export function addVerifyCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("verify")
    .description(
      "look at all jobs, their histories and what they hold, at one moment and changing nothing; 1 if an invariant is broken",
    )
    .option("--most <count>", "how many of its findings are told in full", countOption, 20)
    .action(async (flags: { readonly most: number }) => (await import("../verify/run.ts")).runVerify(terminal, flags));
  addExamples(command, [
    ["verify", "what was looked at, and what is broken"],
    ["verify --json", "the same for a script"],
    ["verify --most 1000 --json findings", "what breaks the invariants, a thousand times at most"],
  ]);
}
