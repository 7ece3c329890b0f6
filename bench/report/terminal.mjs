import { readable, textTable } from "../measure/table.mjs";
import { summarise } from "./summary.mjs";

/** Prints the machine, the versions and every setting before anything is measured. */
export function printHead(report) {
  const { machine } = report;
  console.log(`${report.date}  Node ${report.node}  ${machine.cores} x ${machine.cpu}, ${machine.memoryGb} GB`);
  console.log(`a durable write of 8 KiB: ${readable(machine.durableWriteUs.medianUs)} us (median)`);
  for (const server of report.servers) console.log(`${server.label}: ${JSON.stringify(server.settings)}`);
  for (const system of report.systems) {
    console.log(`${system.name} ${system.version}: ${JSON.stringify(system.settings)}`);
  }
  if (report.quick) console.log("quick: small sizes; the figures prove only that everything runs");
}

/** One line a run: what the machine was doing, then what came out. */
export function printResult(result) {
  const { before, during } = result.load;
  const load = `load before ${percent(before.foreign)}, during ${percent(during.foreign)}`;
  const busiest = during.busiest.share > before.busiest.share ? during.busiest : before.busiest;
  const marks = [
    result.contended ? `CONTENDED (${busiest.name} ${percent(busiest.share)})` : "",
    result.void ? "VOID: jobs were lost" : "",
    result.counts.doubled > 0 ? "DOUBLED" : "",
    result.figures.complete === 0 ? "cut off by the limit" : "",
  ].filter(Boolean);
  const { attempted, finished, left, lost, doubled } = result.counts;
  console.log(
    [
      `${result.scenario} #${result.round} ${result.system}${result.variant && ` (${result.variant})`}: ${headline(result)}`,
      `jobs ${attempted}, finished ${finished}, waiting ${left}, lost ${lost}, doubled ${doubled}`,
      `server ${readable(result.cost.serverCpuUs)} us, node ${readable(result.cost.nodeCpuUs)} us, WAL ${readable(result.cost.walBytes)} B a job`,
      load,
      ...marks,
    ].join(" | "),
  );
}

function headline({ figures }) {
  if (figures.growth !== undefined) {
    return `${readable(figures.firstTenthRate)} -> ${readable(figures.lastTenthRate)} jobs/s, x${readable(figures.growth)}`;
  }
  if (figures.nodePercent !== undefined) {
    return `${readable(figures.nodePercent)} % of a core, server ${readable(figures.serverPercent)} %, ${readable(figures.memoryMb)} MB`;
  }
  if (figures.rate === undefined) return `p50 ${readable(figures.p50Ms)} ms, p99 ${readable(figures.p99Ms)} ms`;
  const latency =
    figures.p50Ms === undefined ? "" : `, p50 ${readable(figures.p50Ms)} ms, p99 ${readable(figures.p99Ms)} ms`;
  return `${readable(figures.rate)} jobs/s${latency}`;
}

const percent = (share) => `${(share * 100).toFixed(0)} %`;

/** A table for each scenario: medians over the rounds. */
export function printSummary(report) {
  for (const { title, head, rows } of summarise(report)) console.log(`\n${title}\n${textTable(head, rows)}`);
}

/**
 * The ratios; of quick runs they prove nothing and are not judged.
 * @param {ReturnType<typeof import("../measure/compare.mjs").compare>} rows
 * @param {{quick: boolean}} report
 */
export function printComparison(rows, { quick }) {
  if (rows.length === 0) return;
  const cells = rows.map((row) => [
    row.name,
    row.versus,
    row.target,
    readable(row.median),
    `${readable(row.min)} - ${readable(row.max)}`,
    quick ? "not judged" : verdict(row.kept),
  ]);
  console.log(
    `\nCallsheet, pair by pair\n${textTable(["measure", "against", "target", "median", "range", ""], cells)}`,
  );
}

const verdict = (kept) => (kept === undefined ? "" : kept ? "kept" : "MISSED");
