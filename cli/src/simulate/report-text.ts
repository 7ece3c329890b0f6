import type { SimulationReport, Usage, Waits } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import { formatInstant } from "../moment.ts";
import { printable } from "../printable.ts";
import { type Column, renderTable } from "../table.ts";
import { type Comparison, describeUsage, usesOf } from "./comparison.ts";

/** Waits of the same jobs, as they were and as they would have been. */
interface Row {
  readonly of: string;
  readonly before: Waits;
  readonly after: Waits | undefined;
}

/** A comparison for people: what it is of, how long jobs waited, and what was in use over the day. */
export function reportText(comparison: Comparison, width: number): string {
  const { asItWas, changed } = comparison;
  const waits = renderTable(columnsOf(changed !== null), rowsOf(comparison), width);
  const parts = [headOf(comparison), waits, useText(comparison, width)];
  for (const report of [asItWas, changed]) if (report !== null) parts.push(neverText(report));
  return parts.filter((part) => part !== "").join("\n");
}

function headOf({ asItWas, change, changed }: Comparison): string {
  const { jobs, from, until } = asItWas;
  const lines = [`${jobs} jobs, ${formatInstant(from)} to ${formatInstant(until)}`];
  if (changed !== null) lines.push(`With ${change} the last job ends at ${formatInstant(changed.until)}.`);
  return `${lines.map((line) => colours.bold(printable(line))).join("\n")}\n`;
}

function columnsOf(isCompared: boolean): readonly Column<Row>[] {
  const wait = (title: string, field: "p50Ms" | "p90Ms" | "maxMs"): readonly Column<Row>[] => [
    { title, align: "right", cell: ({ before }) => formatDuration(before[field]) },
    ...(isCompared ? [thenOf(field)] : []),
  ];
  return [
    { title: "Waits of", cell: ({ of }) => of, shorten: "end" },
    { title: "Jobs", align: "right", cell: ({ before }) => String(before.jobs) },
    ...wait("Half", "p50Ms"),
    ...wait("9 in 10", "p90Ms"),
    ...wait("Longest", "maxMs"),
  ];
}

function thenOf(field: "p50Ms" | "p90Ms" | "maxMs"): Column<Row> {
  return {
    title: "then",
    align: "right",
    cell: ({ after }) => (after === undefined ? "–" : formatDuration(after[field])),
    paint: (text, { before, after }) => {
      const by = (after?.[field] ?? before[field]) - before[field];
      return by < 0 ? colours.green(text) : by > 0 ? colours.red(text) : text;
    },
  };
}

function rowsOf({ asItWas, changed }: Comparison): readonly Row[] {
  const rows = (kind: "action" | "owner" | "priority") =>
    asItWas.waits[kind].map((before): Row => {
      const after = changed?.waits[kind].find(({ name }) => name === before.name);
      return { of: `${kind} ${before.name}`, before, after };
    });
  const all = { of: "all", before: asItWas.waits.all, after: changed?.waits.all };
  return [all, ...rows("action"), ...rows("owner"), ...rows("priority")];
}

const BARS = "▁▂▃▄▅▆▇█";
/** What stands beside the bars. */
const BESIDE = 44;
const THEN = "  then";

function useText(comparison: Comparison, width: number): string {
  const { asItWas, changed } = comparison;
  const parts = Math.max(12, Math.min(asItWas.waiting.length, width - BESIDE));
  const lines = usesOf(comparison).flatMap(({ name, before, after }) => [
    ...(before === undefined ? [] : [useLine(name, before, parts)]),
    ...(after === undefined ? [] : [useLine(before === undefined ? name : THEN, after, parts)]),
  ]);
  const most = Math.max(...asItWas.waiting, ...(changed?.waiting ?? []));
  const waiting = [waitingLine("waiting jobs", asItWas, most, parts)];
  if (changed !== null) waiting.push(waitingLine(THEN, changed, most, parts));
  return [colours.bold("In use over the day"), ...lines, ...waiting, ""].join("\n");
}

function useLine(name: string, usage: Usage, parts: number): string {
  const { used, capacity } = usage;
  const filled = used.map((units, part) => (capacity[part]! > 0 ? units / capacity[part]! : 0));
  return lineOf(name, describeUsage(usage), filled, parts);
}

/** Jobs that waited, against the most that did in either course of the day. */
function waitingLine(name: string, { waiting }: SimulationReport, most: number, parts: number): string {
  const filled = waiting.map((jobs) => (most > 0 ? jobs / most : 0));
  return lineOf(name, `${Math.round(Math.max(...waiting))} at most`, filled, parts);
}

function lineOf(name: string, told: string, filled: readonly number[], parts: number): string {
  return `${printable(name).padEnd(20).slice(0, 20)} ${told.padStart(20)}  ${barsOf(filled, parts)}`;
}

/** A bar for each part of the time; parts that have no room of their own are averaged. */
function barsOf(filled: readonly number[], parts: number): string {
  const bars = Array.from({ length: Math.min(parts, filled.length) }, (_, n) => {
    const [from, to] = [n, n + 1].map((edge) => Math.floor((edge * filled.length) / parts));
    const part = filled.slice(from, Math.max(to!, from! + 1));
    const mean = part.reduce((sum, share) => sum + share, 0) / part.length;
    return mean <= 0 ? " " : BARS[Math.min(BARS.length - 1, Math.floor(mean * BARS.length))]!;
  });
  return colours.cyan(bars.join(""));
}

function neverText({ neverStarted }: SimulationReport): string {
  if (neverStarted.length === 0) return "";
  const list = neverStarted.map(({ action, jobs }) => `${jobs} of ${action}`).join(", ");
  return colours.red(`Never started, for want of what they need: ${printable(list)}.\n`);
}
