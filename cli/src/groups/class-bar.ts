import type { MemberCounts } from "@callsheet/contract";
import { colours } from "../colours.ts";

/** The classes of a group's members, in the order in which a bar shows them. */
const CLASSES = [
  { name: "good", words: "completed", mark: "█", paint: colours.green },
  { name: "bad", words: "failed", mark: "▓", paint: colours.red },
  { name: "cancelled", words: "cancelled", mark: "▒", paint: colours.dim },
  { name: "overdue", words: "past their time-out", mark: "▚", paint: colours.yellow },
  { name: "live", words: "running", mark: "▞", paint: colours.cyan },
  { name: "held", words: "held", mark: "·", paint: colours.yellow },
  { name: "waiting", words: "waiting", mark: "░", paint: colours.dim },
] as const satisfies readonly { readonly name: keyof MemberCounts; readonly [rest: string]: unknown }[];

/** A bar of so many characters, a part for each class; who is there at all has one at least. */
export function classBar(counts: MemberCounts, width: number): string {
  const present = CLASSES.filter(({ name }) => counts[name] > 0);
  const total = present.reduce((sum, { name }) => sum + counts[name], 0);
  const lengths = present.map(({ name }) => Math.max(1, Math.round((counts[name] / total) * width)));
  const longest = lengths.indexOf(Math.max(...lengths));
  const excess = lengths.reduce((sum, length) => sum + length, 0) - width;
  return present
    .map(({ mark, paint }, at) => paint(mark.repeat(Math.max(1, lengths[at]! - (at === longest ? excess : 0)))))
    .join("");
}

/** How many members are in each class, in words. */
export function classWords(counts: MemberCounts): string {
  const parts = CLASSES.filter(({ name }) => counts[name] > 0).map(({ name, words }) => `${counts[name]} ${words}`);
  return parts.join(", ") || "none yet";
}
