import type { Asset, JsonObject } from "@callsheet/contract";
import { formatBytes, formatDuration } from "../amount.ts";
import type { Column } from "../table.ts";

/** The columns of a list of assets. */
export const ASSET_COLUMNS: readonly Column<Asset>[] = [
  { title: "Id", cell: ({ id }) => id },
  { title: "Name", cell: ({ name }) => name, shorten: "middle" },
  { title: "File", cell: fileText, shorten: "middle" },
  { title: "Known", cell: ({ facts }) => knownText(facts), shorten: "end" },
  { title: "Tags", cell: ({ tags }) => tags.join(", "), shorten: "end" },
];

/** Where the file of an asset is, on whatever machine: `main: day 1/a.mov`. */
export function fileText({ root, path }: Pick<Asset, "root" | "path">): string {
  return `${root}: ${path}`;
}

/** The facts of `media.probe` in a few words; empty when there are none. */
function knownText(facts: JsonObject | null): string {
  const { kind, container, durationSeconds, bytes } = facts ?? {};
  const words = [
    ...[kind, container].filter((text) => typeof text === "string"),
    ...(typeof durationSeconds === "number" ? [formatDuration(durationSeconds * 1_000)] : []),
    ...(typeof bytes === "number" ? [formatBytes(bytes)] : []),
  ];
  return words.length > 0 || facts === null ? words.join(", ") : "yes";
}
