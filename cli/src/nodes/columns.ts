import type { NodeLife, NodeState } from "@callsheet/contract";
import { colours } from "../colours.ts";
import { formatDistance } from "../moment.ts";
import type { Column } from "../table.ts";

const COLOURS = {
  up: colours.green,
  maintenance: colours.yellow,
  draining: colours.yellow,
  gone: colours.dim,
  dead: colours.red,
} satisfies Record<NodeState, (text: string) => string>;

export const inNodeColour = (state: NodeState, text: string): string => COLOURS[state](text);

/** `gpu=a40 rack=3` */
export const labelsText = ({ labels }: Pick<NodeLife, "labels">): string =>
  Object.entries(labels)
    .map(([name, value]) => (value === "" ? name : `${name}=${value}`))
    .sort()
    .join(" ");

/** The columns of a list of nodes. */
export function nodeColumns(now: Date): readonly Column<NodeLife>[] {
  return [
    { title: "Node", cell: ({ name }) => name, shorten: "middle" },
    { title: "State", cell: ({ state }) => state, paint: (text, { state }) => inNodeColour(state, text) },
    { title: "Site", cell: ({ site }) => site, shorten: "middle" },
    { title: "Runs", cell: ({ running }) => String(running), align: "right" },
    { title: "Of", cell: ({ slots }) => String(slots), align: "right" },
    {
      title: "Heard",
      cell: ({ heardAt, endedAt }) => formatDistance(endedAt ?? heardAt, now),
      plain: ({ heardAt, endedAt }) => (endedAt ?? heardAt).toISOString(),
    },
    { title: "Process", cell: ({ pid, host }) => `${pid} on ${host}`, shorten: "end" },
    { title: "Labels", cell: labelsText, shorten: "end" },
    { title: "Notes", cell: (node) => notesOf(node).join("; "), shorten: "end" },
  ];
}

/** An event loop that was late by so much was blocked. */
const BLOCKED_MS = 1_000;

/** What a person should know of a node beside its numbers, what is urgent first. */
export function notesOf({ cause, reason, actor, lagMs, refused, endedAt }: NodeLife): readonly string[] {
  const isBlocked = endedAt === null && lagMs >= BLOCKED_MS;
  return [
    ...(cause === null ? [] : [cause]),
    ...(actor === null ? [] : [[`by ${actor}`, reason].filter(Boolean).join(": ")]),
    ...(isBlocked ? [`blocked by a handler for ${Math.round(lagMs / 1_000)} s`] : []),
    ...(refused === 0 ? [] : [`${refused} late ${refused === 1 ? "word" : "words"} refused`]),
  ];
}
