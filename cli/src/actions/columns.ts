import type { Action } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import type { Column } from "../table.ts";

/** The columns of a list of actions. */
export const ACTION_COLUMNS: readonly Column<Action>[] = [
  {
    title: "Name",
    cell: ({ name }) => name,
    paint: (text, { enabled }) => (enabled ? text : colours.dim(text)),
    shorten: "middle",
  },
  { title: "Type", cell: ({ type }) => type, shorten: "middle" },
  { title: "Version", cell: ({ version }) => String(version), align: "right" },
  { title: "Use", cell: ({ enabled }) => (enabled ? "enabled" : "disabled") },
  { title: "Priority", cell: ({ priority }) => priority },
  { title: "Retries", cell: ({ retry }) => String(retry.limit), align: "right" },
  {
    title: "Time-out",
    cell: ({ timeoutMs }) => (timeoutMs === null ? "none" : formatDuration(timeoutMs)),
    plain: ({ timeoutMs }) => String(timeoutMs ?? ""),
    align: "right",
  },
  { title: "Description", cell: ({ description }) => description, shorten: "end" },
];
