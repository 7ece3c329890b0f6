import type { Expired, RetentionRule } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import type { Column } from "../table.ts";

/** The columns of a list of rules. */
export const RETENTION_COLUMNS: readonly Column<RetentionRule>[] = [
  { title: "State", cell: ({ state }) => state ?? "*" },
  { title: "Type", cell: ({ type }) => type ?? "*", shorten: "middle" },
  { title: "Keep", cell: ({ keepMs }) => (keepMs === null ? "forever" : daysOrLess(keepMs)), align: "right" },
  { title: "By", cell: ({ actor, reason }) => (reason === null ? actor : `${actor}: ${reason}`), shorten: "end" },
];

/** The columns of what a run deletes. */
export const EXPIRED_COLUMNS: readonly Column<Expired>[] = [
  { title: "State", cell: ({ state }) => state },
  { title: "Type", cell: ({ type }) => type, shorten: "middle" },
  { title: "Jobs", cell: ({ jobs }) => String(jobs), align: "right" },
];

const DAY_MS = 86_400_000;

const daysOrLess = (ms: number): string => (ms % DAY_MS === 0 ? `${ms / DAY_MS}d` : formatDuration(ms));
