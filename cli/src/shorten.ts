import stringWidth from "string-width";

const MARK = "…";
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** A text that takes at most so many columns of a terminal, cut at its start, in its middle or at its end. */
export function shorten(text: string, width: number, where: "start" | "middle" | "end"): string {
  if (stringWidth(text) <= width) return text;
  const letters = [...graphemes.segment(text)].map(({ segment }) => segment);
  const room = Math.max(0, width - 1);
  const back = { start: room, middle: Math.floor(room / 2), end: 0 }[where];
  return fitting(letters, room - back).join("") + MARK + fitting(letters.toReversed(), back).reverse().join("");
}

/** The first letters that fit into a width. */
function fitting(letters: readonly string[], width: number): string[] {
  let taken = 0;
  const end = letters.findIndex((letter) => {
    taken += stringWidth(letter);
    return taken > width;
  });
  return letters.slice(0, end === -1 ? undefined : end);
}
