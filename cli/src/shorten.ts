import stringWidth from "string-width";

const MARK = "…";
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** A text that takes at most so many columns of a terminal: cut at its end, or in the middle to keep how a path ends. */
export function shorten(text: string, width: number, where: "end" | "middle"): string {
  if (stringWidth(text) <= width) return text;
  const letters = [...graphemes.segment(text)].map(({ segment }) => segment);
  const room = Math.max(0, width - 1);
  const back = where === "middle" ? Math.floor(room / 2) : 0;
  return fitting(letters, room - back) + MARK + fitting(letters.toReversed(), back, "backwards");
}

function fitting(letters: readonly string[], width: number, order?: "backwards"): string {
  const kept: string[] = [];
  let taken = 0;
  for (const letter of letters) {
    taken += stringWidth(letter);
    if (taken > width) break;
    kept.push(letter);
  }
  return (order === "backwards" ? kept.reverse() : kept).join("");
}
