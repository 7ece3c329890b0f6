import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";
import { addJobChanges } from "./jobs-change.ts";
import { addJobCreation } from "./jobs-create.ts";
import { addJobsElsewhere } from "./jobs-elsewhere.ts";
import { addJobFollowers } from "./jobs-follow.ts";
import { addJobViews } from "./jobs-view.ts";

/** `jobs`: look at jobs, create them, change them, wait for them. */
export function addJobsCommand(program: Command, terminal: Terminal): void {
  const jobs = program.command("jobs").description("look at jobs, create them, change them, wait for them");
  addExamples(jobs, [
    ["jobs list --state failed", "those that want somebody"],
    ["jobs show ID", "one job: why it stands where it does, and how it came to it"],
    ["jobs create proxy --target asset:A-17 --wait", "make one and wait for its end"],
    ["jobs amend ID --set crf=20 --retry", "correct what was wrong, and run it again"],
  ]);
  jobs.commandsGroup("Look:");
  addJobViews(jobs, terminal);
  jobs.commandsGroup("Follow:");
  addJobFollowers(jobs, terminal);
  jobs.commandsGroup("Create:");
  addJobCreation(jobs, terminal);
  jobs.commandsGroup("Change:");
  addJobChanges(jobs, terminal);
  jobs.commandsGroup("Say of work elsewhere:");
  addJobsElsewhere(jobs, terminal);
}
