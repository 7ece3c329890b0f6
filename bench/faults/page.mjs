import { readFileSync, writeFileSync } from "node:fs";
import { markdownTable, readable } from "../measure/table.mjs";
import { LOAD, OBSERVED_MS } from "./load.mjs";
import { FAULTS } from "./nemesis.mjs";

const PAGE = new URL("../../docs/reliability.md", import.meta.url);
const BEGIN = "<!-- Written by `npm run bench:faults -- --publish`. Do not edit up to the end mark. -->";
const END = "<!-- End of what is written. -->";

export const HEAD = [
  "system",
  "jobs",
  "lost",
  "stuck",
  "given up",
  "two at once",
  "run again",
  "late words believed",
  "processes fallen",
  "interrupted, begun again",
  "recovery, s: p50, most",
];

/** @param {any} outcome of one experiment */
export function rowOf(outcome) {
  const { p50, max } = outcome.recoveryMs;
  const seconds = (ms) => (ms === null ? "-" : readable(ms / 1000));
  return [
    `${outcome.system} ${outcome.version}`,
    outcome.created,
    outcome.lost,
    outcome.stuck,
    outcome.failed,
    outcome.together,
    outcome.again,
    outcome.late === 0 ? "-" : `${outcome.believed} of ${outcome.late}`,
    outcome.fallen,
    outcome.fault === "restarted" ? "-" : `${outcome.interrupted}, ${outcome.recovered}`,
    `${seconds(p50)}, ${seconds(max)}`,
  ];
}

/** One report of several that were made apart, at one commit. @param {readonly any[]} reports */
export function mergeOutcomes(reports) {
  const [first] = reports;
  const commits = new Set(reports.map(({ commit }) => commit));
  if (commits.size > 1) throw new Error(`the reports differ in their commit: ${[...commits].join(", ")}`);
  return { ...first, results: reports.flatMap(({ results }) => results) };
}

/** Puts the outcome between its marks in docs/reliability.md. */
export function publishFaults(report) {
  const page = readFileSync(PAGE, "utf8");
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error("docs/reliability.md has lost the marks between which the outcome stands");
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${textOf(report)}\n\n${END}${after}`);
}

/** The outcome as Markdown. */
export function textOf(report) {
  const servers = [...new Set(report.results.map(({ server }) => server))];
  return [
    `Made on ${report.date.slice(0, 10)} at commit ${report.commit}, on ${report.machine.cores} x ${report.machine.cpu} and Node ${report.node}; ${servers.join(", ")}. ${LOAD.workers} processes of ${LOAD.slots} slots each, a job of ${LOAD.runMs / 1000} s every ${LOAD.everyMs / 1000} s, observed for ${OBSERVED_MS / 1000} s after the last fault.`,
    ...report.skipped.map(({ name, reason }) => `Not there: ${name} (${reason}).`),
    ...Object.entries(FAULTS).flatMap(([fault, { title }]) => tablesOf(report, fault, title)),
    "When each takes a worker for lost:",
    leasesOf(report),
  ].join("\n\n");
}

function tablesOf({ results }, fault, title) {
  const titles = { usual: "as they come", short: "with leases of about ten seconds" };
  return Object.entries(titles).flatMap(([lease, words]) => {
    const some = results.filter((one) => one.fault === fault && one.lease === lease);
    // What has one lease only stands beside the others in both.
    const alone = results.filter((one) => one.fault === fault && !hasBoth(results, one.system));
    const rows = lease === "usual" ? some : [...alone, ...some];
    if (some.length === 0) return [];
    return [`**${title[0].toUpperCase()}${title.slice(1)}; ${words}**`, markdownTable(HEAD, rows.map(rowOf))];
  });
}

const hasBoth = (results, system) => results.some((one) => one.system === system && one.lease === "short");

function leasesOf({ results }) {
  const rows = new Map(
    results.map(({ system, version, lease, words }) => [`${system} ${lease}`, [`${system} ${version}`, lease, words]]),
  );
  return markdownTable(["system", "lease", "lost after"], [...rows.values()].sort());
}
