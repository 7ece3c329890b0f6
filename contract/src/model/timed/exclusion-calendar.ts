import { z } from "zod";
import { nameSchema } from "../name.ts";
import { exclusionsSchema } from "./exclusion.ts";
import { timeZoneSchema } from "./zone.ts";

/** Reads an exclusion calendar as callers write it, filling in its defaults. */
export const exclusionCalendarSchema = z.strictObject({
  /** Unique, and how timed actions name it. */
  name: nameSchema,
  description: z.string().max(2_000).default(""),
  /** The zone whose local time its exclusions mean, whatever that of the timed action is. Default `UTC`. */
  timeZone: timeZoneSchema.default("UTC"),
  exclusions: exclusionsSchema,
});
/** An exclusion calendar as callers write it: only a name is needed. */
export type ExclusionCalendarInput = z.input<typeof exclusionCalendarSchema>;
/** The same with its defaults. */
export type ExclusionCalendarDefinition = Readonly<z.output<typeof exclusionCalendarSchema>>;

/** Times at which none of the timed actions runs that name it, such as the holidays of a region, or maintenance. */
export interface ExclusionCalendar extends ExclusionCalendarDefinition {
  /** The timed actions that use it, by their names. */
  readonly usedBy: readonly string[];
  readonly changedAt: Date;
  readonly actor: string;
  readonly reason: string | null;
}
