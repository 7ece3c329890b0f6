import { nowMs } from "./clock.mjs";

/**
 * Counts how often each job's handler began (255 at most) and when it first did, for jobs numbered 0 to `attempted` - 1.
 * @param {number} attempted
 */
export function makeCounter(attempted) {
  const seen = new Uint8Array(attempted);
  const startedAtMs = new Float64Array(attempted);
  let handled = 0;
  return {
    seen,
    startedAtMs,
    handled: () => handled,
    count: (job) => {
      handled += 1;
      if (seen[job] === 0) startedAtMs[job] = nowMs();
      if (seen[job] < 255) seen[job] += 1;
    },
  };
}
