import { QUEUE_JOB_DEFAULTS } from "@callsheet/core";
import { invalid } from "./invalid.ts";
import { isPriority, QUEUE_PRIORITIES, type QueuePriority } from "./priority.ts";

/** What a job may be told of its running. Times in milliseconds. */
export interface JobOptions {
  /** Default: the job's id. */
  readonly name?: string;
  readonly priority?: QueuePriority;
  /** How long it may run before it fails. Default 300,000; 0: for ever. */
  readonly timeout?: number;
  /** Retries after the first run. Default 3. */
  readonly retryMax?: number;
  /** The unit of the wait before a retry: 0 before the first, 1 before the second, and so on. Default 600,000. */
  readonly retryDelay?: number;
  /** True: it repeats for ever. A number: so often after the first run. Default false. */
  readonly repeat?: boolean | number;
  /** The wait between two repeats. Default 300,000. */
  readonly repeatDelay?: number;
  /** When it may begin. Default: now. */
  readonly dateEnable?: Date;
}

/** What a queue's jobs get that say nothing of their own. */
export type JobDefaults = Required<Omit<JobOptions, "name" | "dateEnable">> & Pick<JobOptions, "name" | "dateEnable">;

/** What a job gets that says nothing of its own. */
export const JOB_DEFAULTS: JobDefaults = { priority: "normal", ...QUEUE_JOB_DEFAULTS };

const isCount = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const COUNT = "a whole number of 0 or more";
export const isDate = (value: unknown): value is Date => value instanceof Date && !Number.isNaN(value.getTime());

/** What each option must be. */
export const OPTION_RULES = {
  name: { holds: (value) => typeof value === "string" && value.length > 0, what: "a text" },
  priority: { holds: isPriority, what: `one of ${Object.keys(QUEUE_PRIORITIES).join(", ")}` },
  timeout: { holds: isCount, what: `${COUNT} milliseconds` },
  retryMax: { holds: isCount, what: COUNT },
  retryDelay: { holds: isCount, what: `${COUNT} milliseconds` },
  repeat: { holds: (value) => typeof value === "boolean" || isCount(value), what: `true, false or ${COUNT}` },
  repeatDelay: { holds: isCount, what: `${COUNT} milliseconds` },
  dateEnable: { holds: isDate, what: "a date" },
} as const satisfies Record<keyof JobOptions, { readonly holds: (value: unknown) => boolean; readonly what: string }>;

const OPTION_NAMES = Object.keys(OPTION_RULES) as readonly (keyof JobOptions)[];

/** Fails with `invalid_argument`, naming the option, when the value cannot be one. */
export function checkOption<Name extends keyof JobOptions>(
  name: Name,
  value: unknown,
): asserts value is JobOptions[Name] {
  const { holds, what } = OPTION_RULES[name];
  if (!holds(value)) throw invalid(name, what);
}

/** The options laid over others; what is missing or cannot be one leaves them as they are. */
export function mergeOptions(over: JobDefaults, options: unknown): JobDefaults {
  const given = Object(options) as Readonly<Record<string, unknown>>;
  const fitting = OPTION_NAMES.filter((name) => given[name] !== undefined && OPTION_RULES[name].holds(given[name]));
  return { ...over, ...Object.fromEntries(fitting.map((name) => [name, given[name]])) };
}
