#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { chooseDatabase, describeDatabase } from "./database-option.ts";
import { describeFailure } from "./failure.ts";
import { printable } from "./printable.ts";
import { findSamples } from "./samples.ts";

/** What the command answers to the shell. */
const EXIT = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

const EXAMPLES = `Examples:
  callsheet demo                      real media files through real jobs, in a few seconds
  callsheet demo --data-dir ./demo    the same, with the database in a directory of your choice
`;

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
process.once("SIGTERM", () => interrupt.abort());
// Whoever reads our output may stop reading; what was opened is closed all the same.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

process.exitCode = await run(process.argv);

async function run(argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done;
  const program = programWith(async (options) => {
    exitCode = (await demo(options)) ? EXIT.done : EXIT.failed;
  });
  try {
    if (argv.length <= 2) program.outputHelp();
    else await program.parseAsync(argv);
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (interrupt.signal.aborted) {
      process.stderr.write("Interrupted.\n");
      return EXIT.interrupted;
    }
    process.stderr.write(describeFailure(error));
    return EXIT.failed;
  }
}

interface DemoFlags {
  readonly dataDir?: string;
}

function programWith(onDemo: (flags: DemoFlags) => Promise<void>): Command {
  const program = new Command("callsheet")
    .description("A job scheduler for media operations, stored in PostgreSQL.")
    .version(version())
    .option("--no-color", "print without colours, as with NO_COLOR=1")
    .addHelpText("beforeAll", EXAMPLES)
    .showHelpAfterError("callsheet --help shows what there is.")
    .exitOverride();
  program
    .command("demo")
    .description("run the sample media through checksum and probe jobs, and show how they went")
    .option("--data-dir <directory>", "where the private server keeps the demo's data", directory)
    .action(onDemo);
  return program;
}

function directory(text: string): string {
  // An empty variable of a script must not turn the current folder into a database.
  if (text.trim() === "") throw new InvalidArgumentError("It is empty.");
  return resolve(text);
}

async function demo({ dataDir }: DemoFlags): Promise<boolean> {
  const media = findSamples();
  const database = chooseDatabase(dataDir, "demo", process.env);
  const lines = [`Media: ${media}`, `Database: ${describeDatabase(database)}`, ""];
  process.stdout.write(lines.map((line) => `${printable(line)}\n`).join(""));
  // Loaded when it is needed, so that --help and --version answer at once.
  const { runDemo } = await import("./demo.ts");
  return runDemo({ media, database, output: process.stdout, signal: interrupt.signal });
}

function version(): string {
  const manifest: { version: string } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
  return manifest.version;
}
