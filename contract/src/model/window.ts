import { z } from "zod";
import { timeZoneSchema } from "./timed/zone.ts";

/** Days of the week, as windows name them. */
export const DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;
type Weekday = (typeof DAYS)[number];

/** An amount of units that something has; 0 is allowed. */
export const capacitySchema = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const timeSchema = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, "a time of the day, such as 22:00");

/** A time of the day at which another capacity counts, by the clock on the wall of a time zone. */
export const windowSchema = z.strictObject({
  from: timeSchema,
  /** Not included. Before `from`, or the same: it lies on the next day. */
  to: timeSchema,
  /** The days on which it begins. Default: every day. */
  days: z
    .array(z.enum(DAYS))
    .min(1)
    .overwrite((days) => DAYS.filter((day) => days.includes(day)))
    .default([...DAYS]),
  timeZone: timeZoneSchema,
  capacity: capacitySchema,
});
export type CapacityWindow = z.output<typeof windowSchema>;

/** The capacity that counts at an instant: of the first window that it lies in, else `base`. Edges lie on whole minutes. */
export function capacityAt(base: number, windows: readonly CapacityWindow[], now: Date): number {
  return windows.find((window) => isWithin(window, now))?.capacity ?? base;
}

/** An hour that the clock skips is no part of a window; one that it repeats is, both times. */
function isWithin({ from, to, days, timeZone }: CapacityWindow, now: Date): boolean {
  const { day, time } = wallClock(timeZone, now);
  const today = days.includes(DAYS[day]!);
  if (from < to) return today && from <= time && time < to;
  const yesterday = days.includes(DAYS[(day + 6) % 7]!);
  return (today && time >= from) || (yesterday && time < to);
}

/** `time` as windows write it: texts of that form sort as the times do. */
function wallClock(timeZone: string, now: Date): { readonly day: number; readonly time: string } {
  const format = new Intl.DateTimeFormat("en-US", {
    ...{ timeZone, hourCycle: "h23", weekday: "short", hour: "2-digit", minute: "2-digit" },
  });
  const parts = new Map(format.formatToParts(now).map(({ type, value }) => [type, value]));
  const day = DAYS.indexOf(parts.get("weekday")!.toLowerCase() as Weekday);
  return { day, time: `${parts.get("hour")}:${parts.get("minute")}` };
}
