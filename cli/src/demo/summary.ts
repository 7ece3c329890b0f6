import { isAbsolute, join, relative } from "node:path";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import { counted } from "../counted.ts";
import { printable } from "../printable.ts";
import { amendedJobs, overrunJobs } from "../report/job-look.ts";
import type { Fact, Report, ReportJob } from "../report/report-data.ts";

/** Whether a job ended as it was announced: completed, or it waits for what this machine does not have. */
export function endedAsAnnounced({ state, waitsFor }: ReportJob): boolean {
  return state === "completed" || waitsFor !== null;
}

/** What the terminal is left with: how many jobs ended how, where everything is, and how to go on. */
export function summaryOf(report: Report, reportPath: string): string {
  const { jobs, startedAt, endedAt, notes, outputs, next } = report;
  const states = countStates(jobs);
  const completed = states.get("completed") ?? 0;
  const others = [...states].filter(([state]) => state !== "completed").map(([state, count]) => `${count} ${state}`);
  const amended = amendedJobs(jobs).length;
  const overran = overrunJobs(jobs).length;
  const mark = jobs.every(endedAsAnnounced) ? colours.green("✔") : colours.red("✘");
  const took = formatDuration(endedAt.getTime() - startedAt.getTime());
  const sums = [`${counted(completed, "job")} completed`, ...others, took];
  const stories = [
    ...(amended > 0 ? [`${amended} retried after its configuration was amended`] : []),
    ...(overran > 0 ? [`${overran} ran on after its time-out`] : []),
  ];
  const lines = [
    `${mark} ${sums.join(" · ")}`,
    ...(stories.length > 0 ? [`  ${stories.join(" · ")}`] : []),
    ...jobs.filter((job) => !endedAsAnnounced(job)).map((job) => `  ${describeFailure(job)}`),
    ...notes.map((note) => `  ${note}`),
    "",
    ...aligned([{ label: "Report", value: shortPath(reportPath) }, ...outputs]),
    "",
    ...next.flatMap(({ what, command }) => [`  ${colours.dim(what)}`, `    ${printable(command)}`]),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function countStates(jobs: readonly ReportJob[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const job of jobs) {
    const word = job.waitsFor === null ? job.state.replaceAll("_", " ") : "waiting";
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return counts;
}

function describeFailure({ file, action, state, attempts }: ReportJob): string {
  const error = attempts.at(-1)?.error;
  const why = error ? `: ${error.message} (${error.code})` : "";
  return printable(`${file} ${action} ${state.replaceAll("_", " ")}${why}`);
}

function aligned(facts: readonly Fact[]): readonly string[] {
  const width = Math.max(...facts.map(({ label }) => label.length));
  return facts.map(({ label, value }) => `  ${colours.dim(label.padEnd(width))}  ${printable(value)}`);
}

/** A path as one would type it here: relative where that is shorter. */
export function shortPath(path: string, from = process.cwd()): string {
  const near = relative(from, path);
  return near === "" ? "." : near.startsWith("..") || isAbsolute(near) ? path : `.${join("/", near)}`;
}
