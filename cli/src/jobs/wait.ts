import { setTimeout as pause } from "node:timers/promises";
import { callsheetError, JOB_STATES, type Job, type JobState, type JobsClient, SETTLED } from "@callsheet/contract";
import { EXIT, type ExitCode } from "../exit-code.ts";
import { usageError } from "../failure.ts";
import { statesOf } from "../history-line.ts";
import { findId } from "../job-id.ts";
import { openClient } from "../open-client.ts";
import { printList } from "../output.ts";
import { progressOn } from "../progress.ts";
import type { Terminal } from "../terminal.ts";
import { jobColumns } from "./columns.ts";

interface WaitFlags {
  readonly for?: string;
  readonly timeout?: number;
}

const LOOK_MS = 200;

/** `jobs wait` */
export async function waitForJobs(terminal: Terminal, texts: readonly string[], flags: WaitFlags): Promise<void> {
  const state = flags.for === undefined ? undefined : stateOf(flags.for);
  await using client = await openClient(terminal);
  const { jobs } = client;
  const ids: string[] = [];
  for (const text of texts) ids.push(await findId(jobs, text));
  if (state === undefined) return await awaitJobs(terminal, jobs, ids, flags.timeout);
  const deadline = flags.timeout === undefined ? Number.POSITIVE_INFINITY : performance.now() + flags.timeout;
  const reached = await Promise.all(ids.map((id) => reach(jobs, { id, state, deadline, signal: terminal.signal })));
  printJobs(
    terminal,
    reached.map(({ job }) => job),
  );
  const missed = reached.find(({ isReached }) => !isReached);
  if (missed === undefined) return;
  terminal.note(`Job ${missed.job.id} is ${missed.job.state} and was never ${state}.`);
  terminal.exitCode = exitCodeOfJobs([missed.job]) || EXIT.conflict;
}

/** Waits until jobs are settled, shows how far they are, prints them, and answers how they ended. */
export async function awaitJobs(
  terminal: Terminal,
  jobs: JobsClient,
  ids: readonly string[],
  timeoutMs?: number,
): Promise<void> {
  const over = new AbortController();
  const showing = showProgress(terminal, jobs, ids, over.signal);
  const { signal } = terminal;
  const options = timeoutMs === undefined ? { signal } : { signal, timeoutMs };
  try {
    const settled = await Promise.all(ids.map((id) => jobs.wait(id, options)));
    over.abort();
    await showing;
    printJobs(terminal, settled);
    terminal.exitCode = exitCodeOfJobs(settled);
  } finally {
    over.abort();
    await showing;
  }
}

/** Failed before cancelled before completed: the worst of several counts. */
export function exitCodeOfJobs(jobs: readonly Job[]): ExitCode {
  if (jobs.some(({ state }) => state === "failed" || state === "partial")) return EXIT.jobFailed;
  return jobs.some(({ state }) => state === "cancelled") ? EXIT.jobCancelled : EXIT.ok;
}

function printJobs(terminal: Terminal, jobs: readonly Job[]): void {
  const columns = jobColumns(["id", "state", "action", "target", "took", "note"], { jobs, now: new Date() });
  printList(terminal, { rows: jobs, columns, empty: "" });
}

/** Bars on a terminal, while somebody waits; elsewhere there is nothing to see. */
async function showProgress(
  { stderr, flags }: Terminal,
  jobs: JobsClient,
  ids: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  if (!stderr.isTTY || flags.quiet) return;
  const display = progressOn(stderr);
  try {
    while (!signal.aborted) {
      display.show(await Promise.all(ids.map((id) => jobs.get(id))));
      await pause(LOOK_MS, undefined, { signal });
    }
  } catch {
    // Whatever it is, the wait beside it meets it and tells it.
  } finally {
    display.end();
  }
}

interface Goal {
  readonly id: string;
  readonly state: JobState;
  /** On the clock of `performance.now()`. */
  readonly deadline: number;
  readonly signal: AbortSignal;
}

/** Looks until a job is in a state, or was since, or is settled. */
async function reach(jobs: JobsClient, { id, state, deadline, signal }: Goal) {
  let seen: number | undefined;
  while (true) {
    const job = await jobs.get(id);
    const history = await jobs.history(id);
    const isOver = SETTLED.some((settled) => settled === job.state);
    // A settled job's whole history counts: it may have been there before anybody could wait for it.
    const since = isOver ? history : history.slice(seen ?? history.length);
    seen ??= history.length;
    const isReached = job.state === state || since.flatMap(statesOf).some((passed) => passed.state === state);
    if (isReached || isOver) return { job, isReached };
    if (performance.now() >= deadline) {
      throw callsheetError("wait_timeout", `Job ${id} is ${job.state}; it was not ${state} in time.`, { id, state });
    }
    await pause(LOOK_MS, undefined, { signal });
  }
}

function stateOf(name: string): JobState {
  const state = JOB_STATES.find((known) => known === name.replaceAll("-", "_"));
  if (state !== undefined) return state;
  throw usageError(`"${name}" is no state of a job.`, `States are ${JOB_STATES.join(", ")}.`);
}
