import { z } from "zod";
import { DAYS } from "../window.ts";
import { daysSchema, timeSchema } from "./rule.ts";
import { DAY_MS, dayOf, timeOfDay, wallOf, wallText, weekdayOf } from "./wall.ts";

const isDate = (text: string): boolean => {
  const wall = wallOf(`${text}T00:00:00`);
  return !Number.isNaN(wall) && wallText(wall).startsWith(text);
};
const dateSchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/, "a date, such as 2026-12-24")
  .refine(isDate, "a date that there is");
const momentSchema = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}T([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, "a local time, such as 2026-12-05T22:00")
  .refine((text) => isDate(text.slice(0, 10)), "a date that there is");
const yearlySchema = z
  .string()
  .regex(/^\d{2}-\d{2}$/, "a day of the year, such as 12-24")
  .refine((text) => isDate(`2024-${text}`), "a day that some year has");
const noteSchema = z.string().max(200).optional();

/** Local times at which a timed action is not due though its rule says so. Both ends of dates are included. */
export const exclusionSchema = z.union([
  z.strictObject({ date: dateSchema, until: dateSchema.optional(), note: noteSchema }),
  /** Each year; an end before the begin lies in the next one. */
  z.strictObject({ yearly: yearlySchema, until: yearlySchema.optional(), note: noteSchema }),
  /** Whole days of the week, or a part of each: `to` is not included, and before `from` lies on the next day. */
  z
    .strictObject({ days: daysSchema, from: timeSchema.optional(), to: timeSchema.optional(), note: noteSchema })
    .refine(({ from, to }) => (from === undefined) === (to === undefined), "from and to belong together"),
  /** Once, from a local time until before another. */
  z
    .strictObject({ since: momentSchema, until: momentSchema, note: noteSchema })
    .refine(({ since, until }) => wallOf(since) < wallOf(until), "until must be later than since"),
]);
export type Exclusion = z.output<typeof exclusionSchema>;

/** At most 1,000 of them. */
export const exclusionsSchema = z.array(exclusionSchema).max(1_000).default([]);

/** Whether a local time is excluded. */
export function isExcluded(exclusions: readonly Exclusion[], wall: number): boolean {
  const date = wallText(dayOf(wall)).slice(0, 10);
  return exclusions.some((one) => {
    if ("date" in one) return one.date <= date && date <= (one.until ?? one.date);
    if ("since" in one) return wallOf(one.since) <= wall && wall < wallOf(one.until);
    if ("yearly" in one) return isWithinYear(one.yearly, one.until ?? one.yearly, date.slice(5));
    return isOnDays(one, wall);
  });
}

function isWithinYear(from: string, until: string, day: string): boolean {
  return from <= until ? from <= day && day <= until : from <= day || day <= until;
}

function isOnDays({ days, from, to }: Extract<Exclusion, { days: unknown }>, wall: number): boolean {
  const isOn = (at: number) => days.includes(DAYS[weekdayOf(at)]!);
  if (from === undefined || to === undefined) return isOn(wall);
  const [begin, end, time] = [timeOfDay(from), timeOfDay(to), wall - dayOf(wall)];
  if (begin < end) return isOn(wall) && begin <= time && time < end;
  return (isOn(wall) && time >= begin) || (isOn(wall - DAY_MS) && time < end);
}
