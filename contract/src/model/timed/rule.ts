import { z } from "zod";
import { DAYS } from "../window.ts";
import { DAY_MS, dayOf, HOUR_MS, SECOND_MS, timeOfDay, weekdayOf } from "./wall.ts";

/** A time of the day, to the minute or the second. */
export const timeSchema = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, "a time of the day, such as 02:30 or 02:30:15");

/** Days of the week, each once and in their order. */
export const daysSchema = z
  .array(z.enum(DAYS))
  .min(1)
  .overwrite((days) => DAYS.filter((day) => days.includes(day)));

const LONGEST_INTERVAL_MS = 366 * DAY_MS;

const intervalSchema = z
  .strictObject({
    kind: z.literal("interval"),
    /** Whole seconds, in milliseconds. */
    everyMs: z.int().min(SECOND_MS).max(LONGEST_INTERVAL_MS).multipleOf(SECOND_MS),
    /**
     * `aligned`: at the multiples of the interval that local time shows, from midnight on: every 15 minutes is :00, :15, :30 and
     * :45. `last_end`: so long after the last occurrence has ended. Default `aligned`.
     */
    from: z.enum(["aligned", "last_end"]).default("aligned"),
  })
  .refine(({ everyMs, from }) => from === "last_end" || DAY_MS % everyMs === 0, {
    path: ["everyMs"],
    message: "an aligned interval must divide a day, such as 15 minutes or 6 hours, unless it counts from the last end",
  });

/** When a timed action is due, by the clock on the wall of its zone. */
export const timedRuleSchema = z.discriminatedUnion("kind", [
  intervalSchema,
  z.strictObject({
    kind: z.literal("daily"),
    /** Times of the day. */
    at: z
      .array(timeSchema)
      .min(1)
      .max(100)
      .overwrite((times) => [...new Set(times)].sort()),
    /** Default: every day. */
    days: daysSchema.default([...DAYS]),
  }),
  z.strictObject({
    kind: z.literal("cron"),
    /** Five fields, or six with the seconds first, or seven with the year last. */
    expression: z.string().trim().min(1).max(200),
  }),
]);
export type TimedRule = z.output<typeof timedRuleSchema>;

/** The local times at which something is due, whole seconds each. */
export interface WallRule {
  /** The first one later than this; null: there is none. */
  after(wall: number): number | null;
}

/** Reads a cron line; fails with `invalid_argument`. Given by whoever has a parser. */
export type CronParser = (expression: string) => WallRule;

/** The local times of a rule; null: it has none, for it counts from the end of its last occurrence. */
export function wallRule(rule: TimedRule, parseCron: CronParser): WallRule | null {
  if (rule.kind === "cron") return parseCron(rule.expression);
  if (rule.kind === "interval") return rule.from === "last_end" ? null : aligned(rule.everyMs);
  return daily(
    rule.at.map(timeOfDay),
    rule.days.map((day) => DAYS.indexOf(day)),
  );
}

/**
 * Whether a rule counts in real time: an aligned interval of up to an hour has its times in both of two doubled hours, and those
 * of a missing one are not made up for. All other rules name times of the day, whose policy counts.
 */
export const countsRealTime = (rule: TimedRule): boolean => rule.kind === "interval" && rule.everyMs <= HOUR_MS;

const aligned = (everyMs: number): WallRule => ({ after: (wall) => (Math.floor(wall / everyMs) + 1) * everyMs });

function daily(times: readonly number[], days: readonly number[]): WallRule {
  const sorted = [...times].sort((a, b) => a - b);
  return {
    after: (wall) => {
      // A week from now the day is a chosen one again, with its first time.
      for (let day = dayOf(wall); ; day += DAY_MS) {
        if (!days.includes(weekdayOf(day))) continue;
        const time = sorted.find((one) => day + one > wall);
        if (time !== undefined) return day + time;
      }
    },
  };
}
