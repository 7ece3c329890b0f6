import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { countOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `jobs`: look at jobs, create them, change them, wait for them. */
export function addJobsCommand(program: Command, terminal: Terminal): void {
  const jobs = program.command("jobs").description("look at jobs, create them, change them, wait for them");
  addExamples(jobs, [["jobs list", "the newest jobs"]]);
  addList(jobs, terminal);
}

function addList(jobs: Command, terminal: Terminal): void {
  const list = jobs
    .command("list")
    .description("jobs, newest first")
    .option("--state <states>", "only jobs in these states, between commas")
    .option("--limit <count>", "at most so many", countOption, 30)
    .action(async (flags) => (await import("../jobs/list.ts")).listJobs(terminal, flags));
  addExamples(list, [
    ["jobs list", "the newest 30 jobs"],
    ["jobs list --state failed,partial", "those that want somebody"],
  ]);
}
