import { z } from "zod";
import { DAY_MS, SECOND_MS } from "./wall.ts";

/** The clocks of a zone are set: from `before` to `after`, both the distance of local time from UTC, in milliseconds. */
export interface Change {
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** A stretch of days, and the changes in it. */
export interface Span {
  readonly until: number;
  /** The distance of local time from UTC where it begins. */
  readonly offset: number;
  readonly changes: readonly Change[];
}

/** Where and when local time differs from UTC by how much. */
export interface Zone {
  readonly name: string;
  /** The distance of local time from UTC at an instant, in milliseconds. */
  offsetAt(instant: number): number;
  /** Three days, with an instant in the middle one: every change that bears on its local time is among theirs. */
  around(instant: number): Span;
}

/** Whether this names a time zone. */
function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** The IANA name of a time zone. */
export const timeZoneSchema = z.string().max(100).refine(isTimeZone, "the name of a time zone, such as Europe/London");

/** Opens a zone by its IANA name. Changes that lie less than a day apart, as none do today, are not told apart. */
export function openZone(name: string): Zone {
  const readOffset = offsetReader(name);
  const spans = new Map<number, Span>();
  const around = (instant: number): Span => {
    const day = Math.floor(instant / DAY_MS);
    const known = spans.get(day);
    if (known !== undefined) return known;
    if (spans.size >= MOST_SPANS) spans.clear();
    const span = readSpan(readOffset, (day - 1) * DAY_MS);
    spans.set(day, span);
    return span;
  };
  const offsetAt = (instant: number): number => {
    const { offset, changes } = around(instant);
    return changes.findLast(({ at }) => at <= instant)?.after ?? offset;
  };
  return { name, offsetAt, around };
}

const MOST_SPANS = 1_000;
const SPAN_DAYS = 3;

function readSpan(readOffset: (instant: number) => number, from: number): Span {
  const offset = readOffset(from);
  const changes: Change[] = [];
  let before = offset;
  for (let day = 0; day < SPAN_DAYS; day++) {
    const begin = from + day * DAY_MS;
    const after = readOffset(begin + DAY_MS);
    if (after !== before) changes.push({ at: findChange(readOffset, begin, begin + DAY_MS), before, after });
    before = after;
  }
  return { until: from + SPAN_DAYS * DAY_MS, offset, changes };
}

/** The first second of the new time. */
function findChange(readOffset: (instant: number) => number, from: number, until: number): number {
  const before = readOffset(from);
  let [low, high] = [from, until];
  while (high - low > SECOND_MS) {
    const middle = low + Math.floor((high - low) / 2 / SECOND_MS) * SECOND_MS;
    if (readOffset(middle) === before) low = middle;
    else high = middle;
  }
  return high;
}

function offsetReader(timeZone: string): (instant: number) => number {
  const format = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit" },
    ...{ hour: "2-digit", minute: "2-digit", second: "2-digit" },
  });
  return (instant) => {
    const part: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of format.formatToParts(instant)) part[type] = Number(value);
    const { year, month, day, hour, minute, second } = part;
    const wall = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
    return wall - Math.floor(instant / SECOND_MS) * SECOND_MS;
  };
}
