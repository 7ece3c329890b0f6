import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { EXIT } from "../exit-code.ts";
import { printable } from "../printable.ts";
import type { Terminal } from "../terminal.ts";

/** `demo`: real media through real jobs. */
export function addDemoCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("demo")
    .description("run the sample media through checksum and probe jobs, and show how they went")
    .action(() => demo(terminal));
  addExamples(command, [
    ["demo", "real media files through real jobs, in a few seconds"],
    ["demo --data-dir ./demo", "the same, with the database in a directory of your choice"],
  ]);
}

async function demo(terminal: Terminal): Promise<void> {
  // Loaded when they are needed, so that --help and --version answer at once.
  const { chooseDatabase, describeDatabase } = await import("../database-option.ts");
  const { findSamples } = await import("../samples.ts");
  const { runDemo } = await import("../demo.ts");
  const media = findSamples();
  const database = chooseDatabase(terminal.flags, terminal.variables, "demo");
  const lines = [`Media: ${media}`, `Database: ${describeDatabase(database)}`, ""];
  terminal.write(lines.map((line) => `${printable(line)}\n`).join(""));
  const completed = await runDemo({ media, database, output: terminal.stdout, signal: terminal.signal });
  if (!completed) terminal.exitCode = EXIT.failed;
}
