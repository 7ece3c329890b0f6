/**
 * The value below which `share` (0 to 1) of the values lie, interpolated between neighbours; NaN for none.
 * @param {readonly number[]} values
 * @param {number} share
 */
export function quantile(values, share) {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const above = Math.ceil(place);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

/** @param {readonly number[]} values */
export const median = (values) => quantile(values, 0.5);

/**
 * Median, least and greatest of the finite values, and how many there were.
 * @param {readonly (number | null | undefined)[]} values
 */
export function spread(values) {
  const finite = values.filter((value) => Number.isFinite(value));
  return {
    count: finite.length,
    median: median(finite),
    min: finite.length === 0 ? Number.NaN : Math.min(...finite),
    max: finite.length === 0 ? Number.NaN : Math.max(...finite),
  };
}

/**
 * How fast the last tenth of a run went beside the first one: time per job in the last tenth of the time over time per
 * job in the first, so 1 is flat and 2 is twice as slow. `timeline` holds (milliseconds, jobs handled so far), ascending.
 * @param {readonly {readonly ms: number, readonly handled: number}[]} timeline
 */
export function decileGrowth(timeline) {
  if (timeline.length < 2) return { first: Number.NaN, last: Number.NaN, growth: Number.NaN };
  const start = timeline[0].ms;
  const length = timeline.at(-1).ms - start;
  const rate = (from, to) => ((handledAt(timeline, to) - handledAt(timeline, from)) * 1000) / (to - from);
  const first = rate(start, start + length / 10);
  const last = rate(start + (length * 9) / 10, start + length);
  return { first, last, growth: first / last };
}

/**
 * How long those of these took that were under way, if only in part, between two instants.
 * @param {{readonly startMs: number, readonly endMs: number}} between
 * @param {readonly {readonly startMs: number, readonly tookMs: number}[]} times
 */
export function tookDuring({ startMs, endMs }, times) {
  return times.filter((one) => one.startMs + one.tookMs >= startMs && one.startMs <= endMs).map(({ tookMs }) => tookMs);
}

/**
 * The greatest of the last fifth of the values over the greatest of the first fifth: 1 is memory that does not grow.
 * @param {readonly number[]} values one after the other in time
 */
export function memoryGrowth(values) {
  const fifth = Math.floor(values.length / 5);
  if (fifth === 0) return Number.NaN;
  return Math.max(...values.slice(-fifth)) / Math.max(...values.slice(0, fifth));
}

function handledAt(timeline, ms) {
  let index = 0;
  while (index < timeline.length - 2 && timeline[index + 1].ms < ms) index += 1;
  const before = timeline[index];
  const after = timeline[index + 1];
  const share = after.ms === before.ms ? 1 : Math.min(1, Math.max(0, (ms - before.ms) / (after.ms - before.ms)));
  return before.handled + (after.handled - before.handled) * share;
}
