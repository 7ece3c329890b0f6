import { formatDuration } from "../amount.ts";
import { type Html, html } from "./html.ts";
import { endingOf } from "./job-look.ts";
import type { Report } from "./report-data.ts";
import { layTimeline, type RunBar, type Timeline, ticksOf, type WaitLine } from "./timeline.ts";

const WIDTH = 1120;
const GUTTER = 76;
const TOP = 28;
const BAR_HEIGHT = 30;
const LANE_HEIGHT = 46;
/** What waiting takes at most, however many wait at once. */
const WAITS_HEIGHT = 72;
const WAIT_PITCH = 5;
const LETTER_WIDTH = 6.6;

/** All jobs over time: what waited, and what ran on which slot. */
export function timelineSection(report: Report): Html {
  const timeline = layTimeline(report);
  if (timeline.bars.length === 0) return html``;
  return html`<section id="timeline" aria-labelledby="timeline-title">
<h2 id="timeline-title">Every job over time</h2>
<p class="lead">Each bar is an attempt on the slot that it took; each thin line above is a job that waited for one.</p>
<div class="panel"><div class="scroll" tabindex="0" role="region" aria-label="Timeline of all jobs">${pictureOf(timeline)}</div>
<ul class="legend">
${legendItem("wait", "waiting")}
${legendItem("done", "completed")}
${legendItem("over", "ran on after its time-out")}
${legendItem("bad", "failed")}
</ul></div>
</section>`;
}

function legendItem(look: string, text: string): Html {
  const swatch =
    look === "wait"
      ? html`<path class="wait" d="M0 7H26"/>`
      : html`<rect class="bar ${look}" width="26" height="14" rx="3"/>${patternOver(look, 0, 0, 26, 14)}`;
  return html`<li><svg width="26" height="14" aria-hidden="true">${swatch}</svg>${text}</li>`;
}

function pictureOf(timeline: Timeline): Html {
  const scale = (WIDTH - GUTTER - 12) / Math.max(timeline.lengthMs, 1);
  const x = (ms: number) => round(GUTTER + ms * scale);
  const pitch = Math.min(WAIT_PITCH, WAITS_HEIGHT / Math.max(timeline.waitRowCount, 1));
  const lanesTop = TOP + (timeline.waitRowCount === 0 ? 0 : 20 + pitch * timeline.waitRowCount);
  const height = lanesTop + timeline.laneCount * LANE_HEIGHT + 4;
  const lanes = Array.from({ length: timeline.laneCount }, (_, lane) => lane);
  return html`<svg class="timeline" viewBox="0 0 ${WIDTH} ${round(height)}" role="img" aria-label="${summaryOf(timeline)}">
${patterns()}
${ticksOf(timeline.lengthMs, 10).map(
  (at) => html`<path class="grid" d="M${x(at)} ${TOP - 6}V${round(height)}"/>
<text class="tick" x="${x(at)}" y="14" text-anchor="middle">${formatSeconds(at)}</text>`,
)}
${timeline.waitRowCount > 0 && html`<text class="lane" x="0" y="${TOP + 13}">Waiting</text>`}
${timeline.waits.map((wait) => waitOf(wait, x, TOP + 8 + wait.row * pitch))}
${lanes.map((lane) => html`<text class="lane" x="0" y="${lanesTop + lane * LANE_HEIGHT + 27}">Slot ${lane + 1}</text>`)}
${timeline.bars.map((bar) => barOf(bar, x, lanesTop + bar.lane * LANE_HEIGHT + 8))}
</svg>`;
}

function waitOf({ job, from, to }: WaitLine, x: (ms: number) => number, y: number): Html {
  return html`<path class="wait" d="M${x(from)} ${round(y)}H${x(to)}"><title>${job.file}: ${job.action} waited ${formatDuration(to - from)}</title></path>`;
}

function barOf(bar: RunBar, x: (ms: number) => number, y: number): Html {
  const [left, right] = [x(bar.from), x(bar.to)];
  // A gap between neighbours, and never thinner than the eye can find.
  const width = Math.max(round(right - left - 1), 1.5);
  const look = bar.attempt.state === "failed" || bar.attempt.state === "retrying" ? "bad" : "done";
  const over = bar.overran === null ? null : x(bar.overran);
  return html`<g><title>${titleOf(bar)}</title>
<rect class="bar ${look}" x="${left}" y="${y}" width="${width}" height="${BAR_HEIGHT}" rx="${Math.min(3, width / 2)}"/>${patternOver(look, left, y, width, BAR_HEIGHT)}${
    over !== null &&
    html`<rect class="bar over" x="${over}" y="${y}" width="${Math.max(round(right - over - 1), 1)}" height="${BAR_HEIGHT}"/>${patternOver("over", over, y, Math.max(round(right - over - 1), 1), BAR_HEIGHT)}<path class="limit" d="M${over} ${y - 4}V${y + BAR_HEIGHT + 4}"/>`
  }${labelOf(bar, left, y, over === null ? width : over - left)}</g>`;
}

function labelOf({ job }: RunBar, left: number, y: number, room: number): Html | null {
  const texts = [`${job.file} · ${job.action}`, job.action];
  const text = texts.find(({ length }) => length * LETTER_WIDTH + 14 <= room);
  return text === undefined ? null : html`<text class="bar-label" x="${left + 7}" y="${y + 19}">${text}</text>`;
}

function titleOf({ job, attempt, from, to }: RunBar): string {
  const which = attempt.number > 1 ? `, attempt ${attempt.number}` : "";
  return `${job.file}: ${job.action}${which}, ${endingOf(attempt)} after ${formatDuration(to - from)}`;
}

/** Hatching tells apart what colours alone would not. */
function patternOver(look: string, x: number, y: number, width: number, height: number): Html | null {
  if (look === "done") return null;
  return html`<rect fill="url(#hatch-${look})" x="${x}" y="${y}" width="${width}" height="${height}"/>`;
}

function patterns(): Html {
  return html`<defs>
<pattern id="hatch-over" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V7"/></pattern>
<pattern id="hatch-bad" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M0 0V6M0 0H6"/></pattern>
</defs>`;
}

function summaryOf({ bars, laneCount, lengthMs }: Timeline): string {
  return `${bars.length} attempts on ${laneCount} slots in ${formatDuration(lengthMs)}. The table of all jobs below says the same in words.`;
}

function formatSeconds(ms: number): string {
  return ms === 0 ? "0" : `${Number((ms / 1000).toFixed(2))} s`;
}

const round = (value: number): number => Math.round(value * 100) / 100;
