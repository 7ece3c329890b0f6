import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { compare } from "../measure/compare.mjs";
import { markdownTable, readable } from "../measure/table.mjs";
import { summarise } from "./summary.mjs";

const PAGE = new URL("../../docs/performance.md", import.meta.url);
const SWEEP = new URL("../sweep.json", import.meta.url);

/**
 * Writes docs/performance.md, or says why it must not: quick sizes, lost jobs, and runs that shared the machine with another
 * process (which `contended: "mark"` lets pass, marked).
 * @param {any} report
 * @param {{contended: "mark" | "refuse"}} how
 */
export function publish(report, { contended }) {
  const refusal = refusalOf(report, contended);
  if (refusal !== undefined) return refusal;
  const sweep = existsSync(SWEEP) ? JSON.parse(readFileSync(SWEEP, "utf8")) : undefined;
  writeFileSync(PAGE, pageOf(report, sweep));
  return undefined;
}

/** Why a report must not be published, or nothing. */
export function refusalOf(report, contended) {
  if (report.quick) return "quick runs measure nothing";
  if (report.results.length === 0) return "there are no results";
  const lossy = report.results.filter((one) => one.void);
  if (lossy.length > 0) return `${lossy.length} runs lost jobs`;
  const disturbed = report.results.filter((one) => one.contended);
  if (disturbed.length > 0 && contended === "refuse") {
    return `another process took more than 10 % of a core in ${disturbed.length} of ${report.results.length} runs (--force marks them)`;
  }
  return undefined;
}

/** The page as Markdown. */
export function pageOf(report, sweep) {
  return `${[...headOf(report), ...comparisonOf(report), ...tablesOf(report), ...settingsOf(report), ...sweepOf(sweep)].join("\n\n")}\n`;
}

function headOf(report) {
  const { machine } = report;
  const disturbed = report.results.some((one) => one.contended);
  return [
    "# Performance",
    "<!-- Written by `npm run bench -- --publish`. Do not edit. -->",
    `Measured on ${report.date.slice(0, 10)} at commit ${report.commit}: ${machine.cores} x ${machine.cpu}, ${machine.memoryGb} GB, Linux ${machine.kernel}; a durable write of 8 KiB takes ${readable(machine.durableWriteUs.medianUs)} us. Clients, workers and servers share the cores. Node ${report.node} for every system; ${report.servers.map((one) => one.label).join(", ")}. ${roundsOf(report)} rounds, the systems taking turns; figures are medians, ranges from least to greatest. A drain is cut off after ${report.limitMs / 1000} s.`,
    ...(disturbed
      ? [
          "**Another process took more than 10 % of a core during the runs marked `*`: trust the ratios, not the figures.**",
        ]
      : []),
    ...report.skipped.map(({ name, reason }) => `Not measured: ${name} (${reason}).`),
  ];
}

const roundsOf = ({ rounds, mostRounds = rounds }) => (mostRounds > rounds ? `${rounds} to ${mostRounds}` : rounds);

function comparisonOf(report) {
  const rows = compare(report.results, report.systems);
  if (rows.length === 0) return [];
  const cells = rows.map((row) => [
    row.name,
    row.versus,
    row.target,
    readable(row.median),
    `${readable(row.min)} - ${readable(row.max)}`,
    row.kept === undefined ? "" : row.kept ? "yes" : "no",
  ]);
  return [
    "## Callsheet beside the best peer",
    "Ratios are taken pair by pair within a round, against the peer with the best median; a system's better figure counts, right after loading or after `vacuum analyze`.",
    markdownTable(["measure", "against", "target", "median", "range", "kept"], cells),
  ];
}

function tablesOf(report) {
  return [
    "## Every scenario",
    ...summarise(report).flatMap(({ scenario, title, head, rows }) => [
      `### ${scenario}: ${title}`,
      markdownTable(head, rows),
    ]),
  ];
}

function settingsOf(report) {
  const line = (name, settings) => [name, `\`${JSON.stringify(settings)}\``];
  return [
    "## Settings",
    markdownTable(
      ["server", "settings"],
      report.servers.map((one) => line(one.label, one.settings)),
    ),
    markdownTable(
      ["system", "settings"],
      report.systems.map((one) => line(`${one.name} ${one.version}`, one.settings)),
    ),
  ];
}

function sweepOf(sweep) {
  if (sweep === undefined) return [];
  const rows = sweep.results.map((one) => [
    one.contended ? `${one.system} *` : one.system,
    one.part,
    `\`${JSON.stringify(one.settings)}\``,
    `${readable(one.median)} ${one.figure === "rate" ? "jobs/s" : "ms"}`,
  ]);
  return [
    "## The search for the settings",
    `\`npm run bench -- sweep\` on ${sweep.date.slice(0, 10)}: ${sweep.jobs.toLocaleString("en-US")} jobs, ${sweep.rounds} rounds, medians, the best first. \`create\` is bulk create; \`single\` is 100 concurrent callers; \`drain\` is one process on an analysed backlog; \`latency\` is the median from call to start.`,
    markdownTable(["system", "part", "settings", "found"], rows),
  ];
}
