import { explainGroup, type FailureCause, type Group } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import { type Fact, factsText } from "../facts.ts";
import { findId } from "../job-id.ts";
import { nameOfTarget } from "../jobs/target-names.ts";
import { formatInstant, withLocalTimes } from "../moment.ts";
import { openClient } from "../open-client.ts";
import { printList, printOne } from "../output.ts";
import { printable } from "../printable.ts";
import type { Column } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { classWords, colouredBar } from "./class-bar.ts";
import { groupStateName, inGroupColour } from "./columns.ts";

const BAR = 48;

/** `groups show` */
export async function showGroup(terminal: Terminal, text: string): Promise<void> {
  await using client = await openClient(terminal);
  const id = await findId(client.jobs, text);
  const group = await client.groups.get(id);
  const targetName = await nameOfTarget(client, group);
  const why = explainGroup(group).sentence;
  printOne(terminal, { ...group, targetName: targetName ?? null, why }, () => groupText(group, targetName));
}

/** A group for a person: its state, its members by what became of them, and what is to be known of it. */
export function groupText(group: Group, targetName?: string): string {
  const { action, target, state, counts, percent, leftMs, owner, priority, isSettled } = group;
  const time = (at: Date | null) => (at === null ? "" : formatInstant(at));
  const left = isSettled ? "" : leftMs === null ? "not known" : `about ${formatDuration(leftMs)}`;
  const named = targetName === undefined ? "" : `, ${targetName}`;
  const facts: readonly Fact[] = [
    ["Id", group.id],
    ["Target", printable(`${target.type} ${target.id}${named}`)],
    ["Members", classWords(counts)],
    ["Done", `${Math.floor(percent)}%`],
    ["Left", left],
    ["Owner", owner],
    ["Priority", priority],
    ["Start", time(group.startAt)],
    ["Started", time(group.startedAt)],
    ["Ended", time(group.endedAt)],
    ["Generation", group.generation === 1 ? "" : String(group.generation)],
  ];
  const head = `${colours.bold(printable(`${action}  ${targetName ?? target.id}`))}\n`;
  const said = `${inGroupColour(state, groupStateName(group))} · ${printable(withLocalTimes(explainGroup(group).sentence))}\n`;
  return `${head}${said}\n${colouredBar(counts, BAR)}\n\n${factsText(facts.filter(([, value]) => value !== ""))}${nextSteps(group)}`;
}

/** What an operator looks at, and does, where members failed. */
function nextSteps({ id, counts, intent }: Group): string {
  if (counts.bad === 0 || intent === "cancel") return "";
  return `\n${colours.bold("Next")}\n  callsheet groups failures ${id}\n  callsheet groups retry ${id}\n`;
}

/** `groups failures` */
export async function showFailures(terminal: Terminal, text: string): Promise<void> {
  await using client = await openClient(terminal);
  const rows = await client.groups.failures(await findId(client.jobs, text));
  printList(terminal, { rows, columns: CAUSES, empty: "None of its members failed." });
}

const CAUSES: readonly Column<FailureCause>[] = [
  { title: "Members", cell: ({ count }) => String(count), align: "right" },
  { title: "Error", cell: ({ code }) => code, paint: (text) => colours.red(text) },
  { title: "Such as", cell: ({ jobIds }) => jobIds[0] ?? "" },
  { title: "Said", cell: ({ message }) => message, shorten: "end" },
];
