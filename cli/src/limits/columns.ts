import { EVERY, type Limit } from "@callsheet/contract";
import { colours } from "../colours.ts";
import type { Column } from "../table.ts";

/** The columns of a list of limits. */
export const LIMIT_COLUMNS: readonly Column<Limit>[] = [
  { title: "Of", cell: ({ scope }) => scope },
  {
    title: "Name",
    cell: ({ name }) => (name === EVERY ? "* (each other)" : name),
    plain: ({ name }) => name,
    shorten: "middle",
  },
  { title: "Run", cell: ({ used }) => (used === null ? "" : String(used)), align: "right" },
  {
    title: "At most",
    cell: ({ running }) => String(running),
    align: "right",
    paint: (text, { used, running }) => ((used ?? 0) >= running ? colours.yellow(text) : text),
  },
  { title: "By", cell: ({ isInherited }) => (isInherited ? "default" : "") },
];
