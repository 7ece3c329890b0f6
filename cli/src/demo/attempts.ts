import type { HistoryEntry, JobError, JobState } from "@callsheet/contract";
import type { ReportAttempt } from "../report/report-data.ts";

/** The attempts that a history tells of, each with the time since when it could have begun. */
export function attemptsOf(history: readonly HistoryEntry[]): readonly ReportAttempt[] {
  const attempts: ReportAttempt[] = [];
  let waitedFrom = history[0]?.at ?? new Date(0);
  for (const line of history) {
    if (beginsAttempt(line)) {
      attempts.push({
        number: attempts.length + 1,
        waitedFrom,
        startedAt: startOf(line),
        overranAt: null,
        endedAt: null,
        state: "running",
        error: null,
      });
    }
    // Taken ahead of time by a node that then had no slot for it: its handler was never entered.
    if (line.event === "hand_back") attempts.pop();
    const current = attempts.at(-1);
    if (current !== undefined && current.endedAt === null) {
      if (passes(line, "timed_out")) attempts[attempts.length - 1] = overrun(current, line);
      if (isEnd(line)) attempts[attempts.length - 1] = ended(attempts.at(-1)!, line);
    }
    if (MAKES_DUE.some((event) => event === line.event)) waitedFrom = line.at;
  }
  return attempts;
}

/** After these, and after its creation, a job waits for a slot and for nothing else. */
const MAKES_DUE = [
  "plan",
  "release",
  "come_due",
  "resume",
  "retry",
] as const satisfies readonly HistoryEntry["event"][];

const ENDS: readonly JobState[] = ["completed", "partial", "failed", "retrying", "cancelled"];

function beginsAttempt(line: HistoryEntry): boolean {
  return passes(line, "running") && line.from !== "running";
}

/** A line may name several states passed at once. */
function passes({ via, to }: HistoryEntry, state: JobState): boolean {
  return to === state || via.includes(state);
}

function isEnd({ from, via, to }: HistoryEntry): boolean {
  const isLive = (state: JobState | null) => state === "running" || state === "timed_out" || state === "cancelling";
  return ENDS.includes(to) && (isLive(from) || via.some(isLive));
}

function overrun(attempt: ReportAttempt, { at }: HistoryEntry): ReportAttempt {
  return { ...attempt, overranAt: at };
}

function ended(attempt: ReportAttempt, { at, to, data }: HistoryEntry): ReportAttempt {
  const error = fieldOf(data, "error") as JobError | null | undefined;
  return { ...attempt, endedAt: at, state: to, error: error ? { code: error.code, message: error.message } : null };
}

/** A line that begins an attempt may be written later than the attempt began. */
function startOf({ at, data }: HistoryEntry): Date {
  const told = fieldOf(data, "startedAt");
  return typeof told === "string" ? new Date(told) : at;
}

function fieldOf(data: unknown, name: string): unknown {
  return typeof data === "object" && data !== null ? (data as Record<string, unknown>)[name] : undefined;
}
