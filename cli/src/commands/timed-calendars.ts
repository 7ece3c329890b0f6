import type { Command } from "commander";
import { addExamples } from "../examples.ts";
import type { Terminal } from "../terminal.ts";
import { exclusionOption } from "../timed/exclusion-option.ts";

/** `timed calendars`: times at which none of the timed actions runs that use them. */
export function addCalendarCommands(timed: Command, terminal: Terminal): void {
  const calendars = timed
    .command("calendars")
    .description("exclusion calendars, such as holidays or maintenance, which timed actions share");
  addExamples(calendars, [
    ["timed calendars put bavaria --time-zone Europe/Berlin --exclude 12-25..12-26 --exclude 2027-04-05", "holidays"],
    ["timed change nightly --calendars bavaria,maintenance", "a timed action that does not run then"],
  ]);
  addExamples(
    calendars
      .command("list")
      .description("every calendar, with the timed actions that use it")
      .action(async () => (await import("../timed/calendars.ts")).listCalendars(terminal)),
    [["timed calendars list --json=name,usedBy", "for a script"]],
  );
  addExamples(
    calendars
      .command("show <name>")
      .alias("get")
      .description("one calendar: what it excludes, and for whom")
      .action(async (name) => (await import("../timed/calendars.ts")).showCalendar(terminal, name)),
    [["timed calendars show bavaria", "its holidays"]],
  );
  addExamples(
    calendars
      .command("put <name>")
      .description("make a calendar, or replace the one of this name: what is not said is as in a new one")
      .option(
        "--exclude <times>",
        "2026-12-25, 2026-12-24..2027-01-01, 2026-12-05T22:00..2026-12-06T04:00, 12-25 of each year, sat,sun (several)",
        exclusionOption,
      )
      .option("-f, --file <file>", "what show --json printed, or somebody wrote like it; - is standard input")
      .option("--time-zone <name>", "whose local time that is (default: this machine's)")
      .option("--description <text>", "what it is for")
      .action(async (name, flags) => (await import("../timed/calendars.ts")).putCalendar(terminal, name, flags)),
    [
      ["timed calendars put maintenance --time-zone UTC --exclude 2026-12-05T22:00..2026-12-06T04:00", "one night"],
      ["timed calendars put bavaria --file holidays-2027.json", "a list that somebody else keeps"],
    ],
  );
  addExamples(
    calendars
      .command("delete <name>")
      .description("delete a calendar that no timed action uses")
      .action(async (name) => (await import("../timed/calendars.ts")).deleteCalendar(terminal, name)),
    [["timed calendars delete maintenance --yes", "without a question"]],
  );
}
