import type { CapacityWindow, ResourceDetails, ResourcePlace } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import { type Column, renderTable } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { notesOf, placeText } from "./columns.ts";

/** `resources show` */
export async function showResource(terminal: Terminal, name: string, { site, node }: ResourcePlace): Promise<void> {
  await using client = await openClient(terminal);
  const resource = await client.resources.get(name, { site, node });
  printOne(terminal, resource, () => resourceText(resource, new Date(), terminal.width));
}

/** A resource for a person. */
export function resourceText(resource: ResourceDetails, now: Date, width: number): string {
  const { name, description, tags, used, effectiveCapacity, state, windows, external, holders, waiting } = resource;
  const facts = [
    ["Place", placeText(resource)],
    ["State", state],
    ["Used", `${used} of ${effectiveCapacity}`],
    ["Tags", tags.map((tag) => `#${tag}`).join(", ")],
    ["Windows", windows.map(windowText).join("; ")],
    [
      "Outside",
      external === null ? "" : `counts for ${formatDuration(external.staleAfterMs)}, then ${external.whenStale}`,
    ],
    ["Notes", notesOf(resource, now).join("; ")],
    ["Waiting", waiting === 0 ? "" : `${waiting} due ${waiting === 1 ? "job needs" : "jobs need"} it`],
  ] as const;
  const lines = facts
    .filter(([, text]) => text !== "")
    .map(([title, text]) => `  ${colours.dim(title.padEnd(10))}${printable(text)}\n`);
  return [
    `${colours.bold(printable(name))}\n`,
    description === "" ? "" : `${printable(description)}\n`,
    ...lines,
    holders.length === 0
      ? ""
      : `${colours.bold("Held by")}\n${indented(renderTable(holderColumns(now), holders, width - 2))}`,
  ].join("");
}

const holderColumns = (now: Date): readonly Column<ResourceDetails["holders"][number]>[] => [
  { title: "Job", cell: ({ jobId }) => jobId },
  { title: "Units", cell: ({ units }) => String(units), align: "right" },
  { title: "For", cell: ({ since }) => formatDuration(now.getTime() - since.getTime()), align: "right" },
  { title: "Node", cell: ({ node }) => node ?? "" },
];

function windowText({ from, to, days, timeZone, capacity }: CapacityWindow): string {
  return `${days.length === 7 ? "" : `${days.join(",")} `}${from}-${to} ${timeZone}: ${capacity}`;
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, "  ");
