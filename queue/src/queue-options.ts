import { refused } from "./invalid.ts";

/** How a queue is opened. Times in milliseconds. */
export interface QueueOptions {
  /** Default `rjqJobList`. */
  readonly name?: string;
  /** How often jobs of dead workers and old finished jobs are looked for. Default 310,000; false: never. */
  readonly masterInterval?: number | boolean;
  /** Whether events of other queue objects are told here. Default true. */
  readonly changeFeed?: boolean;
  /** How many handlers run at once in this queue object. Default 1. */
  readonly concurrency?: number;
  /** The newest entries of a job's log that are shown. Default 1,000. */
  readonly limitJobLogs?: number;
  /** True: jobs are removed when they are over. A number: at a review, when they were over for longer. Default 180 days; false: never. */
  readonly removeFinishedJobs?: boolean | number;
  /** `3.1`: a job that waits is `waiting`, as that release of the library said. Default: it is `added`. */
  readonly words?: "3.1";
}

/** A queue's options, the defaults filled in. */
export interface QueueSettings {
  readonly name: string;
  /** 0: never. */
  readonly masterInterval: number;
  readonly changeFeed: boolean;
  readonly concurrency: number;
  readonly limitJobLogs: number;
  readonly removeFinishedJobs: boolean | number;
  readonly words: "added" | "3.1";
}

const MASTER_INTERVAL_MS = 310_000;
const REMOVE_AFTER_MS = 15_552_000_000;
const LONGEST_NAME = 100;
/** Not used here any more, and known to programs that are moved over. */
const FORMER = ["queryRunOptions", "databaseInitDelay"];
const KNOWN = ["name", "masterInterval", "changeFeed", "concurrency", "limitJobLogs", "removeFinishedJobs", "words"];

/** Fills in the defaults; fails with `invalid_argument`, naming the option. */
export function readOptions(options: unknown = {}): QueueSettings {
  if (typeof options !== "object" || options === null) throw refused("Queue options must be an object.", "options");
  const unknown = Object.keys(options).find((option) => ![...KNOWN, ...FORMER].includes(option));
  if (unknown !== undefined)
    throw refused(`A queue has no option "${unknown.slice(0, 60)}": ${KNOWN.join(", ")}.`, unknown);
  const { name = "rjqJobList", changeFeed = true, words = "added", ...rest } = options as QueueOptions;
  if (typeof name !== "string" || name.length === 0 || name.length > LONGEST_NAME)
    throw refused(`Queue name must be a text of 1 to ${LONGEST_NAME} characters.`, "name");
  if (typeof changeFeed !== "boolean") throw refused("Queue changeFeed must be true or false.", "changeFeed");
  if (words !== "added" && words !== "3.1") throw refused('Queue words must be "3.1", or absent.', "words");
  return {
    ...{ name, changeFeed, words },
    masterInterval: intervalOf(rest.masterInterval ?? MASTER_INTERVAL_MS),
    concurrency: clamped(rest.concurrency ?? 1, "concurrency"),
    limitJobLogs: clamped(rest.limitJobLogs ?? 1_000, "limitJobLogs"),
    removeFinishedJobs: removalOf(rest.removeFinishedJobs ?? REMOVE_AFTER_MS),
  };
}

function intervalOf(value: unknown): number {
  if (value === true) return MASTER_INTERVAL_MS;
  if (value === false) return 0;
  return Math.max(0, numberOf(value, "masterInterval"));
}

function removalOf(value: unknown): boolean | number {
  if (typeof value === "boolean") return value;
  const ms = numberOf(value, "removeFinishedJobs");
  return ms < 1 ? false : ms;
}

const clamped = (value: unknown, option: string): number => Math.max(1, Math.floor(numberOf(value, option)));

function numberOf(value: unknown, option: string): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw refused(`Queue ${option} must be a number.`, option);
}
