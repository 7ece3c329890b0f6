import { readFile } from "node:fs/promises";

/** Where the styles of each part of the page stand, in the order in which they apply: a later one may refine an earlier. */
const PARTS = ["base", "masthead", "files", "stories", "waits", "timeline", "tables", "end", "media"] as const;

/** The styles of the report as one text. */
export async function readStylesheet(): Promise<string> {
  const parts = PARTS.map((part) => readFile(new URL(`styles/${part}.css`, import.meta.url), "utf8"));
  return (await Promise.all(parts)).join("\n");
}
