import type { Command } from "commander";

/** A command line without `callsheet`, and what it does. */
export type Example = readonly [line: string, meaning: string];

/** Puts examples before everything else in a command's help. */
export function addExamples(command: Command, examples: readonly Example[]): void {
  const lines = examples.map(([line, meaning]) => [`callsheet ${line}`, meaning] as const);
  const width = Math.max(...lines.map(([line]) => line.length));
  const text = lines.map(([line, meaning]) => `  ${line.padEnd(width)}  ${meaning}`.trimEnd()).join("\n");
  command.addHelpText("before", `Examples:\n${text}\n`);
}
