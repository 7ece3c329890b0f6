import type { HistoryEntry, Json } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { findId } from "../job-id.ts";
import { formatClock, formatInstant } from "../moment.ts";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import { printable } from "../printable.ts";
import { inStateColour, stateName } from "../state-colour.ts";
import type { Column } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { scalarText } from "../value-text.ts";
import { type Stay, staysOf } from "./stays.ts";

/** `jobs history` */
export async function showHistory(terminal: Terminal, text: string): Promise<void> {
  await using client = await openClient(terminal);
  const history = await client.jobs.history(await findId(client.jobs, text));
  if (terminal.format === "json" || terminal.format === "jsonl") {
    return printList(terminal, { rows: history, columns: [], empty: "" });
  }
  printList(terminal, { rows: staysOf(history), columns: historyColumns(history), empty: "" });
}

/** The columns of a history. Times are told with their day and zone when it spans more than a day. */
export function historyColumns(history: readonly HistoryEntry[]): readonly Column<Stay>[] {
  const isOneDay = new Set(history.map(({ at }) => at.toDateString())).size <= 1;
  const time = (at: Date) => (isOneDay ? formatClock(at) : formatInstant(at));
  return [
    { title: "At", cell: ({ at }) => (at ? time(at) : ""), plain: ({ at }) => at?.toISOString() ?? "" },
    {
      title: "State",
      cell: ({ state, isChange }) => (isChange ? stateName(state) : ""),
      plain: ({ state }) => state,
      paint: (cell, { state }) => inStateColour(state, cell),
    },
    {
      title: "For",
      cell: ({ forMs }) => (forMs === null ? "" : formatDuration(forMs)),
      plain: ({ forMs }) => String(forMs ?? ""),
      align: "right",
    },
    { title: "By", cell: ({ entry }) => entry.actor ?? entry.node ?? "", shorten: "middle" },
    { title: "What", cell: whatOf, shorten: "end" },
  ];
}

/** What a line says beside its state, at the last of the states that it names. */
function whatOf({ entry, state, isChange }: Stay): string {
  if (isChange && state !== entry.to) return "";
  const attempt = isChange && entry.attempt !== null ? `attempt ${entry.attempt}` : "";
  const event = entry.event.replaceAll("_", " ");
  return [event, attempt, dataText(entry), entry.reason === null ? "" : `“${entry.reason}”`]
    .filter((part) => part !== "")
    .join(" · ");
}

function dataText({ data }: HistoryEntry): string {
  const { error, difference, startAt, priority, handle, jobId } = fieldsOf(data);
  const { code, message } = fieldsOf(error);
  if (typeof code === "string") return `${code}: ${message}`;
  if (Array.isArray(difference)) return difference.map(differenceText).join(", ");
  if (handle !== undefined) return JSON.stringify(handle);
  if (typeof jobId === "string") return `by job ${jobId}`;
  if (typeof startAt === "string") return formatInstant(new Date(startAt));
  return typeof priority === "string" ? priority : "";
}

/** One change of a configuration: `/crf: 20 → 23`. */
export function differenceText(change: unknown): string {
  const { path, from, to } = fieldsOf(change as Json);
  const side = (value: unknown) => (value === undefined ? "nothing" : scalarText(value));
  return `${printable(String(path).slice(1).replaceAll("/", "."))}: ${side(from)} → ${side(to)}`;
}

function fieldsOf(value: Json | undefined): Readonly<Record<string, Json | undefined>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>)
    : {};
}
