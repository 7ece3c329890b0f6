import type { Rollback, UndoEntry } from "@callsheet/contract";
import { colours } from "../colours.ts";
import { findId } from "../job-id.ts";
import { formatDistance } from "../moment.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { type Column, renderTable } from "../table.ts";
import type { Terminal } from "../terminal.ts";

const COLUMNS: readonly Column<UndoEntry>[] = [
  { title: "Attempt", cell: ({ attempt }) => String(attempt), align: "right" },
  { title: "Entry", cell: ({ n }) => String(n), align: "right" },
  { title: "Name", cell: ({ name }) => name, shorten: "middle" },
  {
    title: "State",
    cell: ({ state }) => state,
    paint: (text, { state }) => (state === "failed" ? colours.red(text) : text),
  },
  { title: "Path", cell: ({ path }) => path ?? "", shorten: "middle" },
  {
    title: "Note",
    // What went wrong before it was undone after all is in the history.
    cell: ({ data, error, state }) => (error && state !== "undone" ? error.message : JSON.stringify(data)),
    shorten: "end",
  },
];

/** `jobs rollback show` */
export async function showRollback(terminal: Terminal, text: string): Promise<void> {
  await using client = await openClient(terminal);
  const rollback = await client.jobs.rollback(await findId(client.jobs, text));
  printOne(terminal, rollback, () => {
    const entries = rollback.entries.length === 0 ? "" : renderTable(COLUMNS, rollback.entries, terminal.width);
    return `${headOf(rollback, new Date())}\n${entries}`;
  });
}

function headOf({ state, entries, node, tries, nextAt, remembered }: Rollback, now: Date): string {
  if (entries.length === 0) return "Its attempts journaled nothing.";
  return [
    `rollback ${state}`,
    node === null ? "" : `on ${node}`,
    tries === 0 ? "" : `tried ${tries === 1 ? "once" : `${tries} times`} in vain`,
    state !== "required" || nextAt === null ? "" : `next try ${formatDistance(nextAt, now)}`,
    remembered === null ? "" : `then ${remembered}`,
  ]
    .filter((part) => part !== "")
    .join(" · ");
}
