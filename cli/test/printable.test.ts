import { expect, it } from "vitest";
import { printable } from "../src/printable.ts";

it.each([
  ["\u001b[2J\u001b]0;title\u0007", "\\u{1b}[2J\\u{1b}]0;title\\u{7}"],
  ["two\nlines\r\t", "two\\nlines\\r\\t"],
  ["\u009b31m and \u007f", "\\u{9b}31m and \\u{7f}"],
  ["gpj.\u202emp4", "gpj.\\u{202e}mp4"],
  ["a\u200bb\u2028c\ud800", "a\\u{200b}b\\u{2028}c\\u{d800}"],
])("%j cannot steer a terminal", (text, expected) => {
  expect(printable(text)).toBe(expected);
});

it("leaves letters of all languages alone", () => {
  for (const text of ["Grüße – 映画", "🎬", "ça va", "\\n"]) expect(printable(text)).toBe(text);
});
