import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";

/** `actions`: definitions of work. */
export function addActionsCommand(program: Command, terminal: Terminal): void {
  const actions = program.command("actions").description("definitions of work: look at them, put them, copy them");
  addExamples(actions, [["actions list", "every action"]]);
  actions
    .command("list")
    .description("every action, by name")
    .action(async () => (await import("../actions/list.ts")).listActions(terminal));
}
