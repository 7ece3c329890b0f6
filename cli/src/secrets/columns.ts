import type { Secret } from "@callsheet/contract";
import { formatInstant } from "../moment.ts";
import type { Column } from "../table.ts";

/** The columns of a list of secrets. */
export const SECRET_COLUMNS: readonly Column<Secret>[] = [
  { title: "Name", cell: ({ name }) => name, shorten: "middle" },
  { title: "Value", cell: ({ version }) => `no. ${version}`, plain: ({ version }) => String(version), align: "right" },
  { title: "Key", cell: ({ keyId }) => keyId },
  { title: "For", cell: ({ actions }) => (actions === null ? "every action" : actions.join(", ") || "no action") },
  {
    title: "Since",
    cell: ({ changedAt }) => formatInstant(changedAt),
    plain: ({ changedAt }) => changedAt.toISOString(),
  },
  { title: "By", cell: ({ changedBy }) => changedBy },
  { title: "Why", cell: ({ reason }) => reason ?? "" },
];
