import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { countOption, durationOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";
import { addFilterOptions } from "./filter-options.ts";

/** Commands that stay with jobs while these go on. */
export function addJobFollowers(jobs: Command, terminal: Terminal): void {
  const wait = jobs
    .command("wait <ids...>")
    .description("wait until jobs are settled; the exit code tells how they ended")
    .option("--for <state>", "wait for this state instead")
    .option("--timeout <duration>", "give up after so long, with exit code 7", durationOption)
    .action(async (ids, flags) => (await import("../jobs/wait.ts")).waitForJobs(terminal, ids, flags));
  addExamples(wait, [
    ["jobs wait ID && echo done", "0 when it completed, 6 failed, 8 cancelled"],
    ["jobs wait ID --for=running --timeout 30s", "until it runs"],
  ]);
  const watch = addFilterOptions(
    jobs.command("watch [ids...]").description("show jobs on their way until all are settled, or Ctrl-C"),
  ).action(async (ids, flags) => (await import("../jobs/watch.ts")).watchJobs(terminal, ids, flags));
  addExamples(watch, [
    ["jobs watch", "every job that is on its way"],
    ["jobs watch --action proxy", "those of one action"],
    ["jobs watch ID --jsonl", "a line for each change, for a script"],
  ]);
  const logs = jobs
    .command("logs <id>")
    .description("what a job's handlers logged")
    .option("-f, --follow", "go on until the job is settled")
    .option("--attempt <number>", "of this attempt only", countOption)
    .action(async (id, flags) => (await import("../jobs/logs.ts")).showLogs(terminal, id, flags));
  addExamples(logs, [
    ["jobs logs ID", "what it logged so far"],
    ["jobs logs ID -f", "and what comes"],
  ]);
}
