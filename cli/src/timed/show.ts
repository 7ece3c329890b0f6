import type { CallsheetClient, TimedAction } from "@callsheet/contract";
import { nameOfTarget } from "../jobs/target-names.ts";
import { formatDistance, formatInstant } from "../moment.ts";
import { openClient } from "../open-client.ts";
import { printList, printOne } from "../output.ts";
import type { Terminal } from "../terminal.ts";
import { type Listed, occurrenceColumns, timedColumns } from "./columns.ts";
import { factSheet } from "./fact-sheet.ts";
import { localText, policyTexts, ruleText } from "./rule-text.ts";

const EMPTY = "There are no timed actions yet. callsheet timed create NAME --action ACTION --every 15m makes one.";
const OFF = "All timed actions are switched off: callsheet timed on switches them on.";

/** `timed list` */
export async function listTimed(terminal: Terminal): Promise<void> {
  await using client = await openClient(terminal);
  const rows = await Promise.all((await client.timed.list()).map((timed) => withNext(client, timed)));
  printList<Listed>(terminal, { rows, columns: timedColumns(new Date()), empty: EMPTY });
  if (terminal.format === "table" && !(await client.timed.isOn())) terminal.note(OFF);
}

async function withNext({ timed }: CallsheetClient, one: TimedAction): Promise<Listed> {
  return { ...one, next: one.state === "started" ? await timed.preview(one.name, { count: 3 }) : [] };
}

/** `timed show` */
export async function showTimed(terminal: Terminal, name: string): Promise<void> {
  await using client = await openClient(terminal);
  await printTimed(terminal, client, await client.timed.get(name));
}

/** One timed action, as it is wanted. */
export async function printTimed(terminal: Terminal, client: CallsheetClient, timed: TimedAction): Promise<void> {
  const { target = null } = timed.job;
  const name = await nameOfTarget(client, { target });
  const told = target === null ? "" : `${target.type} ${name ?? target.id}`;
  printOne(terminal, timed, () => timedText(timed, told, new Date()));
}

function timedText(timed: TimedAction, target: string, now: Date): string {
  const { name, description, action, rule, timeZone, state, jobId, jobState, nextAt, nextLocal, lastOutcome } = timed;
  const facts = [
    ["State", state],
    ["Action", action],
    ["Target", target],
    ["Runs", `${ruleText(rule)}, ${timeZone}`],
    ["Next", nextAt === null ? "" : `${localText(nextLocal!)} ${timeZone} (${formatInstant(nextAt)})`],
    ...policyTexts(timed),
    ["Job", `${jobId} ${jobState}`],
    [
      "Last",
      lastOutcome === null
        ? ""
        : [`${lastOutcome.state} ${formatDistance(lastOutcome.endedAt, now)}`, lastOutcome.error?.message]
            .filter(Boolean)
            .join(": "),
    ],
  ] as const;
  return factSheet(name, description, facts);
}

/** `timed occurrences` */
export async function listOccurrences(
  terminal: Terminal,
  name: string,
  flags: { readonly limit?: number; readonly before?: Date },
): Promise<void> {
  await using client = await openClient(terminal);
  const rows = await client.timed.occurrences(name, flags);
  printList(terminal, { rows, columns: occurrenceColumns(), empty: "It has come to no instant yet." });
}
