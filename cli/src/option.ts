import type { Labels, LockRequest, Target } from "@callsheet/contract";
import { InvalidArgumentError } from "commander";
import { type Assignment, parseAssignment } from "./assignment.ts";
import { MOMENT_FORMS, parseDuration, parseMoment } from "./parse-time.ts";

/** Reads a whole number from 1. */
export function countOption(text: string): number {
  const count = Number(text);
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new InvalidArgumentError("It must be a whole number, 1 or more.");
}

/** Reads a whole number from 0. */
export function limitOption(text: string): number {
  return text === "0" ? 0 : countOption(text);
}

/** Reads how far something is. */
export function percentOption(text: string): number {
  const percent = Number(text);
  if (text.trim() !== "" && percent >= 0 && percent <= 100) return percent;
  throw new InvalidArgumentError("It must be a number from 0 to 100.");
}

/** Reads how long something takes, as milliseconds. */
export function durationOption(text: string): number {
  const duration = parseDuration(text);
  if (duration !== undefined) return duration;
  throw new InvalidArgumentError("It must be a duration, such as 90s, 10m or 1h30m.");
}

/** Reads how long something is kept. */
export function keepOption(text: string): number | "forever" {
  return text === "forever" ? text : durationOption(text);
}

/** Reads how many of something are kept. */
export function keepLastOption(text: string): number | "all" {
  return text === "all" ? text : countOption(text);
}

/** Reads a moment. */
export function momentOption(text: string): Date {
  const moment = parseMoment(text, new Date());
  if (moment !== undefined) return moment;
  throw new InvalidArgumentError(`It must be a moment: ${MOMENT_FORMS}.`);
}

/** Reads `type:id`. */
export function targetOption(text: string): Target {
  const colon = text.indexOf(":");
  if (colon > 0 && colon < text.length - 1) return { type: text.slice(0, colon), id: text.slice(colon + 1) };
  throw new InvalidArgumentError("It must be a type and an id with a colon between them: asset:A-17.");
}

/** Reads names between commas. */
export function namesOption(text: string): readonly string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.every((name) => name !== "")) return names;
  throw new InvalidArgumentError("It must be names between commas, such as media.probe,media.proxy.");
}

/** Collects `name=units`, between commas or several times. */
export function unitsOption(
  text: string,
  before: Readonly<Record<string, number>> = {},
): Readonly<Record<string, number>> {
  const pairs = text.split(",").map((pair) => /^\s*([^=\s]+)=(\d+)\s*$/.exec(pair));
  if (pairs.every((pair) => pair !== null))
    return { ...before, ...Object.fromEntries(pairs.map((pair) => [pair[1]!, Number(pair[2])])) };
  throw new InvalidArgumentError("It must be names with their units, between commas: gpu=1,memory=8000.");
}

/** A window as it is written in one word; its time zone is said beside it. */
export interface WrittenWindow {
  readonly days?: readonly string[];
  readonly from: string;
  readonly to: string;
  readonly capacity: number;
}

/** Collects `22:00-06:00=8` and `sat,sun@00:00-00:00=8`. */
export function windowOption(text: string, before: readonly WrittenWindow[] = []): readonly WrittenWindow[] {
  const written = /^(?:([a-z,]+)@)?(\d\d:\d\d)-(\d\d:\d\d)=(\d+)$/.exec(text);
  if (written === null)
    throw new InvalidArgumentError("It must be times of the day and units: 22:00-06:00=8, or sat,sun@00:00-00:00=8.");
  const [, days, from, to, units] = written;
  const window = { from: from!, to: to!, capacity: Number(units) };
  return [...before, days === undefined ? window : { days: days.split(","), ...window }];
}

const lockOption =
  (mode: "exclusive" | "shared") =>
  (text: string, before: readonly LockRequest[] = []): readonly LockRequest[] => {
    const slash = text.indexOf("/");
    if (slash > 0 && slash < text.length - 1)
      return [...before, { type: text.slice(0, slash), id: text.slice(slash + 1), mode }];
    throw new InvalidArgumentError("It must be a type and an id with a slash between them: asset/A-17.");
  };
/** Collects objects that a job locks alone. */
export const exclusiveOption = lockOption("exclusive");
/** Collects objects that a job locks together with others that share them. */
export const sharedOption = lockOption("shared");

/** Collects the texts of an option that may be given several times. */
export function severalOption(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}

/** Collects `name=value`, or a `name` alone. */
export function labelOption(text: string, before: Labels = {}): Labels {
  const [, name, value = ""] = /^([^=\s]+)(?:=(.*))?$/.exec(text) ?? [];
  if (name !== undefined) return { ...before, [name]: value };
  throw new InvalidArgumentError("It must be a name, or a name with a value: rack=3.");
}

/** Collects `key=value` of an option that may be given several times. */
export function assignmentOption(text: string, before: readonly Assignment[] = []): readonly Assignment[] {
  const assignment = parseAssignment(text);
  if (assignment !== undefined) return [...before, assignment];
  throw new InvalidArgumentError("It must be a key and a value: crf=20.");
}
