#!/usr/bin/env node
import { CommanderError } from "commander";
import { EXIT, type ExitCode } from "./exit-code.ts";
import { createProgram } from "./program.ts";
import { Terminal } from "./terminal.ts";

const interrupt = new AbortController();
// Handlers that stay: a library that finds none of somebody else's ends the process, and what was opened is not closed.
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    // Somebody else may hear the second one, and end what he has begun.
    if (interrupt.signal.aborted && process.listenerCount(name) === 1) process.exit(EXIT.interrupted);
    interrupt.abort();
  });
}
// Whoever reads our output may stop reading, as `head` does: nothing more is done then, and what was opened is closed.
process.stdout.on("error", () => interrupt.abort("unread"));
process.stderr.on("error", () => undefined);

const { stdin, stdout, stderr, env: variables } = process;
process.exitCode = await run(new Terminal({ stdin, stdout, stderr, variables, signal: interrupt.signal }));

async function run(terminal: Terminal): Promise<ExitCode> {
  const program = createProgram(terminal);
  try {
    if (process.argv.length <= 2) program.outputHelp();
    else await program.parseAsync();
    return terminal.exitCode;
  } catch (error) {
    return answerTo(error, terminal);
  }
}

async function answerTo(error: unknown, { signal, stderr }: Terminal): Promise<ExitCode> {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (signal.aborted) {
    if (signal.reason === "unread") return EXIT.ok;
    stderr.write("Interrupted.\n");
    return EXIT.interrupted;
  }
  const [{ describeFailure }, { exitCodeOf }, { nextCommand }] = await Promise.all([
    import("./failure.ts"),
    import("./exit-code-of.ts"),
    import("./next-command.ts"),
  ]);
  const next = nextCommand(error);
  stderr.write(describeFailure(error) + (next === undefined ? "" : `Try: ${next}\n`));
  return exitCodeOf(error);
}
