import { formatDuration } from "../amount.ts";
import { type StoryEvent, stepsSince } from "./events.ts";
import { type Html, html } from "./html.ts";
import { amendedJobs, overrunJobs, tookOf } from "./job-look.ts";
import type { Report, ReportAmendment, ReportAttempt, ReportJob } from "./report-data.ts";

const MOST = 4;

/** The jobs of which there is something to tell: amended and retried, or longer than their time-out. */
export function storiesSection({ jobs }: Report): Html {
  const stories = [...amendedJobs(jobs).map(amendedStory), ...overrunJobs(jobs).map(overrunStory)].slice(0, MOST);
  if (stories.length === 0) return html``;
  return html`<section id="stories" aria-labelledby="stories-title">
<h2 id="stories-title">When things go wrong</h2>
<div class="stories">${stories}</div>
</section>`;
}

function amendedStory(job: ReportJob): Html {
  const [first] = job.attempts;
  const events: readonly StoryEvent[] = [
    ...job.attempts.flatMap((attempt) => attemptEvents(attempt)),
    ...job.amendments.map((amendment) => ({ at: amendment.at, look: "" as const, text: amendmentText(amendment) })),
  ];
  return html`<article class="panel story"><h3>Failed, amended, retried</h3>
<p class="note"><bdi>${job.file}</bdi>, ${job.action}. The failed attempt keeps the configuration that it ran with.</p>
${stepsSince(first!.startedAt, events)}
</article>`;
}

function overrunStory(job: ReportJob): Html {
  const attempt = job.attempts.find(({ overranAt }) => overranAt !== null)!;
  const limit = job.timeoutMs === null ? "" : ` of ${formatDuration(job.timeoutMs)}`;
  return html`<article class="panel story"><h3>Too slow, and left to finish</h3>
<p class="note"><bdi>${job.file}</bdi>, ${job.action}. A time-out${limit} marks a job and never kills it.</p>
${stepsSince(attempt.startedAt, attemptEvents(attempt))}
</article>`;
}

function attemptEvents(attempt: ReportAttempt): readonly StoryEvent[] {
  const { number, startedAt, overranAt, endedAt, error, state } = attempt;
  const began: StoryEvent = { at: startedAt, look: "", text: html`<b>Attempt ${number} began</b>` };
  const overran: readonly StoryEvent[] =
    overranAt === null
      ? []
      : [{ at: overranAt, look: "over", text: html`<b>Timed out</b>, shown as such, still running` }];
  if (endedAt === null) return [began, ...overran];
  const took = formatDuration(tookOf(attempt) ?? 0);
  const ended: StoryEvent =
    state === "completed"
      ? { at: endedAt, look: "good", text: html`<b>Completed</b> after ${took}` }
      : {
          at: endedAt,
          look: "bad",
          text: html`<b>Failed</b>${error !== null && html`: ${error.message} <code>${error.code}</code>`}`,
        };
  return [began, ...overran, ended];
}

function amendmentText({ actor, reason, changes }: ReportAmendment): Html {
  return html`<b>Amended</b> by ${actor}${reason !== null && `: ${reason}`}
<div class="diff" role="group" aria-label="Difference of the configuration">${changes.map(
    ({
      field,
      before,
      after,
    }) => html`${before !== null && html`<div class="minus"><span aria-hidden="true">−</span><span class="hidden">before: </span><code>${field}: ${before}</code></div>`}
${after !== null && html`<div class="plus"><span aria-hidden="true">+</span><span class="hidden">after: </span><code>${field}: ${after}</code></div>`}`,
  )}</div>`;
}
