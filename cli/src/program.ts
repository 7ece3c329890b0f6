import { Command } from "commander";
import { addActionsCommand } from "./commands/actions.ts";
import { addAssetsCommand } from "./commands/assets.ts";
import { addCollectionsCommand } from "./commands/collections.ts";
import { addCompletionCommand } from "./commands/completion.ts";
import { addDbCommand } from "./commands/db.ts";
import { addDemoCommand } from "./commands/demo.ts";
import { addDoctorCommand } from "./commands/doctor.ts";
import { addGroupsCommand } from "./commands/groups.ts";
import { addJobsCommand } from "./commands/jobs.ts";
import { addLimitsCommand } from "./commands/limits.ts";
import { addLocksCommand } from "./commands/locks.ts";
import { addStartCommand, addWorkCommand } from "./commands/node.ts";
import { addNodesCommand } from "./commands/nodes.ts";
import { addPauseCommands } from "./commands/pauses.ts";
import { addQueuesCommand } from "./commands/queues.ts";
import { addResourcesCommand } from "./commands/resources.ts";
import { addRetentionCommand } from "./commands/retention.ts";
import { addSecretsCommand } from "./commands/secrets.ts";
import { addSimulateCommand } from "./commands/simulate.ts";
import { addTimedCommand } from "./commands/timed.ts";
import { addVerifyCommand } from "./commands/verify.ts";
import { addExamples } from "./examples.ts";
import { exitCodesHelp } from "./exit-code.ts";
import { addGlobalOptions } from "./global-options.ts";
import { printable } from "./printable.ts";
import type { GlobalFlags, Terminal } from "./terminal.ts";
import { version } from "./version.ts";

/** The whole command line. Reading it loads no library: what a command needs is loaded when it runs. */
export function createProgram(terminal: Terminal): Command {
  const program = new Command("callsheet")
    .description("A job scheduler for media operations, stored in PostgreSQL.")
    .version(version())
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.stderr.write(text),
    })
    .exitOverride()
    .hook("preAction", async () => {
      terminal.flags = program.opts<GlobalFlags>();
      if (terminal.flags.databaseUrl !== undefined) await warnOfPassword(terminal, terminal.flags.databaseUrl);
    });
  addGlobalOptions(program);
  addExamples(program, [
    ["demo", "real media files through real jobs, in a few seconds"],
    ["jobs list", "the newest jobs"],
    ["jobs show ID", "one job: its state, and how it came to it"],
  ]);
  program.addHelpText("after", exitCodesHelp());
  addActionsCommand(program, terminal);
  addJobsCommand(program, terminal);
  addAssetsCommand(program, terminal);
  addCollectionsCommand(program, terminal);
  addGroupsCommand(program, terminal);
  addTimedCommand(program, terminal);
  addResourcesCommand(program, terminal);
  addLimitsCommand(program, terminal);
  addPauseCommands(program, terminal);
  addQueuesCommand(program, terminal);
  addLocksCommand(program, terminal);
  addSecretsCommand(program, terminal);
  addRetentionCommand(program, terminal);
  addNodesCommand(program, terminal);
  addDemoCommand(program, terminal);
  addStartCommand(program, terminal);
  addWorkCommand(program, terminal);
  addSimulateCommand(program, terminal);
  addDbCommand(program, terminal);
  addDoctorCommand(program, terminal);
  addVerifyCommand(program, terminal);
  addCompletionCommand(program, terminal);
  tellErrors(program, "callsheet");
  return program;
}

/** Every command's usage errors end with the help that tells how it is called. */
function tellErrors(command: Command, line: string): void {
  // Each has a configuration of its own: what a command inherits is the very object of its parent.
  command.configureOutput({ ...command.configureOutput(), outputError: (text, write) => write(asFailure(text, line)) });
  for (const inner of command.commands) tellErrors(inner, `${line} ${inner.name()}`);
}

/** commander's own words in the form of all our errors: a sentence, and what to do next. */
function asFailure(text: string, line: string): string {
  const [sentence = "", suggestion = ""] = text
    .trim()
    .replace(/^error: /, "")
    .split("\n");
  const next = suggestion.replace(/^\((.*)\)$/, "$1") || `${line} --help shows what there is.`;
  return `callsheet: ${printable(sentence)} (usage)\n${printable(next)}\n`;
}

async function warnOfPassword(terminal: Terminal, url: string): Promise<void> {
  const { holdsPassword } = await import("./database-option.ts");
  if (!holdsPassword(url)) return;
  terminal.note(
    "Others on this machine see the password of --database-url: set DATABASE_URL, or use a file (PGPASSFILE).",
  );
}
