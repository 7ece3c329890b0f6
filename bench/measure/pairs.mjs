import { median, spread } from "./statistics.mjs";

/**
 * @typedef {object} Point one measured value
 * @property {number} round
 * @property {number} value
 */

/**
 * The ratio of two systems round by round, so that what slowed a whole round down cancels out.
 * @param {readonly Point[]} ours
 * @param {readonly Point[]} theirs
 */
export function pairRatios(ours, theirs) {
  const byRound = new Map(theirs.map((point) => [point.round, point.value]));
  const ratios = ours
    .filter((point) => byRound.has(point.round))
    .map((point) => point.value / byRound.get(point.round))
    .filter(Number.isFinite);
  return { ...spread(ratios), ratios };
}

/**
 * The system with the best median; `better` says whether a high or a low value is good. Nothing for an empty list.
 * @param {readonly {readonly system: string, readonly points: readonly Point[]}[]} series
 * @param {"high" | "low"} better
 */
export function bestSeries(series, better) {
  const sign = better === "high" ? 1 : -1;
  const ranked = series
    .filter((one) => one.points.length > 0)
    .map((one) => ({ one, middle: median(one.points.map((point) => point.value)) }))
    .sort((a, b) => sign * (b.middle - a.middle));
  return ranked[0]?.one;
}
