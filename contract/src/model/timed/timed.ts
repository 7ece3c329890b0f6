import { z } from "zod";
import type { OccurrenceOutcome } from "../job.ts";
import type { JobInput } from "../job-input.ts";
import { nameSchema } from "../name.ts";
import type { JobState } from "../state.ts";
import { exclusionsSchema } from "./exclusion.ts";
import { timedRuleSchema } from "./rule.ts";
import { type CalendarReason, dstSchema } from "./slot.ts";
import { DAY_MS } from "./wall.ts";
import { timeZoneSchema } from "./zone.ts";

/** What of a job a timed action says; it says itself when the job begins. */
export type TimedJobInput = Omit<JobInput, "startAt" | "idempotencyKey" | "keepOpen">;

/** Reads a timed action as callers write it, filling in its defaults. What it says of its job is checked by the action's type. */
export const timedSchema = z.strictObject({
  /** Unique, and how it is named. */
  name: nameSchema,
  /** The action that it repeats. */
  action: nameSchema,
  description: z.string().max(2_000).default(""),
  rule: timedRuleSchema,
  /** The zone whose local time the rule means. Default `UTC`. */
  timeZone: timeZoneSchema.default("UTC"),
  /** When it is due while its last occurrence is not over: `skip`, or `queue` one that follows it. Default `skip`. */
  overlap: z.enum(["skip", "queue"]).default("skip"),
  /** What is made up for of what was missed while nobody worked: nothing, the last one, or all, so far back. Default: the last within a day. */
  misfire: z
    .strictObject({
      policy: z.enum(["none", "last", "all"]).default("last"),
      withinMs: z
        .int()
        .min(1_000)
        .max(366 * DAY_MS)
        .default(DAY_MS),
    })
    .prefault({}),
  /** Each occurrence begins up to so much later, by a share that follows from its name and time. Default 0. */
  jitterMs: z.int().min(0).max(DAY_MS).default(0),
  /** Local times at which it does not run. */
  exclusions: exclusionsSchema,
  /** Exclusion calendars, by their names, beside its own exclusions. */
  calendars: z
    .array(nameSchema)
    .max(50)
    .overwrite((names) => [...new Set(names)].sort())
    .default([]),
  dst: dstSchema.prefault({}),
  /** How many of its occurrences are kept, each with its lines of history; null: as many as rules of retention say. Default null. */
  keepLast: z.int().min(1).max(1_000_000).nullable().default(null),
  /** What its job is like beside what the action says: configuration, target, priority, owner. */
  job: z.record(z.string(), z.unknown()).default({}),
});
/** A timed action as callers write it: only name, action and rule are needed. */
export type TimedInput = Omit<z.input<typeof timedSchema>, "job"> & { readonly job?: TimedJobInput };
/** The same with its defaults. */
export type TimedDefinition = Readonly<Omit<z.output<typeof timedSchema>, "job">> & { readonly job: TimedJobInput };

/** Why an instant of the rule was passed over. */
export type SkipReason =
  | CalendarReason
  /** Its last occurrence was not over. */
  | "overlap"
  /** Nobody worked when it was due. */
  | "misfire"
  | "stopped"
  /** All timed actions were switched off. */
  | "switched_off"
  /** The rule was changed before anybody looked at it. */
  | "changed"
  /** Its last occurrence failed as poison, and waits for somebody to retry it or start it anew. */
  | "quarantined";

/** An instant at which a timed action ran, or did not; or several, one behind the other, at which it did not. */
export interface Occurrence {
  /** The local time that it was due at, in the zone of its timed action. */
  readonly local: string;
  /** 1: the second of two that the clocks show alike. */
  readonly fold: 0 | 1;
  /** The last local time of several; else the same. */
  readonly until: string;
  /** How many instants of the rule these are; null: too many to have been counted. */
  readonly count: number | null;
  /** When it was due; of several, the first. */
  readonly instant: Date;
  /** `rule`: the timed action's own; `hand`: somebody ran it now. */
  readonly origin: "rule" | "hand";
  readonly kind: "fired" | "queued" | "skipped";
  /** Why it was skipped; of one that fired late, `catch_up`. */
  readonly reason: SkipReason | "catch_up" | null;
  /** When its job became due in fact. */
  readonly firedAt: Date | null;
  /** The group that works on it, where its target is one and its action takes the members; null: there is none, or not yet. */
  readonly groupId: string | null;
  readonly outcome: OccurrenceOutcome | null;
}

/** A timed action as every reader sees it. */
export interface TimedAction extends TimedDefinition {
  readonly state: "started" | "stopped";
  /** The one job that it always runs as. */
  readonly jobId: string;
  readonly jobState: JobState;
  /** When it runs next, by its own local time as well; null: it is stopped, is not over, or has no further time as far as one looks. */
  readonly nextAt: Date | null;
  readonly nextLocal: string | null;
  /** Until when every instant of its rule has run or was passed over with a reason. */
  readonly mark: Date;
  /** How many occurrences wait for the one that is not over. */
  readonly queued: number;
  /** When its last occurrence became due in fact. */
  readonly lastFiredAt: Date | null;
  /** How its last occurrence that is over ended. */
  readonly lastOutcome: OccurrenceOutcome | null;
  readonly createdAt: Date;
}

/** An instant to come, as a preview shows it. */
export interface PreviewedInstant {
  readonly instant: Date;
  readonly local: string;
  readonly fold: 0 | 1;
  /** The distance of local time from UTC, such as `+02:00`. */
  readonly offset: string;
  /** Null: it runs. */
  readonly skipped: CalendarReason | null;
  /** How many instants of the rule are told in one. */
  readonly count: number;
  /** On its day the clocks are set. */
  readonly change: { readonly at: Date; readonly from: string; readonly to: string } | null;
}
