import type { SimulationReport } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { formatClock } from "../moment.ts";
import { type Html, html } from "../report/html.ts";
import { type Comparison, describeUsage, type Use, usesOf } from "./comparison.ts";

const WIDTH = 960;
const LEFT = 210;
const RIGHT = 936;
const TOP = 96;
const ROW = 92;
const HEIGHT = 60;
const TICKS = 6;

/** Something that is drawn over the time of a day: before the change, and after it. */
interface Row {
  readonly name: string;
  readonly told: string;
  /** What there is to say of it after the change. */
  readonly toldThen: string | null;
  readonly before: readonly number[];
  readonly after: readonly number[] | null;
  /** What there was at most; empty where nothing bounds it. */
  readonly capacity: readonly number[];
}

const STYLE = `
svg { --paper: #fffefb; --ink: #1c1a16; --muted: #645f55; --line: #e2ddd2; --fill: #d9a441; --edge: #8a5a00; --before: #6f8fae; }
@media (prefers-color-scheme: dark) { svg { --paper: #1c1b18; --ink: #efece4; --muted: #a9a397; --line: #3a3731; --fill: #b8862b; --edge: #f0b849; --before: #8fb4d9; } }
text { fill: var(--ink); font: 13px system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; font-variant-numeric: tabular-nums; }
.title { font-size: 17px; font-weight: 650; }
.muted { fill: var(--muted); font-size: 12px; }
.name { font-weight: 600; }
.grid { stroke: var(--line); fill: none; }
.capacity { stroke: var(--muted); stroke-dasharray: 2 4; fill: none; }
.area { fill: var(--fill); fill-opacity: .55; }
.edge { stroke: var(--edge); stroke-width: 1.5; fill: none; }
.before { stroke: var(--before); stroke-width: 1.75; fill: none; }
`;

/** The use of slots and resources over a day, and the jobs that waited, as an SVG that is read on light and on dark. */
export function drawChart(comparison: Comparison): string {
  const { asItWas, change, changed } = comparison;
  const rows = [waitingRow(asItWas, changed), ...usesOf(comparison).map((use) => useRow(use, asItWas, changed))];
  const height = TOP + rows.length * ROW + 12;
  const { markup } =
    html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${titleOf(asItWas)}">
<style>${STYLE}</style>
<rect width="${WIDTH}" height="${height}" fill="var(--paper)"/>
<text class="title" x="24" y="34">${titleOf(asItWas)}</text>
${legendOf(asItWas, change, changed)}
${ticksOf(asItWas, height)}
${rows.map((row, index) => drawRow(row, TOP + index * ROW))}
</svg>
`;
  return markup;
}

const titleOf = ({ jobs, makespanMs }: SimulationReport): string => `${jobs} jobs in ${formatDuration(makespanMs)}`;

function legendOf({ waits }: SimulationReport, change: string | null, changed: SimulationReport | null): Html {
  const told = (report: SimulationReport["waits"]) => `9 in 10 wait at most ${formatDuration(report.all.p90Ms)}`;
  if (changed === null) return html`<text class="muted" x="24" y="56">${told(waits)}</text>`;
  return html`<path class="before" d="M24 52H48"/><text class="muted" x="56" y="56">as it was: ${told(waits)}</text>
<rect class="area" x="${LEFT + 180}" y="45" width="24" height="12"/><path class="edge" d="M${LEFT + 180} 45h24"/>
<text class="muted" x="${LEFT + 212}" y="56">with ${change}: ${told(changed.waits)}</text>`;
}

function ticksOf({ from, until }: SimulationReport, height: number): Html {
  const marks = Array.from({ length: TICKS + 1 }, (_, n) => n / TICKS);
  return html`${marks.map((share) => {
    const x = round(LEFT + share * (RIGHT - LEFT));
    const at = new Date(from.getTime() + share * (until.getTime() - from.getTime()));
    return html`<path class="grid" d="M${x} ${TOP - 8}V${height - 12}"/><text class="muted" x="${x}" y="${TOP - 14}" text-anchor="middle">${formatClock(at).slice(0, 5)}</text>`;
  })}`;
}

function waitingRow(asItWas: SimulationReport, changed: SimulationReport | null): Row {
  const most = ({ waiting }: SimulationReport) => `${Math.round(Math.max(...waiting))} at most`;
  return {
    ...{ name: "waiting jobs", told: most(asItWas), toldThen: changed && most(changed), capacity: [] },
    ...{ before: asItWas.waiting, after: changed && onSameTime(changed.waiting, asItWas, changed) },
  };
}

function useRow({ name, before, after }: Use, asItWas: SimulationReport, changed: SimulationReport | null): Row {
  const then = (values: readonly number[] = []) => (changed === null ? null : onSameTime(values, asItWas, changed));
  return {
    name,
    told: before === undefined ? "without bound" : describeUsage(before),
    toldThen: after === undefined ? null : describeUsage(after),
    before: before?.used ?? [],
    after: then(after?.used),
    capacity: then(after?.capacity) ?? before?.capacity ?? [],
  };
}

/** Parts of one time as parts of another: both begin with the first job, and end when their last one does. */
function onSameTime(values: readonly number[], axis: SimulationReport, own: SimulationReport): readonly number[] {
  return axis.waiting.map((_, part) => {
    const share = ((part + 0.5) / axis.waiting.length) * (axis.makespanMs / Math.max(1, own.makespanMs));
    return share < 1 ? (values[Math.floor(share * values.length)] ?? 0) : 0;
  });
}

function drawRow({ name, told, toldThen, before, after, capacity }: Row, top: number): Html {
  const front = after ?? before;
  const most = Math.max(1, ...before, ...(after ?? []), ...capacity);
  const y = (value: number) => round(top + HEIGHT - (value / most) * (HEIGHT - 4));
  const x = (part: number) => round(LEFT + (part / front.length) * (RIGHT - LEFT));
  const line = (values: readonly number[]) =>
    values.map((value, part) => `${part === 0 ? "M" : "L"}${x(part)} ${y(value)}H${x(part + 1)}`).join("");
  const base = round(top + HEIGHT);
  return html`<g>
<text class="name" x="24" y="${top + 20}">${name}</text><text class="muted" x="24" y="${top + 38}">${told}</text>
${toldThen !== null && html`<text class="muted" x="24" y="${top + 54}">then ${toldThen}</text>`}
<path class="grid" d="M${LEFT} ${base}H${RIGHT}"/>
${capacity.length > 0 && html`<path class="capacity" d="${line(capacity)}"/>`}
<path class="area" d="${line(front)}V${base}H${LEFT}Z"/><path class="edge" d="${line(front)}"/>
${after !== null && html`<path class="before" d="${line(before)}"/>`}
</g>`;
}

const round = (value: number): number => Math.round(value * 10) / 10;
