import { type Command, Option } from "commander";
import { addExamples } from "../examples.ts";
import {
  assignmentOption,
  countOption,
  durationOption,
  keepLastOption,
  momentOption,
  namesOption,
  severalOption,
  targetOption,
} from "../option.ts";
import type { Terminal } from "../terminal.ts";
import { exclusionOption } from "../timed/exclusion-option.ts";
import { addCalendarCommands } from "./timed-calendars.ts";

/** `timed`: actions that repeat. */
export function addTimedCommand(program: Command, terminal: Terminal): void {
  const timed = program.command("timed").description("actions that repeat, each as one job for ever");
  addExamples(timed, [
    ["timed list", "every timed action, with its next runs and how the last one ended"],
    ["timed create nightly --action checksum --at 02:30 --days mon,tue,wed,thu,fri --start", "each working day"],
    ["timed preview --cron '30 2 * * *' --time-zone Europe/Berlin --from 2026-10-24T12:00", "before it is made"],
  ]);
  timed.commandsGroup("Look:");
  addViews(timed, terminal);
  timed.commandsGroup("Change:");
  addDefinitions(timed, terminal);
  addSwitches(timed, terminal);
  timed.commandsGroup("Shared:");
  addCalendarCommands(timed, terminal);
}

function addViews(timed: Command, terminal: Terminal): void {
  addExamples(
    timed
      .command("list")
      .description("every timed action, by name")
      .action(async () => (await import("../timed/show.ts")).listTimed(terminal)),
    [["timed list --json=name,state,nextAt,lastOutcome", "for a script"]],
  );
  addExamples(
    timed
      .command("show <name>")
      .alias("get")
      .description("one timed action: its rule, its policies, its job")
      .action(async (name) => (await import("../timed/show.ts")).showTimed(terminal, name)),
    [["timed show nightly", "when it runs next, and what is done when clocks are set"]],
  );
  addExamples(
    timed
      .command("occurrences <name>")
      .description("what became of its instants, newest first: each ran, waits, or was passed over for a reason")
      .option("--limit <count>", "so many (default: 50)", countOption)
      .option("--before <moment>", "those due before this moment", momentOption)
      .action(async (name, flags) => (await import("../timed/show.ts")).listOccurrences(terminal, name, flags)),
    [["timed occurrences nightly --limit 10", "the last ten"]],
  );
  addExamples(
    withRule(timed.command("preview [name]"))
      .description("the next runs of a timed action, or of a rule that is said here; nothing is stored")
      .option("--count <runs>", "so many runs (default: 10)", countOption)
      .option("--from <moment>", "from this moment on (default: now)", momentOption)
      .action(async (name, flags) => (await import("../timed/put.ts")).previewTimed(terminal, name, flags)),
    [["timed preview --at 02:30 --time-zone Europe/Berlin --doubled both", "what becomes of the doubled hour"]],
  );
}

function addDefinitions(timed: Command, terminal: Terminal): void {
  const create = withFields(timed.command("create <name>").description("create a timed action; it is stopped"))
    .option("--start", "and start it")
    .action(async (name, flags) => (await import("../timed/put.ts")).createTimed(terminal, name, flags));
  addExamples(create, [
    ["timed create sweep --action checksum --every 15m", "at :00, :15, :30 and :45"],
    ["timed create poll --action fetch --every 90s --after-end", "so long after the last one has ended"],
    ["timed create report --action report --cron '0 9 * * MON#1' --exclude 2026-12-24..2027-01-01", "with a holiday"],
  ]);
  const change = withFields(
    timed.command("change <name>").description("change what the options say, and nothing else; it holds from now on"),
  ).action(async (name, flags) => (await import("../timed/put.ts")).changeTimed(terminal, name, flags));
  addExamples(change, [["timed change sweep --every 30m", "what it came to until now is told"]]);
  addExamples(
    timed
      .command("delete <name>")
      .description("delete it, with its job and all that is told of them")
      .action(async (name) => (await import("../timed/switch.ts")).deleteTimed(terminal, name)),
    [["timed delete sweep --yes", "without a question"]],
  );
}

const SWITCHES = [
  ["start", "start", "let it run, from its next time on", "a time that has passed is not made up for"],
  ["stop", "stop", "let it run no more; what runs goes on to its end", "its job cannot be cancelled otherwise"],
  ["run", "runNow", "run it now, started or not", "beside what its rule says"],
] as const;

function addSwitches(timed: Command, terminal: Terminal): void {
  for (const [word, verb, description, example] of SWITCHES)
    addExamples(
      timed
        .command(`${word} <name>`)
        .description(description)
        .action(async (name) => (await import("../timed/switch.ts")).switchTimed(terminal, verb, name)),
      [[`timed ${word} nightly`, example]],
    );
  for (const [word, verb, description] of [
    ["on", "switchOn", "let timed actions run that are started"],
    ["off", "switchOff", "let none run, whether it is started or not"],
  ] as const)
    addExamples(
      timed
        .command(word)
        .description(description)
        .action(async () => (await import("../timed/switch.ts")).switchAll(terminal, verb)),
      [[`timed ${word}`, word === "off" ? "each instant is passed over, and told" : "from their next times on"]],
    );
}

/** When it runs. */
function withRule(command: Command): Command {
  return command
    .option(
      "--every <duration>",
      "at an interval that divides a day, by local time: 15m is :00, :15, :30, :45",
      durationOption,
    )
    .option("--after-end", "with --every: so long after the last one has ended")
    .option("--at <times>", "at times of the day: 02:30, or 09:00,17:30:15", namesOption)
    .option("--days <days>", "with --at: on these days: mon,tue,wed,thu,fri", namesOption)
    .option("--cron <line>", "by a cron line of five fields, or six with the seconds first")
    .option("--time-zone <name>", "whose local time that is (default: this machine's)")
    .addOption(new Option("--missing <what>", "what of times that the clocks skip").choices(["next", "skip"]))
    .addOption(
      new Option("--doubled <which>", "which of times that they show twice").choices(["first", "second", "both"]),
    )
    .option(
      "--exclude <days>",
      "not then: 2026-12-25, 2026-12-24..2027-01-01, 12-25 of each year, sat,sun (several)",
      exclusionOption,
    )
    .option("--calendars <names>", "nor then: exclusion calendars, between commas, or none", namesOption);
}

function withFields(command: Command): Command {
  return withRule(command)
    .option("--action <name>", "the action that it repeats")
    .option("--description <text>", "what it is for")
    .addOption(new Option("--overlap <what>", "when it is due and the last is not over").choices(["skip", "queue"]))
    .addOption(new Option("--misfire <what>", "what of times that nobody worked at").choices(["none", "last", "all"]))
    .option("--within <duration>", "how far back they are made up for (default: 24h)", durationOption)
    .option("--jitter <duration>", "begin up to so much later, each time by another share", durationOption)
    .option(
      "--keep-last <count>",
      "keep so many of its occurrences, or all that rules of retention keep",
      keepLastOption,
    )
    .option("-c, --config <key=value>", "a value of its job's configuration (several)", assignmentOption)
    .option("--target <type:id>", "what its job works on", targetOption)
    .option("--priority <name>", "of its job")
    .option("--owner <name>", "whose its job is")
    .option("--tag <tag>", "a tag of its job (several)", severalOption);
}
