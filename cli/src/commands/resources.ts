import { type Command, Option } from "commander";
import { addExamples } from "../examples.ts";
import { durationOption, limitOption, severalOption, windowOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `resources`: what jobs contend for. */
export function addResourcesCommand(program: Command, terminal: Terminal): void {
  const resources = program
    .command("resources")
    .description(
      "what jobs contend for: units of licences, drives, encoder sessions, of the cluster, a site or a node",
    );
  addExamples(resources, [
    ["resources list", "every resource, with what is used"],
    ["resources put transcode --capacity 4", "four units; an action takes them by --needs transcode=1"],
    ["resources drain tape --reason 'cleaning'", "let no further job start that needs it"],
  ]);
  resources.commandsGroup("Look:");
  addViews(resources, terminal);
  resources.commandsGroup("Change:");
  addDefinitions(resources, terminal);
  addSwitches(resources, terminal);
}

function addViews(resources: Command, terminal: Terminal): void {
  addExamples(
    resources
      .command("list")
      .description("every resource, by name and place")
      .action(async () => (await import("../resources/list.ts")).listResources(terminal)),
    [["resources list --json=name,used,effectiveCapacity", "for a script"]],
  );
  addExamples(
    atPlace(resources.command("show <name>"))
      .alias("get")
      .description("one resource: its capacity, and the jobs that hold it")
      .action(async (name, place) => (await import("../resources/show.ts")).showResource(terminal, name, place)),
    [["resources show tape --site london", "the one of a site"]],
  );
}

function addDefinitions(resources: Command, terminal: Terminal): void {
  const put = withFields(
    resources.command("put <name>").description("create a resource, or replace the one of that name and place"),
  ).action(async (name, flags) => (await import("../resources/put.ts")).putResource(terminal, name, flags));
  addExamples(put, [
    ["resources put nvenc --capacity 8 --tag gpu", "jobs may need nvenc, or #gpu"],
    ["resources put link --capacity 2 --window 22:00-06:00=10 --time-zone Europe/London", "more of it at night"],
    [
      "resources put avid --capacity 5 --external --when-stale stop",
      "a licence server says how many are left: resources report",
    ],
  ]);
  const change = withFields(
    resources.command("change <name>").description("change what the options say, and nothing else"),
  ).action(async (name, flags) => (await import("../resources/put.ts")).changeResource(terminal, name, flags));
  addExamples(change, [
    ["resources change transcode --capacity 6", "what runs keeps what it has, also when it is less"],
  ]);
}

function withFields(command: Command): Command {
  return atPlace(command)
    .option("--capacity <units>", "units that there are", limitOption)
    .option("--description <text>", "for people")
    .option("--tag <tag>", "what jobs may need instead of its name, as #tag (several)", severalOption)
    .option(
      "--window <[days@]from-to=units>",
      "another capacity at a time of the day (several; the first that holds counts)",
      windowOption,
    )
    .option("--time-zone <name>", "of the windows (default: this machine's)")
    .option("--external", "somebody outside says how many units are left")
    .option("--no-external", "nobody outside has a say")
    .option("--stale-after <duration>", "how long his word counts (default: 1m)", durationOption)
    .option("--when-stale <what>", "then keep it, ignore it, or stop (default: keep)");
}

function atPlace(command: Command): Command {
  return command
    .addOption(new Option("--site <name>", "the resource of this site").conflicts("node"))
    .option("--node <name>", "the resource of this node");
}

const SWITCHES = [
  ["start", "let jobs start that need it"],
  ["stop", "let no job start that needs it; those that run go on"],
  ["drain", "the same, and say so until no job holds units of it"],
] as const;

function addSwitches(resources: Command, terminal: Terminal): void {
  for (const [verb, description] of SWITCHES) {
    const command = atPlace(resources.command(`${verb} <name>`).description(description)).action(async (name, place) =>
      (await import("../resources/change.ts")).switchResource(terminal, verb, name, place),
    );
    addExamples(command, [
      [`resources ${verb} tape`, verb === "start" ? "as at the beginning" : "until resources start"],
    ]);
  }
  addExamples(
    atPlace(resources.command("remove <name>"))
      .description("remove a resource that no job holds or needs")
      .action(async (name, place) => (await import("../resources/change.ts")).removeResource(terminal, name, place)),
    [["resources remove tape", "refused while jobs hold it or wait for it"]],
  );
  addExamples(
    atPlace(resources.command("report <name>"))
      .description("say how many units the outside leaves")
      .requiredOption("--left <units>", "free units, beside those that our jobs hold", limitOption)
      .action(async (name, flags) => (await import("../resources/change.ts")).reportResource(terminal, name, flags)),
    [["resources report avid --left 3", "from a script that asks the licence server"]],
  );
}
