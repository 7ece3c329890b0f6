import {
  type Amendment,
  type HistoryEntry,
  type Job,
  type Json,
  legalOperations,
  type WorkElsewhere,
} from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import { commandsFor } from "../job-command.ts";
import { findId } from "../job-id.ts";
import { formatDistance, formatInstant, withLocalTimes } from "../moment.ts";
import { openClient } from "../open-client.ts";
import { printOne } from "../output.ts";
import { printable } from "../printable.ts";
import { inStateColour, stateName } from "../state-colour.ts";
import { renderTable } from "../table.ts";
import type { Terminal } from "../terminal.ts";
import { unitsText } from "../units-text.ts";
import { valueLines } from "../value-text.ts";
import { historyColumns } from "./history.ts";
import { staysOf } from "./stays.ts";
import { nameOfTarget } from "./target-names.ts";

/** Everything of one job that a person wants to see at once. */
export interface JobView {
  readonly job: Job;
  /** Why it stands where it does. */
  readonly why: string;
  /** What its target is called, where somebody knows. */
  readonly targetName?: string | undefined;
  readonly history: readonly HistoryEntry[];
  readonly amendments: readonly Amendment[];
}

/** `jobs show` */
export async function showJob(terminal: Terminal, text: string): Promise<void> {
  await using client = await openClient(terminal);
  const { jobs } = client;
  const id = await findId(jobs, text);
  const [job, explanation, history, amendments] = await Promise.all([
    jobs.get(id),
    jobs.explain(id),
    jobs.history(id),
    jobs.amendments(id),
  ]);
  const targetName = await nameOfTarget(client, job);
  const view = { job, why: explanation.sentence, targetName, history, amendments };
  printOne(terminal, { ...job, targetName: targetName ?? null, why: explanation, history }, () =>
    viewText(view, new Date(), terminal.width),
  );
}

/** A job for a person: what and how, why, times, configuration, result or error, and how it came to it. */
export function viewText(view: JobView, now: Date, width: number): string {
  const { job, history, amendments } = view;
  const version = amendments.length === 0 ? "" : ` (version ${job.configurationVersion}, amended)`;
  const sections = [
    head(view),
    facts(factsOf(view, now)),
    isEmpty(job.configuration) ? "" : section(`Configuration${version}`, valueLines(job.configuration, "  ")),
    job.error === null ? "" : section("Error", errorLines(job.error)),
    job.result === null ? "" : section("Result", valueLines(job.result, "  ")),
    isEmpty(job.variables) ? "" : section("Variables", valueLines(job.variables, "  ")),
    `${colours.bold("History")}\n${indented(renderTable(historyColumns(history), staysOf(history), width - 2))}`,
    nextSteps(job),
  ];
  return sections.filter((text) => text !== "").join("\n");
}

function isEmpty(value: Json): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}

function head({ job, why, targetName }: JobView): string {
  const name = [job.action, targetName ?? job.target?.id ?? ""].filter(Boolean).join("  ");
  const state = inStateColour(job.state, stateName(job.state));
  return `${colours.bold(printable(name))}\n${state} · ${printable(withLocalTimes(why))}\n`;
}

type Fact = readonly [name: string, text: string];

function factsOf({ job, targetName }: JobView, now: Date): readonly Fact[] {
  const time = (at: Date | null) => (at === null ? "" : `${formatInstant(at)}, ${formatDistance(at, now)}`);
  const took = job.durationMs === null ? "" : `, took ${formatDuration(job.durationMs)}`;
  const progress = job.progress === null || job.state === "completed" ? null : job.progress;
  const retries = job.retries === 0 ? "" : `, ${job.retries === 1 ? "1 retry" : `${job.retries} retries`}`;
  return [
    ["Id", job.id],
    ["Action", `${job.action}, version ${job.actionVersion}, type ${job.type}`],
    ["Target", job.target === null ? "" : `${job.target.type} ${job.target.id}${targetName ? `, ${targetName}` : ""}`],
    ["Timed", job.timedAction ?? ""],
    ["Last", lastText(job, now)],
    ["Owner", job.owner],
    ["Priority", job.priority],
    ["Tags", job.tags.join(", ")],
    ["Needs", unitsText(job.needs)],
    ["Locks", job.locks.map(({ key, mode }) => (mode === "shared" ? `${key} (shared)` : key)).join(", ")],
    ["Runs at", `site ${job.site}, queue ${job.queue}`],
    ["Key", job.idempotencyKey ?? ""],
    ["Created", time(job.createdAt)],
    ["Start", job.startAt === null ? "not planned" : time(job.startAt)],
    ["Due", job.dueAt === null || job.dueAt.getTime() === job.startAt?.getTime() ? "" : time(job.dueAt)],
    ["Started", time(job.startedAt)],
    [
      "Elsewhere",
      job.elsewhere === null ? "" : `${JSON.stringify(job.elsewhere.handle)}, since ${time(job.elsewhere.since)}`,
    ],
    ["Polled", job.elsewhere === null ? "" : polledText(job.elsewhere, now)],
    ["Stalled", job.stalledSince === null ? "" : `since ${time(job.stalledSince)}: no progress, line or byte`],
    ["Ended", job.endedAt === null ? "" : `${time(job.endedAt)}${took}`],
    ["Attempt", job.attempt === 0 ? "" : `${job.attempt}${job.node === null ? "" : ` on ${job.node}`}${retries}`],
    ["Rollback", job.rollback === "none" ? "" : job.rollback],
    ["Progress", progress === null ? "" : [`${Math.floor(progress.percent)} %`, progress.message ?? ""].join(" ")],
  ];
}

/** How the last occurrence of a timed action ended. */
function lastText({ lastOutcome }: Job, now: Date): string {
  if (lastOutcome === null) return "";
  const { state, endedAt, error } = lastOutcome;
  return `${state} ${formatDistance(endedAt, now)}${error === null ? "" : `: ${error.message}`}`;
}

function polledText({ polledAt, nextPollAt, problem }: WorkElsewhere, now: Date): string {
  const last = polledAt === null ? "not yet" : formatDistance(polledAt, now);
  const why = problem === null ? "" : `, which failed: ${problem.code}: ${problem.message}`;
  return nextPollAt === null ? "" : `${last}${why}; next ${formatDistance(nextPollAt, now)}`;
}

function facts(all: readonly Fact[]): string {
  return all
    .filter(([, text]) => text !== "")
    .map(([name, text]) => `  ${colours.dim(name.padEnd(10))}${printable(text)}\n`)
    .join("");
}

function errorLines({ code, message, stack, data }: NonNullable<Job["error"]>): readonly string[] {
  // A stack repeats the message at its head.
  const frames = stack?.split("\n").filter((line) => /^\s+at /.test(line)) ?? [];
  return [
    ...message
      .split("\n")
      .map((line, at) => `  ${at === 0 ? colours.red(`${printable(code)}: `) : ""}${printable(line)}`),
    ...(data === undefined ? [] : valueLines(data, "  ")),
    ...frames.map((line) => colours.dim(`    ${printable(line.trim())}`)),
  ];
}

function section(title: string, lines: readonly string[]): string {
  return `${colours.bold(title)}\n${lines.map((line) => `${line}\n`).join("")}`;
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, "  ");

/** The commands that make sense now. */
function nextSteps({ id, state, ...of }: Job): string {
  const commands = commandsFor(legalOperations(state, { ...of, cancellable: "never" }), id);
  return commands.length === 0 ? "" : `${colours.dim(`Next\n  ${commands.join("\n  ")}`)}\n`;
}
