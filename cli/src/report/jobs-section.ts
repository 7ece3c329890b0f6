import { formatDuration } from "../amount.ts";
import { type Html, html } from "./html.ts";
import { endingOf, tookOf, waitedOf } from "./job-look.ts";
import type { Report, ReportJob } from "./report-data.ts";
import { type TimeSpent, timeSpent } from "./time-spent.ts";

const BAR_WIDTH = 300;

/** Where the time went, by action. */
export function timeSection({ jobs }: Report): Html {
  const spent = timeSpent(jobs);
  if (spent.length === 0) return html``;
  const most = Math.max(...spent.map(({ ranMs }) => ranMs), 1);
  return html`<section id="time" aria-labelledby="time-title">
<h2 id="time-title">Where the time went</h2>
<div class="panel scroll" tabindex="0" role="region" aria-label="Time by action"><table class="numbers spent">
<thead><tr><th scope="col">Action</th><td></td><th scope="col">Ran</th><th scope="col">Attempts</th><th scope="col">Longest</th><th scope="col">Waited, mean</th></tr></thead>
<tbody>${spent.map((line) => spentRow(line, most))}</tbody></table></div>
</section>`;
}

function spentRow({ action, attempts, ranMs, longestMs, waitedMs }: TimeSpent, most: number): Html {
  const width = Math.max((ranMs / most) * BAR_WIDTH, 1);
  return html`<tr><th scope="row">${action}</th>
<td class="chart"><svg viewBox="0 0 ${BAR_WIDTH} 14" preserveAspectRatio="none" aria-hidden="true"><rect class="track" width="${BAR_WIDTH}" height="14"/><rect class="value" width="${Math.round(width * 100) / 100}" height="14"/></svg></td>
<td>${formatDuration(ranMs)}</td><td>${attempts}</td><td>${formatDuration(longestMs)}</td><td>${formatDuration(waitedMs / attempts)}</td></tr>`;
}

/** Every attempt of every job as a table: what the timeline shows, in words. */
export function jobsTable({ jobs }: Report): Html {
  if (jobs.length === 0) return html``;
  return html`<details class="panel all-jobs"><summary>All ${jobs.length} jobs as a table</summary>
<div class="scroll" tabindex="0" role="region" aria-label="All jobs"><table class="numbers">
<thead><tr><th scope="col">File</th><th scope="col">Action</th><th scope="col">Attempt</th><th scope="col">State</th><th scope="col">Waited</th><th scope="col">Ran</th><th scope="col">Job</th></tr></thead>
<tbody>${jobs.map(jobRows)}</tbody></table></div></details>`;
}

function jobRows({ id, file, action, state, attempts, waitsFor }: ReportJob): readonly Html[] {
  const named = html`<th scope="row"><bdi>${file}</bdi></th><td>${action}</td>`;
  if (attempts.length === 0) {
    const why = waitsFor === null ? state.replaceAll("_", " ") : `${state.replaceAll("_", " ")}: ${waitsFor}`;
    return [html`<tr>${named}<td></td><td class="words">${why}</td><td></td><td></td><td><code>${id}</code></td></tr>`];
  }
  return attempts.map((attempt) => {
    const took = tookOf(attempt);
    return html`<tr>${named}<td>${attempt.number}</td><td class="words">${endingOf(attempt)}</td><td>${formatDuration(waitedOf(attempt))}</td><td>${took === null ? "" : formatDuration(took)}</td><td><code>${id}</code></td></tr>`;
  });
}
