import { setTimeout as pause } from "node:timers/promises";
import { type Job, type JobState, type JobsClient, LIVE, SETTLED } from "@callsheet/contract";
import { usageError } from "../failure.ts";
import { findId } from "../job-id.ts";
import { openClient } from "../open-client.ts";
import { jsonLine } from "../output.ts";
import { printable } from "../printable.ts";
import { type ProgressDisplay, progressOn } from "../progress.ts";
import type { Terminal } from "../terminal.ts";
import { allJobs, type FilterFlags, filterOf } from "./filter.ts";

const LOOK_MS = 300;
/** What nobody has planned, or somebody holds, would never be over; what is scheduled joins when its time has come. */
const ON_ITS_WAY = [
  "pending",
  "queued",
  "waiting_for_lock",
  "retrying",
  ...LIVE,
] as const satisfies readonly JobState[];

/** `jobs watch` */
export async function watchJobs(terminal: Terminal, texts: readonly string[], flags: FilterFlags): Promise<void> {
  if (texts.length > 0 && Object.keys(filterOf(flags)).length > 0) {
    throw usageError("Jobs are named by their ids, or found by a filter, not both.", "Leave out the one or the other.");
  }
  await using client = await openClient(terminal);
  const { jobs } = client;
  const seen = new Map<string, Job>();
  for (const text of texts) {
    const job = await jobs.get(await findId(jobs, text));
    seen.set(job.id, job);
  }
  const display = displayFor(terminal);
  try {
    while (true) {
      terminal.signal.throwIfAborted();
      await look(jobs, seen, { flags, isNamed: texts.length > 0, signal: terminal.signal });
      display.show([...seen.values()]);
      if (![...seen.values()].some(isUnsettled)) break;
      await pause(LOOK_MS, undefined, { signal: terminal.signal });
    }
  } finally {
    display.end();
  }
  if (seen.size === 0) terminal.note("There is no job on its way that matches.");
}

interface Scope {
  readonly flags: FilterFlags;
  readonly isNamed: boolean;
  readonly signal: AbortSignal;
}

/** Reads again what was on its way; a filter also finds what is on its way since. */
async function look(jobs: JobsClient, seen: Map<string, Job>, { flags, isNamed, signal }: Scope): Promise<void> {
  const fresh = isNamed ? [] : await allJobs(jobs, { states: ON_ITS_WAY, ...filterOf(flags) }, signal);
  const listed = new Set(fresh.map(({ id }) => id));
  const missing = [...seen.values()].filter((job) => isUnsettled(job) && !listed.has(job.id));
  const read = await Promise.all(missing.map(({ id }) => jobs.get(id)));
  for (const job of [...fresh.toReversed(), ...read]) seen.set(job.id, job);
}

function isUnsettled({ state }: Job): boolean {
  return !SETTLED.some((settled) => settled === state);
}

function displayFor(terminal: Terminal): ProgressDisplay {
  return terminal.format === "table" ? progressOn(terminal.stdout) : changes(terminal);
}

/** A line for each change of a job's state or whole percent. */
function changes(terminal: Terminal): ProgressDisplay {
  const told = new Map<string, string>();
  return {
    show(jobs) {
      for (const job of jobs) {
        const mark = `${job.state} ${Math.floor(job.progress?.percent ?? 0)}`;
        if (told.get(job.id) === mark) continue;
        told.set(job.id, mark);
        terminal.write(lineOf(terminal, job));
      }
    },
    end: () => undefined,
  };
}

function lineOf({ format }: Terminal, job: Job): string {
  if (format !== "tabs") return jsonLine(job);
  const { id, state, action, target, progress } = job;
  const cells = [
    new Date().toISOString(),
    id,
    state,
    String(Math.floor(progress?.percent ?? 0)),
    action,
    target?.id ?? "",
  ];
  return `${cells.map(printable).join("\t")}\n`;
}
