import type { Command, Option } from "commander";
import { examplesOf } from "../examples.ts";
import { EXIT, EXIT_MEANING, type ExitName } from "../exit-code.ts";
import { createProgram } from "../program.ts";
import { Terminal } from "../terminal.ts";

/** `docs/reference/cli.md`: every command, as the commands themselves tell it, and the exit codes. */
export function cliMarkdown(): string {
  const { stdin, stdout, stderr } = process;
  const terminal = new Terminal({ stdin, stdout, stderr, variables: {}, signal: new AbortController().signal });
  const program = createProgram(terminal);
  const blocks = [
    "<!-- Generated from cli/src/commands/: change that, and generate again. -->",
    "# The command `callsheet`",
    OUTPUT,
    "## Exit codes",
    table(
      ["code", "meaning"],
      (Object.keys(EXIT) as ExitName[]).map((name) => [String(EXIT[name]), EXIT_MEANING[name]]),
    ),
    "## Options of every command",
    optionTable(program.options.filter(({ hidden }) => !hidden)),
    ...visibleCommands(program).flatMap((command) => commandBlocks(command, "callsheet", 2)),
  ];
  return `${blocks.join("\n\n")}\n`;
}

const OUTPUT = [
  "Data goes to standard output, everything else to standard error. On a terminal data is a table; in a pipe it is columns",
  "between tabs, whole and without titles; with `--json` it is JSON, `[]` when there is nothing; with `--jsonl` one JSON value a",
  "line. Colours are for terminals: `NO_COLOR` and `--no-color` forbid them, `FORCE_COLOR` demands them. An id may be cut to",
  "its first characters where they name one job. What is final, and what is done to all jobs of a filter, asks first;",
  "without a terminal it needs `--yes`. The database is that of `--data-dir` or `--database-url`, else of `DATABASE_URL`,",
  "else a private server in the user's data directory, which is started for as long as the command runs if nobody has.",
].join("\n");

function commandBlocks(command: Command, before: string, level: number): readonly string[] {
  const line = `${before} ${command.name()}`;
  const examples = examplesOf(command);
  const widest = Math.max(0, ...examples.map(([text]) => text.length));
  const lines = examples.map(([text, meaning]) => `callsheet ${text.padEnd(widest)}  # ${meaning}`);
  const isGroup = command.commands.length > 0;
  return [
    `${"#".repeat(level)} \`${isGroup ? line : `${line} ${command.usage().replace("[options] ", "").replace("[options]", "")}`.trim()}\``,
    ...(command.description() === "" ? [] : [sentence(command.description())]),
    ...(lines.length === 0 ? [] : [["```sh", ...lines, "```"].join("\n")]),
    ...(command.options.length === 0 ? [] : [optionTable(command.options)]),
    ...visibleCommands(command).flatMap((inner) => commandBlocks(inner, line, level + 1)),
  ];
}

/** Without those that only scripts call, and the help that each group has. */
function visibleCommands(command: Command): readonly Command[] {
  const visible = command.createHelp().visibleCommands(command);
  return command.commands.filter((inner) => visible.includes(inner));
}

function optionTable(options: readonly Option[]): string {
  return table(
    ["option", "what it does"],
    options.map(({ flags, description, defaultValue, negate }) => [
      `\`${flags}\``,
      defaultValue === undefined || negate ? description : `${description} (default: ${defaultValue})`,
    ]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [head, head.map(() => "---"), ...rows].map(line).join("\n");
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
