import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import { labelOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `nodes`: the processes that run jobs. */
export function addNodesCommand(program: Command, terminal: Terminal): void {
  const nodes = program.command("nodes").description("the processes that run jobs, on all machines");
  addExamples(nodes, [
    ["nodes list", "which are there, and what they are at"],
    ["nodes drain edit-01 --wait --reason 'a new release'", "until what it runs has ended"],
    ["nodes maintenance edit-01 --reason 'a new disk'", "it stays, and starts nothing"],
  ]);
  addViews(nodes, terminal);
  addExamples(
    nodes
      .command("drain <name>")
      .description("let a node start nothing more, and end when what it runs has ended")
      .option("--wait", "until it has ended")
      .action(async (name, flags) => (await import("../nodes/change.ts")).drainNode(terminal, name, flags)),
    [["nodes drain edit-01 --wait", "before its machine is switched off"]],
  );
  addExamples(
    nodes
      .command("maintenance <name>")
      .description("let a node start nothing more until nodes resume; also when it is started anew")
      .action(async (name) => (await import("../nodes/change.ts")).maintainNode(terminal, name)),
    [["nodes maintenance edit-01 --reason 'a new disk'", "the reason is shown in lists"]],
  );
  addExamples(
    nodes
      .command("resume <name>")
      .description("end the maintenance of a node")
      .action(async (name) => (await import("../nodes/change.ts")).resumeNode(terminal, name)),
    [["nodes resume edit-01", "it takes jobs at once"]],
  );
}

function addViews(nodes: Command, terminal: Terminal): void {
  addExamples(
    nodes
      .command("list")
      .description("the nodes that are there, by name")
      .option("--all", "also lives that have ended")
      .option("--site <name>", "only those of this site")
      .option("--label <name=value>", "only those with this label (several: with all of them)", labelOption)
      .action(async (flags) => (await import("../nodes/list.ts")).listNodes(terminal, flags)),
    [
      ["nodes list --site london --label gpu=a40", "some of them"],
      ["nodes list --all --json=name,state,cause", "how each life ended"],
    ],
  );
  addExamples(
    nodes
      .command("show <name>")
      .alias("get")
      .description("one node: what it is, what it runs, and how its lives before this one ended")
      .action(async (name) => (await import("../nodes/show.ts")).showNode(terminal, name)),
    [["nodes show edit-01", "its last life, when it is not there"]],
  );
}
