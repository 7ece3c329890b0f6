/** A fenced block of a guide. */
export interface Fence {
  /** Of its first line of text, from 1. */
  readonly line: number;
  readonly language: string;
  /** What follows the language, such as the name of a file. */
  readonly note: string;
  readonly text: string;
}

/** The fenced blocks of a Markdown text, in order. Fails on one that is not closed. */
export function fencesOf(markdown: string): readonly Fence[] {
  const fences: Fence[] = [];
  let open: { readonly line: number; readonly info: string; readonly lines: string[] } | undefined;
  for (const [index, line] of markdown.split("\n").entries()) {
    if (open === undefined) {
      const info = /^```(.*)$/.exec(line)?.[1];
      if (info !== undefined) open = { line: index + 2, info, lines: [] };
    } else if (line === "```") {
      const [language = "", ...note] = open.info.trim().split(" ");
      fences.push({ line: open.line, language, note: note.join(" "), text: `${open.lines.join("\n")}\n` });
      open = undefined;
    } else open.lines.push(line);
  }
  if (open !== undefined) throw new Error(`The block of line ${open.line} is not closed.`);
  return fences;
}

/** Whether an output is what a guide shows; "…" there stands for anything, on a line of its own for any lines or none. */
export function isAsShown(output: string, shown: string): boolean {
  const pattern = shown
    .trim()
    .replace(/[.*+?^${}()|[\]\\]/g, "\\$&")
    .replace(/\n…(?=\n|$)/g, "(?:\\n[^]*)?")
    .replaceAll("…", "[^]*");
  return new RegExp(`^${pattern}$`).test(output.trim());
}
