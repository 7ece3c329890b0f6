import type { NodeDetails, NodeJob } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import { formatDistance, formatInstant } from "../moment.ts";
import { describeCapabilities } from "../node/describe-capabilities.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import { inStateColour, stateName } from "../state-colour.ts";
import { type Column, renderTable } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { inNodeColour, labelsText, notesOf } from "./columns.ts";

/** `nodes show` */
export async function showNode(terminal: Terminal, name: string): Promise<void> {
  await using client = await openClient(terminal);
  printNode(terminal, await client.nodes.get(name));
}

export function printNode(terminal: Terminal, node: NodeDetails): void {
  printOne(terminal, node, () => nodeText(node, new Date(), terminal.width));
}

/** A node for a person. */
export function nodeText(node: NodeDetails, now: Date, width: number): string {
  const { name, state, site, slots, running, types, capabilities, host, pid, timeZones, startedAt, heardAt, endedAt } =
    node;
  const facts = [
    ["Site", site],
    ["Process", `${pid} on ${host}`],
    ["Since", formatInstant(startedAt)],
    ["Heard", endedAt === null ? formatDistance(heardAt, now) : ""],
    ["Ended", endedAt === null ? "" : formatInstant(endedAt)],
    ["Notes", notesOf(node).join("; ")],
    ["Runs", `${running} of ${slots}`],
    ["Types", types.join(", ")],
    ["Has", capabilities.length === 0 ? "" : describeCapabilities(capabilities)],
    ["Labels", labelsText(node)],
    ["tz data", timeZones ?? ""],
  ] as const;
  const lines = facts
    .filter(([, text]) => text !== "")
    .map(([title, text]) => `  ${colours.dim(title.padEnd(9))}${printable(text)}\n`);
  const earlier = node.earlier.map(
    (life) => `  ${printable([life.state, formatInstant(life.startedAt), ...notesOf(life)].join("  "))}\n`,
  );
  return [
    `${colours.bold(printable(name))}  ${inNodeColour(state, state)}\n`,
    ...lines,
    node.jobs.length === 0
      ? ""
      : `${colours.bold("Jobs")}\n${indented(renderTable(jobColumns(now), node.jobs, width - 2))}`,
    earlier.length === 0 ? "" : `${colours.bold("Before")}\n${earlier.join("")}`,
  ].join("");
}

const jobColumns = (now: Date): readonly Column<NodeJob>[] => [
  { title: "Job", cell: ({ id }) => id },
  { title: "Action", cell: ({ action }) => action, shorten: "middle" },
  {
    title: "State",
    cell: ({ state }) => stateName(state),
    paint: (text, { state }) => inStateColour(state, text),
  },
  { title: "Target", cell: ({ target }) => target?.id ?? "", shorten: "middle" },
  {
    title: "For",
    cell: ({ startedAt }) => (startedAt ? formatDuration(Math.max(0, now.getTime() - startedAt.getTime())) : ""),
    align: "right",
  },
];

const indented = (text: string): string => text.replace(/^(?=.)/gm, "  ");
