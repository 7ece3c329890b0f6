import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { countOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `locks`: the objects that jobs lock. */
export function addLocksCommand(program: Command, terminal: Terminal): void {
  const locks = program.command("locks").description("the objects that jobs lock: who holds them, and who waits");
  addExamples(locks, [
    ["locks list --waiting", "what jobs wait for"],
    ["locks show asset/A-17", "who holds it, and its line in order"],
    ["locks quarantine asset/A-17 --reason 'half written'", "nobody gets it until it is released"],
  ]);
  addExamples(
    locks
      .command("list")
      .description("objects that jobs hold or wait for, and quarantined ones")
      .option("--waiting", "only those that jobs wait for")
      .option("--quarantined", "only those that nobody may have")
      .option("--job <id>", "only what this job holds or waits for")
      .option("--limit <count>", "so many at most (default: 100)", countOption)
      .option("--after <key>", "begin after this one")
      .action(async (flags) => (await import("../locks/list.ts")).listLocks(terminal, flags)),
    [["locks list --quarantined", "what waits for a decision"]],
  );
  addExamples(
    locks
      .command("show <object>")
      .alias("get")
      .description("one object: who holds it, with fencing numbers, and who waits")
      .action(async (object) => (await import("../locks/show.ts")).showLock(terminal, object)),
    [["locks show asset/A-17", "as in the list: type, slash, id"]],
  );
  addExamples(
    locks
      .command("quarantine <object>")
      .description("let no further job have an object; who holds it keeps it")
      .action(async (object) => (await import("../locks/show.ts")).quarantineLock(terminal, object)),
    [["locks quarantine asset/A-17 --reason 'half written'", "until locks release"]],
  );
  addExamples(
    locks
      .command("release <object>")
      .description("let jobs have a quarantined object again, the first in line at once")
      .action(async (object) => (await import("../locks/show.ts")).releaseLock(terminal, object)),
    [["locks release asset/A-17", "asks first"]],
  );
}
