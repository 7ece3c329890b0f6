import { formatDuration } from "../amount.ts";
import { type Html, html } from "./html.ts";
import { waitedOf } from "./job-look.ts";
import type { Report, ReportJob } from "./report-data.ts";

const MOST = 8;

/** The jobs that waited for what others had: what they said while they waited, for how long, and who was in the way. */
export function waitsSection({ jobs }: Report): Html {
  const waited = jobs.filter(({ waited }) => waited !== null);
  if (waited.length === 0) return html``;
  return html`<section id="waits" aria-labelledby="waits-title">
<h2 id="waits-title">Why jobs waited</h2>
<ol class="waits">${waited.slice(0, MOST).map((job) => waitOf(job, jobs))}</ol>
${waited.length > MOST && html`<p class="note">${waited.length - MOST} more waited likewise.</p>`}
</section>`;
}

function waitOf(job: ReportJob, jobs: readonly ReportJob[]): Html {
  const { reason, sentence, blockers } = job.waited!;
  const [first] = job.attempts;
  const before = jobs.filter(({ id }) => blockers.includes(id));
  return html`<li class="panel"><p>${sentence} <code>${reason}</code></p>
<dl><div><dt>Job</dt><dd>${nameOf(job)}</dd></div>
${first !== undefined && html`<div><dt>Began after</dt><dd>${formatDuration(waitedOf(first))}</dd></div>`}
${before.length > 0 && html`<div><dt>In its way</dt><dd>${before.map((other) => html`<span>${nameOf(other)}</span>`)}</dd></div>`}</dl></li>`;
}

function nameOf({ file, action }: ReportJob): Html {
  return html`<bdi>${file}</bdi>, ${action}`;
}
