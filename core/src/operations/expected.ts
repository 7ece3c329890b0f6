import { durationQuantile, type Expectation, expectDuration } from "@callsheet/contract";
import type { ActionVersion } from "../store/dictionary.ts";
import type { Learned } from "./catalogue.ts";

/** Attempts are expected to have ended by when nine of ten do. */
const MOST = 0.9;

/** How long an attempt of which this is expected runs at most, in milliseconds, when it has run for `elapsedMs`. */
export const atMost = (expected: Expectation | null, elapsedMs = 0): number | null =>
  expected && durationQuantile(expected, MOST, elapsedMs);

/** How long an attempt of a job of this size is expected to run at most, in milliseconds; null: nobody knows. */
export function expectedMs(
  learned: Learned,
  { actionId, definition }: ActionVersion,
  size: number | null,
  elapsedMs = 0,
): number | null {
  return atMost(expectDuration(learned.get(actionId), size, definition), elapsedMs);
}
