import { z } from "zod";

/** How the delay grows from one retry to the next. */
export const BACKOFFS = ["constant", "linear", "exponential"] as const;

/** How failures are retried by policy. A retry by hand is always possible. */
export const retryPolicySchema = z.strictObject({
  /** Retries after the first attempt. Default 0. */
  limit: z.int().min(0).max(1000).default(0),
  /** Wait before the first retry, in milliseconds. Default 5,000. */
  delayMs: z.int().min(0).max(31_536_000_000).default(5_000),
  /** How the wait grows with the number of the retry. Default `exponential`. */
  backoff: z.enum(BACKOFFS).default("exponential"),
  /** The longest wait, in milliseconds. Default one hour. */
  maxDelayMs: z.int().min(0).max(31_536_000_000).default(3_600_000),
  /** The share of the wait, 0 to 1, that is drawn at random and added, so that retries do not come in step. Default 0.1. */
  jitter: z.number().min(0).max(1).default(0.1),
  /** Error codes that are never retried by policy. `invalid_configuration` never is. */
  never: z.array(z.string().min(1).max(100)).max(100).default([]),
});
/** When a failed attempt is retried without anybody asking; defaults filled in. */
export type RetryPolicy = z.output<typeof retryPolicySchema>;

/** Codes that no policy retries: the same input can only fail again. */
export const NEVER_RETRIED = [
  "invalid_configuration",
  "secret_damaged",
  "secret_refused",
  "unknown_secret",
  "unstorable_result",
] as const;

/**
 * The wait before retry number `retry` (1 is the first), in whole milliseconds.
 * @param random a number in [0, 1), drawn by the caller
 */
export function delayFor(policy: RetryPolicy, retry: number, random: number): number {
  const factor = { constant: 1, linear: retry, exponential: 2 ** Math.min(retry - 1, 52) }[policy.backoff];
  const delay = Math.min(policy.delayMs * factor, policy.maxDelayMs);
  return Math.round(delay + delay * policy.jitter * random);
}

/** Whether the policy grants another attempt after `retries` retries and a failure with this code. */
export function mayRetry(policy: RetryPolicy, retries: number, code: string): boolean {
  if (retries >= policy.limit) return false;
  return !policy.never.includes(code) && !(NEVER_RETRIED as readonly string[]).includes(code);
}
