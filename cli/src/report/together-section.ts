import { formatDuration } from "../amount.ts";
import { counted } from "../counted.ts";
import { stateName } from "../state-colour.ts";
import { type StoryEvent, stepsSince } from "./events.ts";
import { type Html, html } from "./html.ts";
import type { Report, ReportGroup, ReportOccurrence, ReportTimed } from "./report-data.ts";

/** Group jobs, whose states follow from those of their members, and what was repeated by the clock. */
export function togetherSection({ groups, timed }: Report): Html {
  if (groups.length + timed.length === 0) return html``;
  return html`<section id="together" aria-labelledby="together-title">
<h2 id="together-title">Together, and by the clock</h2>
<div class="stories"><div class="stack">${groups.map(groupStory)}</div><div class="stack">${timed.map(timedStory)}</div></div>
</section>`;
}

function groupStory({ action, memberCount, counts, createdAt, changes }: ReportGroup): Html {
  const events = changes.map(({ at, state }): StoryEvent => {
    const look = state === "completed" ? "good" : state === "failed" ? "bad" : state === "timed_out" ? "over" : "";
    return { at, look, text: html`<b>${capital(stateName(state))}</b>` };
  });
  const sums = [
    `${counts.good} completed`,
    ...(counts.bad > 0 ? [`${counts.bad} failed`] : []),
    ...(counts.cancelled > 0 ? [`${counts.cancelled} cancelled`] : []),
  ];
  return html`<article class="panel story"><h3>${counted(memberCount, "job")} as one: ${action}</h3>
<p class="note">A group job for the collection: ${sums.join(", ")}. Its state follows from its members, in the transaction that changes them.</p>
${stepsSince(createdAt, [{ at: createdAt, look: "", text: html`<b>Created</b>` }, ...events])}
</article>`;
}

function timedStory({ action, file, everyMs, occurrences }: ReportTimed): Html {
  const [first] = occurrences;
  return html`<article class="panel story"><h3>Every ${everyMs / 1000} s: ${action}</h3>
<p class="note"><bdi>${file}</bdi>. A timed action, which is always the same job. Whatever became of a time at which it was due is told.</p>
${first !== undefined && stepsSince(first.instant, runsOf(occurrences).map(occurrenceEvent))}
</article>`;
}

/** An occurrence, or several one behind the other that were passed over for the same reason. */
type Told = ReportOccurrence & { readonly count: number };

function runsOf(occurrences: readonly ReportOccurrence[]): readonly Told[] {
  const runs: Told[] = [];
  for (const occurrence of occurrences) {
    const last = runs.at(-1);
    const goesOn = last?.firedAt === null && occurrence.firedAt === null && last.reason === occurrence.reason;
    if (goesOn) runs[runs.length - 1] = { ...last, count: last.count + 1 };
    else runs.push({ ...occurrence, count: 1 });
  }
  return runs;
}

function occurrenceEvent({ instant, firedAt, startedAt, endedAt, state, reason, count }: Told): StoryEvent {
  if (firedAt === null) {
    const why = reason === "overlap" ? "the one before was not over" : (reason ?? "it waited").replaceAll("_", " ");
    return { at: instant, look: "", text: html`<b>Passed over</b>${count > 1 && `, ${count} times`}: ${why}` };
  }
  if (state === null || endedAt === null)
    return { at: instant, look: "", text: html`<b>Not over</b> when the demo was` };
  const took = startedAt === null ? "" : ` in ${formatDuration(endedAt.getTime() - startedAt.getTime())}`;
  const late = formatDuration(Math.max(firedAt.getTime() - instant.getTime(), 0));
  const look = state === "completed" ? "good" : "bad";
  return { at: instant, look, text: html`<b>${capital(stateName(state))}</b>${took}, due ${late} after its time` };
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
