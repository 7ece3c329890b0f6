import type { Exclusion, ExclusionCalendar, ExclusionCalendarInput } from "@callsheet/contract";
import { confirm } from "../confirm.ts";
import { readObject } from "../input-file.ts";
import { formatDistance } from "../moment.ts";
import { openClient } from "../open-client.ts";
import { printList, printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Column } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { factSheet } from "./fact-sheet.ts";
import { exclusionText } from "./rule-text.ts";

const COLUMNS: readonly Column<ExclusionCalendar>[] = [
  { title: "Calendar", cell: ({ name }) => name, shorten: "middle" },
  { title: "Zone", cell: ({ timeZone }) => timeZone },
  { title: "Excludes", cell: ({ exclusions }) => exclusions.map(exclusionText).join("; "), shorten: "end" },
  { title: "Used by", cell: ({ usedBy }) => usedBy.join(", "), shorten: "end" },
];
const EMPTY = "There are no calendars yet. callsheet timed calendars put NAME --exclude 12-25 makes one.";

/** `timed calendars list` */
export async function listCalendars(terminal: Terminal): Promise<void> {
  await using client = await openClient(terminal);
  printList(terminal, { rows: await client.timed.calendars.list(), columns: COLUMNS, empty: EMPTY });
}

/** `timed calendars show` */
export async function showCalendar(terminal: Terminal, name: string): Promise<void> {
  await using client = await openClient(terminal);
  print(terminal, await client.timed.calendars.get(name));
}

function print(terminal: Terminal, calendar: ExclusionCalendar): void {
  printOne(terminal, calendar, () => calendarText(calendar, new Date()));
}

function calendarText(calendar: ExclusionCalendar, now: Date): string {
  const { name, description, timeZone, exclusions, usedBy, changedAt, actor, reason } = calendar;
  const facts: readonly (readonly [string, string])[] = [
    ["Zone", timeZone],
    ...(exclusions.length === 0 ? ["nothing"] : exclusions.map(exclusionText)).map(
      (text) => ["Excluded", text] as const,
    ),
    ["Used by", usedBy.join(", ")],
    ["Changed", `${formatDistance(changedAt, now)} by ${actor}${reason === null ? "" : `: ${reason}`}`],
  ];
  return factSheet(name, description, facts);
}

interface PutFlags {
  readonly exclude?: readonly Exclusion[];
  readonly file?: string;
  readonly timeZone?: string;
  readonly description?: string;
}

/** `timed calendars put` */
export async function putCalendar(terminal: Terminal, name: string, flags: PutFlags): Promise<void> {
  const { exclude, file, timeZone, description } = flags;
  const written = file === undefined ? {} : withoutUse(await readObject(terminal, file));
  const calendar = {
    timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    ...written,
    ...(exclude && { exclusions: exclude }),
    ...(timeZone !== undefined && { timeZone }),
    ...(description !== undefined && { description }),
    name,
  };
  await using client = await openClient(terminal);
  print(terminal, await client.timed.calendars.put(calendar as ExclusionCalendarInput));
}

const READ_ONLY = ["usedBy", "changedAt", "actor", "reason"];

/** What `timed calendars show --json` printed can be put: who uses it and who changed it is not the writer's to say. */
function withoutUse(written: unknown): Partial<ExclusionCalendarInput> {
  return Object.fromEntries(Object.entries(Object(written)).filter(([field]) => !READ_ONLY.includes(field)));
}

/** `timed calendars delete` */
export async function deleteCalendar(terminal: Terminal, name: string): Promise<void> {
  await confirm(terminal, `Delete the calendar ${name}?`);
  await using client = await openClient(terminal);
  await client.timed.calendars.delete(name);
  terminal.note(`Deleted ${printable(name)}.`);
}
