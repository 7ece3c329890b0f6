import type { ExclusionCalendar, ExclusionCalendarInput } from "../model/timed/exclusion-calendar.ts";
import type { Occurrence, PreviewedInstant, TimedAction, TimedInput } from "../model/timed/timed.ts";

/** What a page of occurrences shows: those due before a moment, at most 1,000 (default 50). */
export interface OccurrencePage {
  readonly before?: Date | undefined;
  readonly limit?: number | undefined;
}

/** What is previewed: a timed action that there is, by its name, or one that is still to be made. */
export type PreviewOf = string | Omit<TimedInput, "name" | "action">;

/** Where a preview begins (default: now), and how many runs it shows: at most 1,000, by default 10. */
export interface PreviewOptions {
  readonly from?: Date | undefined;
  readonly count?: number | undefined;
}

/** Times at which none of the timed actions runs that name the calendar. A name that none has fails with `unknown_calendar`. */
export interface CalendarClient {
  list(): Promise<readonly ExclusionCalendar[]>;
  get(name: string): Promise<ExclusionCalendar>;
  /** Makes one, or replaces the one of this name: at once for every timed action that uses it. */
  put(calendar: ExclusionCalendarInput): Promise<ExclusionCalendar>;
  /** Fails with `calendar_in_use`. */
  delete(name: string): Promise<void>;
}

/** Actions that repeat, each as one job for ever. A name that none has fails with `unknown_timed_action`. */
export interface TimedClient {
  readonly calendars: CalendarClient;
  list(): Promise<readonly TimedAction[]>;
  get(name: string): Promise<TimedAction>;
  /** Creates one, which is stopped. Fails with `timed_action_exists`, and with `timed_not_offered` where its action has no flag `timed`. */
  create(definition: TimedInput): Promise<TimedAction>;
  /** Changes some fields; the rule holds from now on. Fails with `timed_action_busy` when what runs is to be changed. */
  update(name: string, fields: Partial<Omit<TimedInput, "name">>): Promise<TimedAction>;
  /** Deletes it, with its job. Fails with `timed_action_busy`. */
  delete(name: string): Promise<void>;
  start(name: string): Promise<TimedAction>;
  /** An occurrence that is under way goes on to its end. */
  stop(name: string): Promise<TimedAction>;
  /** Runs it at once, started or not. Fails with `timed_action_busy`. */
  runNow(name: string): Promise<TimedAction>;
  switchOn(): Promise<void>;
  /** Lets none run, whether it is started or not. */
  switchOff(): Promise<void>;
  isOn(): Promise<boolean>;
  /** What became of its instants, newest first. */
  occurrences(name: string, page?: OccurrencePage): Promise<readonly Occurrence[]>;
  /** The next runs, with what is passed over between them. Empty where it counts from the end of the last occurrence. */
  preview(of: PreviewOf, options?: PreviewOptions): Promise<readonly PreviewedInstant[]>;
}
