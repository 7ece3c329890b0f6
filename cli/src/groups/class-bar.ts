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
export const classBar = (counts: MemberCounts, width: number): string =>
  parts(counts, width)
    .map(({ mark }) => mark)
    .join("");

/** The same in the colours of the classes. */
export const colouredBar = (counts: MemberCounts, width: number): string =>
  parts(counts, width)
    .map(({ mark, paint }) => paint(mark))
    .join("");

function parts(counts: MemberCounts, width: number) {
  const present = CLASSES.filter(({ name }) => counts[name] > 0);
  const total = present.reduce((sum, { name }) => sum + counts[name], 0);
  const lengths = present.map(({ name }) => Math.max(1, Math.round((counts[name] / total) * width)));
  const longest = lengths.indexOf(Math.max(...lengths));
  const excess = lengths.reduce((sum, length) => sum + length, 0) - width;
  return present.map(({ mark, paint }, at) => ({
    paint,
    mark: mark.repeat(Math.max(1, lengths[at]! - (at === longest ? excess : 0))),
  }));
}

/** How many members are in each class, in words. */
export function classWords(counts: MemberCounts): string {
  const words = CLASSES.filter(({ name }) => counts[name] > 0).map(
    ({ name, words: word }) => `${counts[name]} ${word}`,
  );
  return words.join(", ") || "none yet";
}
