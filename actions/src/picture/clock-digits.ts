/**
 * The strokes of digits, 16 high: a time can be drawn on a machine that has no fonts. A digit is 10 wide, a mark 2.
 */
const STROKES: Readonly<Record<string, string>> = {
  "0": "M5 1C2.2 1 1 3.6 1 8S2.2 15 5 15 9 12.4 9 8 7.8 1 5 1Z",
  "1": "M2.4 3.8 5.8 1V15",
  "2": "M1.3 4.6C1.5 2.3 3 1 5 1 7.3 1 8.7 2.5 8.7 4.6 8.7 8.2 1 11 1 15H9",
  "3": "M1.5 3.6C2 1.9 3.3 1 5 1 7.2 1 8.6 2.4 8.6 4.3 8.6 6.3 7 7.5 4.6 7.5 7.4 7.5 9 8.9 9 11.1 9 13.4 7.4 15 5 15 2.9 15 1.4 13.9 1 12.1",
  "4": "M7 15V1L1 11H9.4",
  "5": "M8.4 1H2.5L1.9 7.3C2.7 6.6 3.7 6.2 4.9 6.2 7.3 6.2 9 8 9 10.6 9 13.2 7.3 15 4.9 15 3 15 1.5 13.9 1 12.2",
  "6": "M8.2 2.6C7.4 1.6 6.4 1 5.2 1 2.5 1 1 3.8 1 8.6 1 12.8 2.5 15 5 15 7.3 15 9 13.2 9 10.7 9 8.2 7.3 6.5 5.1 6.5 3 6.5 1.3 8 1 10.2",
  "7": "M1 1H9C6.2 5 4.4 9.6 4 15",
  "8": "M5 7.4C3 7.4 1.7 6.1 1.7 4.2 1.7 2.3 3 1 5 1S8.3 2.3 8.3 4.2C8.3 6.1 7 7.4 5 7.4 2.6 7.4 1 8.9 1 11.2 1 13.5 2.6 15 5 15S9 13.5 9 11.2C9 8.9 7.4 7.4 5 7.4Z",
  "9": "M1.8 13.4C2.6 14.4 3.6 15 4.8 15 7.5 15 9 12.2 9 7.4 9 3.2 7.5 1 5 1 2.7 1 1 2.8 1 5.3 1 7.8 2.7 9.5 4.9 9.5 7 9.5 8.7 8 9 5.8",
  ":": "M1 5.2h.01M1 11.6h.01",
  ".": "M1 14.9h.01",
};

const GAP = 3.6;

/** A text of digits, colons and points as the data of an SVG path for a round stroke of 2, and how wide it is. */
export function drawClock(text: string): {
  readonly glyphs: readonly { readonly x: number; readonly d: string }[];
  readonly width: number;
} {
  let width = 0;
  const glyphs = [...text].map((character) => {
    const x = width;
    width += (/\d/.test(character) ? 10 : 2) + GAP;
    return { x, d: STROKES[character] ?? "" };
  });
  return { glyphs, width: Math.max(0, width - GAP) };
}

/** `0:03.4`, `12:07`, `1:02:33`; tenths only where they tell frames of a short film apart. */
export function clockTime(seconds: number, precision: "seconds" | "tenths"): string {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const whole = Math.floor(tenths / 10);
  const [hours, minutes, rest] = [Math.floor(whole / 3_600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  const clock = hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
  return precision === "tenths" ? `${clock}.${tenths % 10}` : clock;
}
