import type { HistoryEntry, Job, JobState } from "@callsheet/contract";
import { formatDuration } from "./amount.ts";
import { printable } from "./printable.ts";
import { stateName } from "./state-colour.ts";

/** How a job went, in one line: the states that it passed with the time since the first, its attempts, its node, its error. */
export function historyLine(job: Job<unknown, unknown>, history: readonly HistoryEntry[]): string {
  const since = history[0]?.at.getTime() ?? 0;
  const way = history.flatMap(statesOf).map(({ state, at }) => {
    const after = at === null ? 0 : at.getTime() - since;
    return after <= 0 ? stateName(state) : `${stateName(state)} +${formatDuration(after)}`;
  });
  const attempt = job.attempt === 0 ? [] : [`attempt ${job.attempt}${job.node === null ? "" : ` on ${job.node}`}`];
  const error = job.error === null ? [] : [`${job.error.code}: ${job.error.message}`];
  return printable([way.join(" → "), ...attempt, ...error].join(" · "));
}

export interface Passed {
  readonly state: JobState;
  /** Null when the history does not tell: a line that names several states has the time of the last. */
  readonly at: Date | null;
}

/** The states that a line of history names, in order. */
export function statesOf(entry: HistoryEntry): readonly Passed[] {
  const via = entry.via.map((state) => ({ state, at: state === "running" ? startOf(entry) : null }));
  return [...via, { state: entry.to, at: entry.to === "running" ? startOf(entry) : entry.at }];
}

/** A line that begins an attempt may be written later than the attempt began. */
function startOf({ at, data }: HistoryEntry): Date {
  const told = typeof data === "object" && data !== null && "startedAt" in data ? data.startedAt : undefined;
  return typeof told === "string" ? new Date(told) : at;
}
