import { type Command, InvalidArgumentError } from "commander";
import { addExamples } from "../examples.ts";
import { assignmentOption, countOption, durationOption, limitOption, namesOption, unitsOption } from "../option.ts";
import type { Terminal } from "../terminal.ts";

/** `actions`: definitions of work. */
export function addActionsCommand(program: Command, terminal: Terminal): void {
  const actions = program.command("actions").description("definitions of work: look at them, put them, copy them");
  addExamples(actions, [
    ["actions list", "every action"],
    ["actions put proxy --type media.proxy --config height=360 --retries 2", "make one, or replace it"],
    ["actions disable proxy", "no more jobs of it"],
  ]);
  actions.commandsGroup("Look:");
  addViews(actions, terminal);
  actions.commandsGroup("Change:");
  addDefinitions(actions, terminal);
  addSwitches(actions, terminal);
}

function addViews(actions: Command, terminal: Terminal): void {
  addExamples(
    actions
      .command("list")
      .description("every action, by name")
      .action(async () => (await import("../actions/list.ts")).listActions(terminal)),
    [
      ["actions list", "every action"],
      ["actions list --json=name,enabled", "for a script"],
    ],
  );
  addExamples(
    actions
      .command("show <name>")
      .description("one action: its type, configuration and rules")
      .action(async (name) => (await import("../actions/show.ts")).showAction(terminal, name)),
    [
      ["actions show proxy", "what its jobs copy"],
      ["actions show proxy --json > proxy.json", "to put it elsewhere"],
    ],
  );
}

function addDefinitions(actions: Command, terminal: Terminal): void {
  const put = withFields(
    actions
      .command("put [name]")
      .description("create an action, or replace the one of that name; jobs keep the one they copied"),
  )
    .option("-f, --file <file>", "one action, or a list of them, as JSON; - is standard input")
    .action(async (name, flags) => (await import("../actions/put.ts")).putActions(terminal, name, flags));
  addExamples(put, [
    ["actions put proxy --type media.proxy --config height=360", "from options"],
    ["actions put --file actions.json", "from a file"],
  ]);
  const change = withFields(
    actions.command("change <name>").description("change what the options say, and nothing else"),
  ).action(async (name, flags) => (await import("../actions/put.ts")).changeAction(terminal, name, flags));
  addExamples(change, [["actions change proxy --timeout 10m --retries 3", "two fields; the others stay"]]);
}

function withFields(command: Command): Command {
  return command
    .option("--type <type>", "the action type: the code that runs")
    .option("--description <text>", "for people")
    .option(
      "-c, --config <key=value>",
      "a value of its configuration, read as JSON if it is (several)",
      assignmentOption,
    )
    .option("--config-file <file>", "its configuration, a JSON object; - is standard input")
    .option("--queue <name>", "where its jobs wait")
    .option("--site <name>", "where they run")
    .option("--priority <name>", "lowest, low, normal, high, highest or urgent")
    .option("--timeout <duration>", "how long an attempt may run: 90s, 10m, or none", timeoutOption)
    .option("--on-timeout <what>", "flag or fail")
    .option(
      "--stall-after <duration>",
      "how long nothing of an attempt may move before that is said: 90s, 10m, or none",
      timeoutOption,
    )
    .option("--on-node-lost <what>", "what becomes of a job whose node died: retry or fail")
    .option("--cancellable <how>", "what cancelling does to a running job: never, asks or abandon")
    .option("--isolation <kind>", "none or process")
    .option("--memory <MiB>", "the heap of an isolated handler", countOption)
    .option(
      "--time-limit <duration>",
      "how long an isolated handler's process may live: 90s, 10m, or none",
      timeoutOption,
    )
    .option("--retries <count>", "retries after a failure", limitOption)
    .option("--retry-delay <duration>", "how long before the first", durationOption)
    .option("--backoff <kind>", "constant, linear or exponential")
    .option("--requires <names>", "what a node must have, between commas", namesOption)
    .option(
      "--needs <name=units>",
      "units of resources that each job holds, by name or #tag, between commas",
      unitsOption,
    )
    .option("--lock-target <mode>", "how each job locks its target: none, shared or exclusive")
    .option(
      "--flags <names>",
      "what it is for beside single jobs, between commas: groupMember, group, workflow, timed",
      namesOption,
    )
    .option("--run-rule <expression>", "a CEL condition; jobs are refused when it is false")
    .option("--undo-action <name>", "the action of jobs undo, or none")
    .option("--redo-action <name>", "the action of jobs redo, or none");
}

function timeoutOption(text: string): number | "none" {
  if (text === "none") return text;
  const timeout = durationOption(text);
  if (timeout > 0) return timeout;
  throw new InvalidArgumentError("It must be longer than nothing, or none.");
}

function addSwitches(actions: Command, terminal: Terminal): void {
  const each = async () => (await import("../actions/change.ts")).eachAction;
  addExamples(
    actions
      .command("enable <names...>")
      .description("let jobs be created")
      .action(async (names) => (await each())(terminal, names, (client, name) => client.enable(name))),
    [["actions enable proxy", "after a copy, or a pause"]],
  );
  addExamples(
    actions
      .command("disable <names...>")
      .description("let no more jobs be created; those that exist go on")
      .action(async (names) => (await each())(terminal, names, (client, name) => client.disable(name))),
    [["actions disable proxy", "until actions enable"]],
  );
  addExamples(
    actions
      .command("copy <name> <new-name>")
      .description("copy an action; the copy starts disabled")
      .action(async (name, newName) => (await each())(terminal, [name], (client) => client.copy(name, newName))),
    [["actions copy proxy proxy-720", "then actions change, then actions enable"]],
  );
  addExamples(
    actions
      .command("delete <names...>")
      .description("delete actions; their jobs can still be run and retried")
      .action(async (names) => (await import("../actions/change.ts")).deleteActions(terminal, names)),
    [["actions delete proxy-720", "asks first"]],
  );
}
