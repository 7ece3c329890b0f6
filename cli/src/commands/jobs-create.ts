import { type Command, Option } from "commander";
import { addExamples } from "../examples.ts";
import {
  assignmentOption,
  durationOption,
  exclusiveOption,
  momentOption,
  severalOption,
  sharedOption,
  targetOption,
  unitsOption,
} from "../option.ts";
import type { Terminal } from "../terminal.ts";

const COUNTERPARTS = [
  ["undo", "create the job that undoes a completed one, of the undo action of its action"],
  ["redo", "create the job that does a completed one again, of the redo action of its action"],
] as const;

/** `jobs undo` and `jobs redo` */
function addCounterparts(jobs: Command, terminal: Terminal): void {
  for (const [does, description] of COUNTERPARTS) {
    const command = jobs
      .command(`${does} <id>`)
      .description(description)
      .option("-c, --config <key=value>", "a value of its configuration (several)", assignmentOption)
      .option("--wait", "wait for the end; the exit code tells it")
      .option("--timeout <duration>", "give up waiting after so long, with exit code 7", durationOption)
      .action(async (id, flags) =>
        (await import("../jobs/counterpart.ts")).createCounterpart(terminal, does, id, flags),
      );
    addExamples(command, [[`jobs ${does} ID --wait`, "it finds what the first one left in its variables"]]);
  }
}

/** `jobs create` */
export function addJobCreation(jobs: Command, terminal: Terminal): void {
  const create = jobs
    .command("create <action>")
    .description("create a job of an action; it starts now unless something else is said")
    .option(
      "-c, --config <key=value>",
      "a value of its configuration, read as JSON if it is (several)",
      assignmentOption,
    )
    .option("--config-file <file>", "its configuration, a JSON object; - is standard input")
    .option("--target <type:id>", "what it works on", targetOption)
    .option("--priority <name>", "lowest, low, normal, high, highest or urgent (default: the action's)")
    .option("--at <moment>", "when it starts: +10m, 18:30, 2026-12-24T18:30", momentOption)
    .addOption(new Option("--unplanned", "without a start time: jobs plan gives it one").conflicts("at"))
    .option("--owner <name>", "whose it is (default: who creates it)")
    .option("--tag <tag>", "a tag (several)", severalOption)
    .option(
      "--needs <name=units>",
      "units of resources beside its action's, by name or #tag; 0: none of them",
      unitsOption,
    )
    .option("--lock <type/id>", "an object that it locks beside its target, alone (several)", exclusiveOption)
    .option("--share <type/id>", "an object that it locks together with others that share it (several)", sharedOption)
    .addOption(new Option("--key <key>", "the same key again creates no second job").conflicts("many"))
    .option("--keep-open", "of a group of members: it takes more of them until groups close")
    .option("--many <file>", "many jobs, a JSON object each line, over what the options say; - is standard input")
    .option("--wait", "wait for the end; the exit code tells it")
    .option("--timeout <duration>", "give up waiting after so long, with exit code 7", durationOption)
    .action(async (action, flags) => (await import("../jobs/create.ts")).createJobs(terminal, action, flags));
  addExamples(create, [
    ["jobs create checksum --config path=/media/dog.mp4", "one job, now"],
    ["jobs create proxy --target asset:A-17 -c height=360 --at +10m", "later"],
    ["jobs create proxy -c path=/media/dog.mp4 --wait", "and wait for its end"],
    [
      "jobs create master --needs 'transcode=1,#gpu=2' --lock asset/A-17",
      "when two units of any gpu, and the asset, are free",
    ],
    ["jobs create proxy --many jobs.jsonl", 'lines such as {"target":{"type":"asset","id":"A-17"}}'],
  ]);
  addCounterparts(jobs, terminal);
}
