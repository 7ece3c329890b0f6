import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import type { NodeFlags } from "../node/node-flags.ts";
import { countOption, durationOption, labelOption, namesOption, unitsOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `start`: Callsheet and a node, in the foreground. */
export function addStartCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("start")
    .description("open Callsheet, starting the private server if need be, and run jobs until Ctrl-C")
    .action(async (flags: NodeFlags) => (await import("../node/run-node.ts")).startNode(terminal, flags));
  addNodeOptions(command);
  addExamples(command, [
    ["start --media ~/Videos", "run jobs that may read your videos"],
    ["start --media /san --output /san/proxies --slots 8", "eight at once, which may write below /san/proxies"],
    ["start --plugin ./our-types.mjs", "run action types of your own as well"],
  ]);
}

/** `work`: one more node on a database that is there. */
export function addWorkCommand(program: Command, terminal: Terminal): void {
  const command = program
    .command("work")
    .description("join a cluster: run jobs of a database that is there, beside other nodes, until Ctrl-C")
    .action(async (flags: NodeFlags) => (await import("../node/run-node.ts")).joinAsNode(terminal, flags));
  addNodeOptions(command);
  addExamples(command, [
    ["work --name edit-02 --site london", "a second node, for jobs of London"],
    ["work --resources gpu=2,memory=64000", "jobs that need them take turns on it"],
    ["work --name edit-03 --label rack=3 --grace 90s", "one that a service manager stops after 100 s"],
    ["work --user media", "as root: with keys that only root can read, for handlers that run as media"],
    ["work --types media.transcode,media.proxy --slots 2", "a node for transcodes alone"],
  ]);
}

function addNodeOptions(command: Command): void {
  command
    .option("--name <name>", "unique among the nodes that are up (default: this machine's name)")
    .option("--site <name>", "run the jobs of this site (default: default)")
    .option("--label <name=value>", "tell it apart by this, as in nodes list (several)", labelOption)
    .option("--slots <count>", "run this many jobs at once (default: 4)", countOption)
    .option("--resources <name=units>", "units that it has for itself, between commas: gpu=2,memory=64000", unitsOption)
    .option(
      "--media <[name=]directory...>",
      "allow jobs to read files below these; assets know one by its name (default: CALLSHEET_MEDIA_ROOTS)",
    )
    .option("--output <directory...>", "allow jobs to write files below these (default: CALLSHEET_OUTPUT_ROOTS)")
    .option("--types <types>", "run these action types only, between commas", namesOption)
    .option(
      "--grace <duration>",
      "wait this long for what runs when told to stop (default: until it has ended)",
      durationOption,
    )
    .option("--plugin <module...>", "run the action types of these files or packages as well")
    .option(
      "--user <name>",
      "become this user of the machine first: handlers' processes cannot read what root was given (as root, on Linux)",
    );
}
