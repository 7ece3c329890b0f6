import { RETRY_ONLY, type Target } from "@callsheet/contract";
import { type Command, Option } from "commander";
import { addExamples } from "../examples.ts";
import { countOption, momentOption, targetOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `groups`: jobs that are made of one job for each member of their target. */
export function addGroupsCommand(program: Command, terminal: Terminal): void {
  const groups = program.command("groups").description("group jobs: one job for each member, and what they add up to");
  addExamples(groups, [
    ["groups list --unsettled", "those that are under way"],
    ["groups show ID", "one of them: its members by what became of them"],
    ["groups failures ID", "why members failed"],
    ["groups retry ID", "run those again, and no others"],
  ]);
  addExamples(
    groups
      .command("list")
      .description("groups, newest first")
      .option("--action <name>", "only of this action")
      .option("--unsettled", "only those with members that are still to end")
      .option("--open", "only those that take members still, or whose creation was interrupted")
      .option("--limit <count>", "so many at most (default: 50)", countOption)
      .option("--after <id>", "begin after this one")
      .action(async (flags) => (await import("../groups/list.ts")).listGroups(terminal, flags)),
    [["groups list --open", "what waits for its last members"]],
  );
  addExamples(
    groups
      .command("show <id>")
      .alias("get")
      .description("one group: its state, its members, and how long the rest will take")
      .action(async (id) => (await import("../groups/show.ts")).showGroup(terminal, id)),
    [["jobs list --parent ID", "the members themselves"]],
  );
  addExamples(
    groups
      .command("failures <id>")
      .description("the members that failed, by their errors")
      .action(async (id) => (await import("../groups/show.ts")).showFailures(terminal, id)),
    [["groups failures ID --json", "for a script"]],
  );
  addExamples(
    groups
      .command("retry <id>")
      .description("run the members again that failed, or timed out; the others stay as they are")
      .addOption(
        new Option("--only <which>", "which members (default: timed_out if the group is, else failed)").choices(
          RETRY_ONLY,
        ),
      )
      .action(async (id, flags) => (await import("../groups/change.ts")).retryGroup(terminal, id, flags)),
    [["groups retry ID --only timed_out", "those that took too long"]],
  );
  addIntents(groups, terminal);
  addMembership(groups, terminal);
}

function addIntents(groups: Command, terminal: Terminal): void {
  const load = () => import("../groups/change.ts");
  addExamples(
    groups
      .command("cancel <id>")
      .description("call off what waits of a group; running members only if their action allows it")
      .action(async (id) => (await load()).cancelGroup(terminal, id)),
    [["groups cancel ID --reason 'wrong reel'", "asks first; the reason is kept"]],
  );
  addExamples(
    groups
      .command("plan <id>")
      .description("give what waits of a group a start time, or another one")
      .option("--at <moment>", "now, +10m, 18:30, 2026-12-24T18:30 (default: now)", momentOption)
      .action(async (id, flags) => (await load()).planGroup(terminal, id, flags)),
    [["groups plan ID --at 22:00", "tonight"]],
  );
  addExamples(
    groups
      .command("unplan <id>")
      .description("take the start time of what waits of a group away")
      .action(async (id) => (await load()).unplanGroup(terminal, id)),
    [["groups unplan ID", "it stays as it is until groups plan"]],
  );
  addExamples(
    groups
      .command("hold <id>")
      .description("let no further member start")
      .action(async (id) => (await load()).holdGroup(terminal, id)),
    [["groups hold ID", "until groups resume"]],
  );
  addExamples(
    groups
      .command("resume <id>")
      .description("let a held group go on")
      .action(async (id) => (await load()).resumeGroup(terminal, id)),
    [["groups resume ID", ""]],
  );
  addExamples(
    groups
      .command("priority <id> <priority>")
      .description("give a group and its waiting members another priority")
      .action(async (id, priority) => (await load()).prioritiseGroup(terminal, id, priority)),
    [["groups priority ID high", "before the others"]],
  );
}

function addMembership(groups: Command, terminal: Terminal): void {
  const load = () => import("../groups/change.ts");
  addExamples(
    groups
      .command("add <id>")
      .description("add members to a group that is open; those that it has already are passed over")
      .argument("<targets...>", "type and id of each", (text, before: readonly Target[] = []) => [
        ...before,
        targetOption(text),
      ])
      .action(async (id, targets) => (await load()).addToGroup(terminal, id, targets)),
    [["groups add ID asset:A-17 asset:A-18", "two more"]],
  );
  addExamples(
    groups
      .command("close <id>")
      .description("say that an open group has all its members: it settles when they have ended")
      .action(async (id) => (await load()).closeGroup(terminal, id)),
    [["groups close ID", "without those that an interrupted creation left out"]],
  );
  addExamples(
    groups
      .command("complete <id>")
      .description("add the members that an interrupted creation left out, and close the group")
      .action(async (id) => (await load()).completeGroup(terminal, id)),
    [["groups complete ID", "groups list --open shows which"]],
  );
}
