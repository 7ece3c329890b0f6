import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";

/** `doctor`: what was found, what is missing, what to do. */
export function addDoctorCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("doctor")
    .description("look at all that Callsheet needs here, and say what to do; 1 if there is a problem")
    .action(async () => (await import("../doctor/examine.ts")).examine(terminal));
  addExamples(command, [
    ["doctor", "this machine, and the private server or DATABASE_URL"],
    ["doctor --json", "the same for a script"],
  ]);
}
