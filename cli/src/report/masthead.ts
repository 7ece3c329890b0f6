import { formatBytes, formatDuration } from "../amount.ts";
import { counted } from "../counted.ts";
import { overviewStrip, savingOf } from "./files-section.ts";
import { type Html, html } from "./html.ts";
import { amendedJobs, overrunJobs } from "./job-look.ts";
import type { Fact, Report } from "./report-data.ts";
import { slotUse, timeSpent } from "./time-spent.ts";
import { layTimeline } from "./timeline.ts";

/** What it was, how it ended, and the figures that matter. */
export function masthead(report: Report): Html {
  return html`<header class="masthead">
<p class="brand">${clapper()}<span>Callsheet</span></p>
<h1>${headline(report)}</h1>
<p class="lead">${summarise(report)}</p>
${report.notes.length > 0 && html`<ul class="notes">${report.notes.map((note) => html`<li>${note}</li>`)}</ul>`}
<dl class="figures">${figuresOf(report).map(({ label, value }) => html`<div><dt>${label}</dt><dd>${value}</dd></div>`)}</dl>
</header>
${overviewStrip(report.files)}`;
}

function headline({ files, jobs, startedAt, endedAt }: Report): string {
  const took = formatDuration(endedAt.getTime() - startedAt.getTime());
  return `${counted(files.length, "file")}, ${counted(jobs.length, "job")}, ${took}.`;
}

/** How the jobs ended, in a sentence. */
export function summarise({ jobs }: Pick<Report, "jobs">): string {
  const completed = jobs.filter(({ state }) => state === "completed").length;
  const others = new Map<string, number>();
  for (const { state, waitsFor } of jobs) {
    const word = waitsFor === null ? state : "waiting";
    if (word !== "completed") others.set(word, (others.get(word) ?? 0) + 1);
  }
  const parts = [
    completed === jobs.length ? "Every job completed" : `${completed} of ${jobs.length} jobs completed`,
    ...[...others].map(([state, number]) => `${number} ${state.replaceAll("_", " ")}`),
  ];
  const amended = amendedJobs(jobs).filter(({ state }) => state === "completed").length;
  const overran = overrunJobs(jobs).filter(({ state }) => state === "completed").length;
  if (amended > 0) parts.push(`${inWords(amended)} after its configuration was amended`);
  if (overran > 0) parts.push(`${inWords(overran)} after its time-out, which marks a job and never kills it`);
  return `${parts.join(", ")}.`;
}

function figuresOf(report: Report): readonly Fact[] {
  const { source, proxy, change } = savingOf(report.files);
  const use = slotUse(timeSpent(report.jobs), report.slots, layTimeline(report).lengthMs);
  const day = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeZone: report.timeZone });
  const time = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium", timeZone: report.timeZone });
  return [
    { label: "Date", value: day.format(report.startedAt) },
    { label: "Start", value: time.format(report.startedAt) },
    { label: "End", value: time.format(report.endedAt) },
    { label: "Slots", value: `${report.slots}, ${Math.round(use * 100)} % busy` },
    ...(source > 0
      ? [
          { label: "Sources", value: formatBytes(source) },
          { label: "Proxies", value: `${formatBytes(proxy)} (${change})` },
        ]
      : []),
  ];
}

const inWords = (number: number): string => ["no job", "one", "two", "three"][number] ?? String(number);

function clapper(): Html {
  return html`<svg viewBox="0 0 32 32" width="32" height="32" aria-hidden="true"><path class="ink" d="M3 13h26v13a3 3 0 0 1-3 3H6a3 3 0 0 1-3-3z"/><path class="ink" d="M2.6 8.6 27 2.1l1.4 5.1L4 13.7z"/><path class="light" d="m7.4 7.3 4.8 3.9 4.6-1.2L12 6zm9.4-2.5 4.8 3.9 4.6-1.3-4.8-3.8zM8 19h16v2H8zm0 4.500h10v2H8z"/></svg>`;
}
