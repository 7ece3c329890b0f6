import type { Secret, SecretUse } from "@callsheet/contract";
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

/** The columns of what was done with a secret. */
export const USE_COLUMNS: readonly Column<SecretUse>[] = [
  { title: "When", cell: ({ at }) => formatInstant(at), plain: ({ at }) => at.toISOString() },
  { title: "What", cell: ({ event }) => event },
  { title: "Value", cell: ({ version }) => `no. ${version}`, plain: ({ version }) => String(version), align: "right" },
  { title: "By", cell: ({ actor, jobId, attempt }) => actor ?? `job ${jobId}, attempt ${attempt}` },
  { title: "Node", cell: ({ node }) => node ?? "" },
  { title: "Why", cell: ({ reason }) => reason ?? "" },
];
