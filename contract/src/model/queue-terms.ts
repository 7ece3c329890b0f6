import type { Json, JsonObject } from "./json.ts";

/** How a queue job times out, is retried and repeats: its data say so by the names of `QUEUE_JOB_DEFAULTS`. */
export interface QueueTerms {
  /** How long an attempt may run; null: for ever. */
  readonly timeoutMs: number | null;
  /** Retries after the first attempt. */
  readonly retryMax: number;
  /** The unit of the wait before a retry: none before the first, one before the second, and so on. */
  readonly retryDelayMs: number;
  /** True: for ever. A number: as often as that after the first run. */
  readonly repeat: boolean | number;
  readonly repeatDelayMs: number;
}

/** What the data of a queue job leave out. Times in milliseconds; a `timeout` of 0 means none. */
export const QUEUE_JOB_DEFAULTS = {
  timeout: 300_000,
  retryMax: 3,
  retryDelay: 600_000,
  repeat: false,
  repeatDelay: 300_000,
} as const;

/** Reads the terms of a queue job. */
export function queueTerms(data: JsonObject): QueueTerms {
  const { repeat } = data;
  return {
    timeoutMs: numberIn(data, "timeout") || null,
    retryMax: numberIn(data, "retryMax"),
    retryDelayMs: numberIn(data, "retryDelay"),
    repeat: typeof repeat === "number" || typeof repeat === "boolean" ? repeat : QUEUE_JOB_DEFAULTS.repeat,
    repeatDelayMs: numberIn(data, "repeatDelay"),
  };
}

/** Whether a queue job runs again after its attempt of this number, by its own repeating. */
export function repeats({ repeat }: Pick<QueueTerms, "repeat">, attempt: number): boolean {
  return typeof repeat === "number" ? attempt <= repeat : repeat;
}

/** Until when an attempt may run, counted from `from`; null: for ever. Guards against a worker that does not answer. */
export function attemptDeadline(
  terms: Pick<QueueTerms, "timeoutMs" | "retryDelayMs">,
  from: Date,
  retries: number,
): Date | null {
  const { timeoutMs, retryDelayMs } = terms;
  return timeoutMs === null ? null : new Date(from.getTime() + timeoutMs + retryDelayMs * retries);
}

function numberIn(data: JsonObject, name: "timeout" | "retryMax" | "retryDelay" | "repeatDelay"): number {
  const value: Json | undefined = data[name];
  return typeof value === "number" ? value : QUEUE_JOB_DEFAULTS[name];
}
