import type { LockedObject } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import { confirm } from "../confirm.ts";
import { formatInstant } from "../moment.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import { type Column, renderTable } from "../table.ts";
import type { Terminal } from "../terminal.ts";

/** `locks show` */
export async function showLock(terminal: Terminal, object: string): Promise<void> {
  await using client = await openClient(terminal);
  print(terminal, await client.locks.get(object));
}

/** `locks quarantine` */
export async function quarantineLock(terminal: Terminal, object: string): Promise<void> {
  await using client = await openClient(terminal);
  print(terminal, await client.locks.quarantine(object));
}

/** `locks release` */
export async function releaseLock(terminal: Terminal, object: string): Promise<void> {
  await using client = await openClient(terminal);
  const { key, quarantine } = await client.locks.get(object);
  if (quarantine !== null) await confirm(terminal, `Is ${key} fit to be worked on again?`);
  print(terminal, await client.locks.release(object));
}

function print(terminal: Terminal, object: LockedObject): void {
  printOne(terminal, object, () => lockText(object, new Date(), terminal.width));
}

/** An object for a person: why nobody may have it, who holds it, who waits. */
export function lockText(
  { key, quarantine, release, holders, waiting, waitingCount }: LockedObject,
  now: Date,
  width: number,
): string {
  const table = <Row>(title: string, columns: readonly Column<Row>[], rows: readonly Row[]) =>
    rows.length === 0 ? "" : `${colours.bold(title)}\n${indented(renderTable(columns, rows, width - 2))}`;
  const decided = quarantine ?? release;
  const said = decided && [`by ${decided.actor}, ${formatInstant(decided.at)}`, decided.reason];
  const done = quarantine ? colours.red("Quarantined") : "Released";
  const beyond = waitingCount - waiting.length;
  return [
    `${colours.bold(printable(key))}\n`,
    said === null ? "" : `${done} ${printable(said.filter(Boolean).join(": "))}\n`,
    holders.length + waitingCount === 0 ? "Nobody holds it or waits for it.\n" : "",
    table("Held by", holderColumns(now), holders),
    table("Waiting", waiterColumns(now), waiting),
    beyond === 0 ? "" : `  and ${beyond} more\n`,
  ].join("");
}

const age = (now: Date, since: Date): string => formatDuration(Math.max(0, now.getTime() - since.getTime()));

const holderColumns = (now: Date): readonly Column<LockedObject["holders"][number]>[] => [
  { title: "Job", cell: ({ jobId }) => jobId },
  { title: "Action", cell: ({ action }) => action, shorten: "middle" },
  { title: "Mode", cell: ({ mode }) => mode },
  { title: "For", cell: ({ since }) => age(now, since), align: "right" },
  { title: "Fencing", cell: ({ fencing }) => fencing ?? "", align: "right" },
  { title: "Node", cell: ({ node }) => node ?? "", shorten: "middle" },
];

const waiterColumns = (now: Date): readonly Column<LockedObject["waiting"][number]>[] => [
  { title: "Place", cell: ({ place }) => String(place), align: "right" },
  { title: "Job", cell: ({ jobId }) => jobId },
  { title: "Action", cell: ({ action }) => action, shorten: "middle" },
  { title: "Mode", cell: ({ mode }) => mode },
  { title: "For", cell: ({ since }) => age(now, since), align: "right" },
];

const indented = (text: string): string => text.replace(/^(?=.)/gm, "  ");
