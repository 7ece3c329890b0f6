import type { Collection, MemberEntry } from "@callsheet/contract";
import { formatInstant } from "../moment.ts";
import type { Column } from "../table.ts";

/** The columns of a list of collections. */
export const COLLECTION_COLUMNS: readonly Column<Collection>[] = [
  { title: "Name", cell: ({ name }) => name, shorten: "middle" },
  { title: "Members", cell: ({ memberCount }) => String(memberCount), align: "right" },
  {
    title: "Changed",
    cell: ({ changedAt }) => formatInstant(changedAt),
    plain: ({ changedAt }) => changedAt.toISOString(),
  },
  { title: "By", cell: ({ actor }) => actor },
  { title: "Why", cell: ({ reason }) => reason ?? "", shorten: "end" },
  { title: "Id", cell: ({ id }) => id },
];

/** The columns of what a collection holds. */
export const MEMBER_COLUMNS: readonly Column<MemberEntry>[] = [
  { title: "Position", cell: ({ position }) => String(position), align: "right" },
  { title: "Type", cell: ({ type }) => type },
  { title: "Name", cell: ({ name }) => name, shorten: "middle" },
  { title: "Id", cell: ({ id }) => id },
];
