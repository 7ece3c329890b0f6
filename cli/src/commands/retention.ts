import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { keepOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `retention`: how long settled jobs are kept. */
export function addRetentionCommand(program: Command, terminal: Terminal): void {
  const retention = program
    .command("retention")
    .description("how long settled jobs are kept; without a rule, for ever");
  addExamples(retention, [
    ["retention put --keep 90d", "all settled jobs, 90 days after their end"],
    ["retention put --state failed --keep forever", "but those that failed stay"],
    ["retention run --dry-run", "how many jobs would go now"],
  ]);
  addExamples(
    retention
      .command("list")
      .description("every rule; of those that fit a job the most exact one counts")
      .action(async () => (await import("../retention/list.ts")).listRetention(terminal)),
    [["retention list --json", "for a script"]],
  );
  addExamples(
    ofJobs(retention.command("put"))
      .description("say how long jobs are kept after their end; nodes delete the others once an hour")
      .requiredOption("--keep <duration>", "such as 90d or 12h, a minute or more, or forever", keepOption)
      .action(async ({ keep, ...target }) =>
        (await import("../retention/change.ts")).putRetention(terminal, target, keep),
      ),
    [["retention put --type media.probe --state completed --keep 7d", "probes are of no use for long"]],
  );
  addExamples(
    ofJobs(retention.command("remove"))
      .description("take a rule away; a more general one counts then, if there is one")
      .action(async (target) => (await import("../retention/change.ts")).removeRetention(terminal, target)),
    [["retention remove --state failed", "what holds for all holds for them"]],
  );
  addExamples(
    retention
      .command("run")
      .description("delete now what is over its time, in small batches that let jobs start between them")
      .option("--dry-run", "only count it")
      .action(async ({ dryRun }: { readonly dryRun?: boolean }) =>
        (await import("../retention/run.ts")).runRetention(terminal, dryRun === true),
      ),
    [["retention run --dry-run", "how many of which state and type"]],
  );
}

function ofJobs(command: Command): Command {
  return command
    .option("--state <state>", "jobs that ended so: completed, partial, failed, skipped or cancelled")
    .option("--type <name>", "jobs of this action type");
}
