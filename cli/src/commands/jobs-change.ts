import type { PriorityName } from "@callsheet/contract";
import type { Command } from "commander";
import { addExamples, type Example } from "../examples.ts";
import type { Change } from "../jobs/change.ts";
import type { SelectionFlags } from "../jobs/selection.ts";
import { assignmentOption, momentOption, severalOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";
import { addFilterOptions } from "./filter-options.ts";

interface Verb extends Change {
  readonly name: string;
  readonly description: string;
  readonly examples: readonly Example[];
}

const VERBS: readonly Verb[] = [
  {
    name: "retry",
    description: "run failed jobs again",
    operation: "retry",
    past: "retried",
    isFinal: false,
    act: (jobs, id) => jobs.retry(id),
    examples: [
      ["jobs retry ID", "run it again now"],
      ["jobs retry --state failed --action proxy", "all of them, after a preview"],
    ],
  },
  {
    name: "cancel",
    description: "call jobs off, for good; running ones only if their action allows it",
    operation: "cancel",
    past: "cancelled",
    isFinal: true,
    act: (jobs, id) => jobs.cancel(id),
    examples: [
      ["jobs cancel ID --reason 'wrong reel'", "asks first; the reason is kept"],
      ["jobs cancel --tag test --yes", "all with a tag, without a question"],
    ],
  },
  {
    name: "declare-lost",
    description: "say that a running attempt will never be heard of again: its job fails, what it held is free",
    operation: "declare_lost",
    past: "declared lost",
    isFinal: true,
    act: (jobs, id) => jobs.declareLost(id),
    examples: [
      ["jobs declare-lost ID --reason 'the storage is gone'", "asks first; needs a reason"],
      ["locks quarantine asset/A-17", "before, if the attempt may still write to what it worked on"],
    ],
  },
  {
    name: "hold",
    description: "keep waiting jobs from starting",
    operation: "hold",
    past: "held",
    isFinal: false,
    act: (jobs, id) => jobs.hold(id),
    examples: [["jobs hold ID", "until jobs resume"]],
  },
  {
    name: "resume",
    description: "let held jobs go on",
    operation: "resume",
    past: "resumed",
    isFinal: false,
    act: (jobs, id) => jobs.resume(id),
    examples: [["jobs resume --state paused --owner ada", "all that somebody has held"]],
  },
  {
    name: "unplan",
    description: "take jobs' start time away",
    operation: "unplan",
    past: "unplanned",
    isFinal: false,
    act: (jobs, id) => jobs.unschedule(id),
    examples: [["jobs unplan ID", "it stays as it is until jobs plan"]],
  },
];

const ROLLBACK_VERBS: readonly Verb[] = [
  {
    name: "retry",
    description: "try failed rollbacks again, from where they stopped",
    operation: "retry_rollback",
    past: "rolled back again",
    isFinal: false,
    act: async (jobs, id) => {
      await jobs.retryRollback(id);
      return (await jobs.get(id)).state;
    },
    examples: [
      ["jobs rollback retry ID", "when what kept it from being undone is mended"],
      ["jobs rollback retry --rollback failed", "all of them, after a preview"],
    ],
  },
  {
    name: "resolve",
    description: "end rollbacks, because somebody has seen to what they left; needs --reason",
    operation: "resolve_rollback",
    past: "resolved",
    isFinal: true,
    act: (jobs, id, reason = "") => jobs.resolveRollback(id, reason),
    examples: [["jobs rollback resolve ID --reason 'removed by hand'", "its objects leave their quarantine"]],
  },
];

/** Commands that change jobs. */
export function addJobChanges(jobs: Command, terminal: Terminal): void {
  addAmend(jobs, terminal);
  for (const { name, description, examples, ...change } of VERBS) {
    const verb = addSelection(jobs.command(`${name} [ids...]`).description(description));
    verb.action((ids, flags) => run(terminal, change, ids, flags));
    addExamples(verb, examples);
  }
  addRollback(jobs, terminal);
  addPlan(jobs, terminal);
  addPriority(jobs, terminal);
}

function addRollback(jobs: Command, terminal: Terminal): void {
  const rollback = jobs.command("rollback").description("what failed attempts did, and how far it is undone");
  const show = rollback
    .command("show <id>")
    .description("everything that a job's attempts journaled, and what became of it")
    .action(async (id) => (await import("../jobs/rollback.ts")).showRollback(terminal, id));
  addExamples(show, [["jobs rollback show ID", "which entry could not be undone, and why"]]);
  for (const { name, description, examples, ...change } of ROLLBACK_VERBS) {
    const verb = addSelection(rollback.command(`${name} [ids...]`).description(description));
    verb.action((ids, flags) => run(terminal, change, ids, flags));
    addExamples(verb, examples);
  }
  addExamples(rollback, [["jobs list --rollback failed", "jobs whose rollback needs somebody"]]);
}

/** Loaded when it is needed, so that --help answers at once. */
async function run(terminal: Terminal, change: Change, ids: readonly string[], flags: SelectionFlags): Promise<void> {
  const { changeJobs } = await import("../jobs/change.ts");
  return changeJobs(terminal, change, ids, flags);
}

function addSelection(command: Command): Command {
  return addFilterOptions(command).option("--dry-run", "show which jobs, and do nothing");
}

function addPlan(jobs: Command, terminal: Terminal): void {
  const plan = addSelection(jobs.command("plan [ids...]").description("give jobs a start time, or another one"))
    .option("--at <moment>", "now, +10m, 18:30, 2026-12-24T18:30 (default: now)", momentOption)
    .action((ids, { at = new Date(), ...flags }) =>
      run(
        terminal,
        { operation: "plan", past: "planned", isFinal: false, act: (client, id) => client.schedule(id, at) },
        ids,
        flags,
      ),
    );
  addExamples(plan, [
    ["jobs plan ID", "start it now"],
    ["jobs plan ID --at 18:30", "the next time that it is half past six"],
    ["jobs plan --state created --owner ada --at +1h", "all that somebody left unplanned"],
  ]);
}

function addPriority(jobs: Command, terminal: Terminal): void {
  const priority = addSelection(
    jobs.command("priority <name> [ids...]").description("lowest, low, normal, high, highest or urgent"),
  ).action((name: PriorityName, ids, flags) =>
    run(
      terminal,
      {
        operation: "set_priority",
        past: `given priority ${name}`,
        isFinal: false,
        act: async (client, id) => {
          await client.setPriority(id, name);
          return (await client.get(id)).state;
        },
      },
      ids,
      flags,
    ),
  );
  addExamples(priority, [["jobs priority urgent ID", "before everything else"]]);
}

function addAmend(jobs: Command, terminal: Terminal): void {
  const amend = jobs
    .command("amend <id>")
    .description("change a job's own configuration while no attempt lives, and show the difference")
    .option("--set <key=value>", "set a value, read as JSON if it is (several)", assignmentOption)
    .option("--unset <key>", "take a value away (several)", severalOption)
    .option("--config-file <file>", "begin with this JSON object instead; - is standard input")
    .option("--retry", "then run it again")
    .action(async (id, flags) => (await import("../jobs/amend.ts")).amendJob(terminal, id, flags));
  addExamples(amend, [
    ["jobs amend ID --set path=/media/dog.mp4 --retry", "correct what was wrong, and run it again"],
    ["jobs amend ID --set options.crf=20 --unset preset", "a value inside; a value taken away"],
  ]);
}
