import type { HistoryEntry } from "../history.ts";
import type { JobKind } from "../job.ts";
import { isLegal, JOB_EVENTS, type JobEvent } from "../lifecycle.ts";
import { isLive, type JobState, TERMINAL } from "../state.ts";
import type { Invariant, Violation } from "./invariant.ts";

/** One line of a job's history, as far as the checker reads it. */
export interface HistoryLine extends Pick<HistoryEntry, "seq" | "event" | "from" | "via"> {
  /** Null: the line tells that the job was removed. */
  readonly to: JobState | null;
  readonly attempt?: number | null;
  /** The fencing token of the attempt that the line speaks of: a whole number, as text where it is stored so. */
  readonly token?: string | number | bigint | null;
}

/** Checks a job's whole history, oldest line first. Without a kind: against the edges of all kinds. */
export function checkHistory(lines: readonly HistoryLine[], kind?: JobKind): readonly Violation[] {
  return [...checkChain(lines), ...checkSteps(lines, kind), ...checkAttempts(lines)];
}

/** One change of state. A line that names states passed at once has several; only the last one's event is known. */
interface Step {
  readonly from: JobState | null;
  readonly to: JobState | null;
  readonly event: JobEvent | null;
}

/**
 * The line behind a job's creation that stands for those that were let go of; undefined: all of them are there. Its number is that
 * of the last of them, its attempt and token are the last that they told of.
 */
export function forgottenIn(lines: readonly HistoryLine[]): HistoryLine | undefined {
  return lines[1]?.event === "forget" ? lines[1] : undefined;
}

/** Checks that lines are numbered and follow on each other. */
export function checkChain(lines: readonly HistoryLine[]): Violation[] {
  const found: Violation[] = [];
  const forgotten = forgottenIn(lines);
  const left = forgotten === undefined ? 0 : forgotten.seq - 2;
  lines.forEach((line, index) => {
    if (line === forgotten) return;
    const expected = index === 0 ? 1 : index + 1 + left;
    if (line.seq !== expected)
      found.push(violation("I01", line, `It should be numbered ${expected}.`, lines[index - 1]));
    const before = lines[index - 1];
    if (before === undefined && line.from !== null)
      found.push(violation("I02", line, "It should be the job's creation."));
    if (before === undefined) return;
    if (before.to === null) found.push(violation("I02", line, "The job is gone.", before));
    else if (line.from !== before.to)
      found.push(
        violation("I02", line, `It begins in ${name(line.from)}; the line before ended in ${name(before.to)}.`, before),
      );
  });
  return found;
}

function checkSteps(lines: readonly HistoryLine[], kind: JobKind | undefined): Violation[] {
  const found: Violation[] = [];
  for (const line of lines) {
    if (asEvent(line.event) === null) {
      if (line.to !== line.from || line.via.length > 0)
        found.push(violation("I03", line, `${line.event} changes no state.`));
    }
    for (const step of stepsOf(line)) {
      const words = `${step.event ?? "a step"} from ${name(step.from)} to ${name(step.to)}`;
      if (leavesTheEnd(step)) found.push(violation("I05", line, `${name(step.from)} is final: ${words}.`));
      else if (!isEdge(step, kind)) found.push(violation("I03", line, `There is no edge for ${words}.`));
    }
  }
  return found;
}

function checkAttempts(lines: readonly HistoryLine[]): Violation[] {
  const found: Violation[] = [];
  const forgotten = forgottenIn(lines);
  const token = forgotten?.token ? BigInt(forgotten.token) : null;
  const now = { attempt: forgotten?.attempt ?? 0, isLive: false, token, greatest: token ?? 0n };
  for (const line of lines) {
    if (line === forgotten) continue;
    let starts = 0;
    for (const step of stepsOf(line)) {
      if (step.to === "running") {
        if (now.isLive) found.push(violation("I07", line, "It starts while another attempt lives."));
        starts += 1;
      }
      now.isLive = isLive(step.to);
    }
    now.attempt += starts;
    if (starts > 0) now.token = null;
    if (line.attempt !== undefined && line.attempt !== null && line.attempt !== now.attempt) {
      found.push(violation("I07", line, `It speaks of attempt ${line.attempt}; ${now.attempt} were started.`));
      now.attempt = line.attempt;
    }
    if (line.token !== undefined && line.token !== null) found.push(...checkToken(line, line.token, now));
  }
  return found;
}

function checkToken(
  line: HistoryLine,
  written: string | number | bigint,
  now: { readonly attempt: number; token: bigint | null; greatest: bigint },
): Violation[] {
  if (!/^\d+$/.test(String(written))) return [violation("I06", line, `${written} is no token.`)];
  const token = BigInt(written);
  if (now.attempt === 0) return [violation("I06", line, "It has a token, and no attempt was started.")];
  if (now.token !== null)
    return token === now.token ? [] : [violation("I06", line, `Its token is ${token}; the attempt's is ${now.token}.`)];
  now.token = token;
  if (token <= now.greatest) return [violation("I06", line, `Token ${token} follows ${now.greatest}.`)];
  now.greatest = token;
  return [];
}

/** The changes of state that a line tells, in order; a note tells none. */
export function stepsOf(line: HistoryLine): readonly Step[] {
  if (asEvent(line.event) === null) return [];
  const states = [line.from, ...line.via, line.to];
  return states.slice(1).map((to, index) => ({
    from: states[index] ?? null,
    to,
    event: index === states.length - 2 ? asEvent(line.event) : null,
  }));
}

function isEdge({ event, from, to }: Step, kind: JobKind | undefined): boolean {
  const events = event === null ? JOB_EVENTS : [event];
  return events.some((one) => isLegal(one, from, to, kind));
}

function leavesTheEnd({ event, from, to }: Step): boolean {
  if (!TERMINAL.some((terminal) => terminal === from)) return false;
  return !BEYOND_THE_END.some((one) => (event === null || event === one) && isLegal(one, from, to));
}

const BEYOND_THE_END = ["rearm", "reanimate", "remove"] as const satisfies readonly JobEvent[];

function asEvent(event: HistoryLine["event"]): JobEvent | null {
  return JOB_EVENTS.find((known) => known === event) ?? null;
}

function violation(invariant: Invariant, line: HistoryLine, message: string, before?: HistoryLine): Violation {
  return { invariant, lines: before === undefined ? [line.seq] : [before.seq, line.seq], message };
}

function name(state: JobState | null): string {
  return state ?? "nothing";
}
