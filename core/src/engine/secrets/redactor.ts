import type { Json } from "@callsheet/contract";
import { formsOf, SHORTEST_FORM } from "./forms.ts";

/** What stands in the place of a secret. No longer than any, so that what fitted fits. */
export const MASK = "***";

/** Hides the secrets that it knows. */
export interface Redactor {
  /** A whole text. */
  text(text: string): string;
  /** A text that may have been cut: what it ends with may be the beginning of a secret. */
  cut(text: string): string;
  /** A JSON value: its texts, the names of its fields, and its numbers. */
  json(value: Json): Json;
  /** Texts that follow each other, such as lines of a log: a secret may begin in one and end in the next. */
  stream(): (text: string) => string;
}

/** Text from one place to before another. */
type Range = readonly [from: number, to: number];

export function createRedactor(secrets: Iterable<string>): Redactor {
  const forms = [...new Set([...secrets].flatMap(formsOf))];
  const longest = Math.max(0, ...forms.map(({ length }) => length));
  const cutRanges = (text: string) => [...rangesIn(text, forms), ...beginningAt(text, forms)];
  const text = (whole: string) => masked(whole, rangesIn(whole, forms));

  const json = (value: Json): Json => {
    if (typeof value === "string") return text(value);
    if (typeof value === "number") return text(String(value)) === String(value) ? value : MASK;
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(json);
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [text(name), json(one)]));
  };

  return {
    text,
    json,
    cut: (whole) => masked(whole, cutRanges(whole)),
    stream: () => {
      let before = "";
      return (next) => {
        const joined = before + next;
        const start = before.length;
        const ranges = cutRanges(joined).filter(([, to]) => to > start);
        before = joined.slice(Math.max(0, joined.length - longest + 1));
        return masked(
          next,
          ranges.map(([from, to]) => [Math.max(0, from - start), to - start]),
        );
      };
    },
  };
}

function rangesIn(text: string, forms: readonly string[]): readonly Range[] {
  const found: Range[] = [];
  for (const form of forms)
    for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + 1)) found.push([at, at + form.length]);
  return found;
}

/** What a text ends with, if a secret begins so. */
function beginningAt(text: string, forms: readonly string[]): readonly Range[] {
  const found: Range[] = [];
  for (const form of forms) {
    const beginning = form.slice(0, SHORTEST_FORM);
    let at = text.indexOf(beginning, Math.max(0, text.length - form.length + 1));
    while (at >= 0 && !form.startsWith(text.slice(at))) at = text.indexOf(beginning, at + 1);
    if (at >= 0) found.push([at, text.length]);
  }
  return found;
}

/** A text with each range, and all that touch each other together, as one mask. */
function masked(text: string, ranges: readonly Range[]): string {
  if (ranges.length === 0) return text;
  let told = "";
  let at = 0;
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    if (from > at || told === "") told += text.slice(at, from) + MASK;
    at = Math.max(at, to);
  }
  return told + text.slice(at);
}
