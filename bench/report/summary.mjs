import { variantsOf } from "../measure/series.mjs";
import { spread } from "../measure/statistics.mjs";
import { readable } from "../measure/table.mjs";

const COLUMNS = [
  ["jobs/s", (one) => one.figures.rate, "range"],
  ["p50 ms", (one) => one.figures.p50Ms],
  ["p99 ms", (one) => one.figures.p99Ms],
  ["claim p50 ms", (one) => one.figures.claimP50Ms],
  ["claim p99 ms", (one) => one.figures.claimP99Ms],
  ["claim max ms", (one) => one.figures.claimMaxMs],
  ["jobs/claim", (one) => one.figures.jobsPerClaim],
  ["claim p99 ms at half", (one) => one.figures.halfClaimP99Ms],
  ["first tenth/s", (one) => one.figures.firstTenthRate],
  ["last tenth/s", (one) => one.figures.lastTenthRate],
  ["growth", (one) => one.figures.growth, "range"],
  ["insert/s", (one) => one.figures.insertRate],
  ["created s", (one) => one.figures.createSeconds],
  ["creator MB", (one) => one.figures.creatorMb],
  ["reads", (one) => one.figures.readCount],
  ["read p50 ms", (one) => one.figures.readP50Ms],
  ["read p99 ms", (one) => one.figures.readP99Ms],
  ["read max ms", (one) => one.figures.readMaxMs],
  ["`select 1` p50 ms", (one) => one.figures.bareP50Ms],
  ["`select 1` p99 ms", (one) => one.figures.bareP99Ms],
  ["`select 1` max ms", (one) => one.figures.bareMaxMs],
  ["process % of a core", (one) => one.figures.nodePercent],
  ["server % of a core", (one) => one.figures.serverPercent],
  ["process MB", (one) => one.figures.memoryMb],
  ["server us/job", (one) => one.cost.serverCpuUs],
  ["node us/job", (one) => one.cost.nodeCpuUs],
  ["WAL B/job", (one) => one.cost.walBytes],
  ["written B/job", (one) => one.cost.writtenBytes],
  ["node MB", (one) => one.cost.peakMemoryMb],
  ["MB last fifth/first", (one) => one.figures.memoryGrowth],
  ["lost", (one) => one.counts.lost, "sum"],
  ["doubled", (one) => one.counts.doubled, "sum"],
];

/**
 * A table for each scenario, a row for each system and variant, medians over the rounds; columns nobody filled are left out.
 * Runs that lost jobs count in the column `lost` only.
 */
export function summarise(report) {
  const scenarios = [...new Set(report.results.map((one) => one.scenario))];
  return scenarios.map((scenario) => {
    const of = report.results.filter((one) => one.scenario === scenario);
    const systems = [...new Set(report.systems.map((one) => one.name).concat(of.map((one) => one.system)))];
    const groups = systems.flatMap((system) =>
      variantsOf(report.results, scenario, system).map((variant) => ({
        name: variant === "" ? system : `${system}, ${variant}`,
        runs: of.filter((one) => one.system === system && one.variant === variant),
      })),
    );
    const columns = COLUMNS.filter(([, read]) => of.some((one) => Number.isFinite(read(one))));
    return {
      scenario,
      title: report.scenarios?.[scenario] ?? scenario,
      head: ["system", ...columns.map(([title]) => title)],
      rows: groups.map(({ name, runs }) => [
        markContended(name, runs),
        ...columns.map(([, read, how]) => cell(runs, read, how)),
      ]),
    };
  });
}

const markContended = (name, runs) => (runs.some((one) => one.contended) ? `${name} *` : name);

function cell(runs, read, how) {
  if (how === "sum") return readable(runs.reduce((sum, one) => sum + read(one), 0)).replace(".00", "");
  const { count, median, min, max } = spread(runs.filter((one) => !one.void).map(read));
  if (count === 0) return "-";
  return how === "range" && count > 1 ? `${readable(median)} (${readable(min)}-${readable(max)})` : readable(median);
}
