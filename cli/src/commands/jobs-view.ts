import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { countOption, namesOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";
import { addFilterOptions } from "./filter-options.ts";

/** Commands that look at jobs and change nothing. */
export function addJobViews(jobs: Command, terminal: Terminal): void {
  addList(jobs, terminal);
  addExamples(
    jobs
      .command("show <id>")
      .description("one job: why it stands where it does, its times, configuration, result, error and history")
      .action(async (id) => (await import("../jobs/show.ts")).showJob(terminal, id)),
    [
      ["jobs show 01a20af4-37b1", "an id, or how it begins"],
      ["jobs show ID --json=state,result", "for a script"],
    ],
  );
  addExamples(
    jobs
      .command("explain <id>")
      .description("why a job is not running, in one sentence")
      .action(async (id) => (await import("../jobs/explain.ts")).explainJob(terminal, id)),
    [["jobs explain ID", "why it waits, and for what"]],
  );
  addExamples(
    jobs
      .command("history <id>")
      .description("every state that a job stood in, how long, who brought it there, and why")
      .action(async (id) => (await import("../jobs/history.ts")).showHistory(terminal, id)),
    [["jobs history ID", "from its creation until now"]],
  );
  addExamples(
    jobs
      .command("context <id>")
      .description("all that is stored with a job for its attempts")
      .action(async (id) => (await import("../jobs/context.ts")).showContext(terminal, id)),
    [["jobs context ID --json", "what an attempt sees"]],
  );
}

function addList(jobs: Command, terminal: Terminal): void {
  const list = addFilterOptions(jobs.command("list").description("jobs, newest first"))
    .option("--limit <count>", "at most so many", countOption, 30)
    .option("--all", "all that there are")
    .option("--columns <names>", "which columns, between commas; an unknown one names them all", namesOption)
    .action(async (flags) => (await import("../jobs/list.ts")).listJobs(terminal, flags));
  addExamples(list, [
    ["jobs list", "the newest 30 jobs"],
    ["jobs list --state failed,partial --owner ada", "what went wrong for somebody"],
    ["jobs list --columns id,state,node,attempt", "other columns"],
    ["jobs list --all --jsonl | jq .id", "everything, for a script"],
  ]);
}
