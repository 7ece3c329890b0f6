import { bestSeries } from "./pairs.mjs";

/**
 * @typedef {object} Result one run of one scenario by one system
 * @property {string} scenario
 * @property {string} system
 * @property {string} variant "loaded" (right after loading), "analysed", or "" where it makes no difference
 * @property {number} round
 * @property {Record<string, number>} figures
 * @property {boolean} void
 * @property {boolean} contended
 */

/**
 * The valid values of one figure, in the order of the rounds.
 * @param {readonly Result[]} results
 * @param {{scenario: string, system: string, variant?: string, figure?: string}} which
 */
export function seriesOf(results, { scenario, system, variant, figure = "rate" }) {
  return results
    .filter((one) => one.scenario === scenario && one.system === system && !one.void)
    .filter((one) => variant === undefined || one.variant === variant)
    .map((one) => ({ round: one.round, value: one.figures[figure] }))
    .filter((point) => Number.isFinite(point.value))
    .sort((a, b) => a.round - b.round);
}

/** @param {readonly Result[]} results @param {string} scenario @param {string} system */
export function variantsOf(results, scenario, system) {
  return [
    ...new Set(results.filter((one) => one.scenario === scenario && one.system === system).map((one) => one.variant)),
  ];
}

/**
 * A system's better variant of a scenario (right after loading or analysed), by median.
 * @param {readonly Result[]} results
 * @param {{scenario: string, system: string, figure?: string, better?: "high" | "low"}} which
 */
export function betterVariant(results, { scenario, system, figure = "rate", better = "high" }) {
  const series = variantsOf(results, scenario, system).map((variant) => ({
    system,
    variant,
    points: seriesOf(results, { scenario, system, variant, figure }),
  }));
  return bestSeries(series, better);
}
