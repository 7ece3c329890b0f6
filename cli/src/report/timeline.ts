import type { Report, ReportAttempt, ReportJob } from "./report-data.ts";

/** One attempt on the slot that it took. Times are milliseconds since the beginning of the timeline. */
export interface RunBar {
  readonly job: ReportJob;
  readonly attempt: ReportAttempt;
  readonly lane: number;
  readonly from: number;
  /** When its time-out passed; null when it was in time. */
  readonly overran: number | null;
  readonly to: number;
}

/** How long an attempt waited to begin, or how long a job waits that never began. */
export interface WaitLine {
  readonly job: ReportJob;
  readonly row: number;
  readonly from: number;
  readonly to: number;
}

export interface Timeline {
  readonly lengthMs: number;
  readonly laneCount: number;
  readonly bars: readonly RunBar[];
  readonly waitRowCount: number;
  readonly waits: readonly WaitLine[];
}

/** Lays all attempts on lanes, one for each slot, and their waiting on rows above each other; nothing overlaps. */
export function layTimeline({ jobs, slots }: Pick<Report, "jobs" | "slots">): Timeline {
  const attempts = jobs.flatMap((job) => job.attempts.map((attempt) => ({ job, attempt })));
  const times = attempts.flatMap(({ attempt }) => [attempt.waitedFrom, attempt.startedAt, attempt.endedAt]);
  const known = times.filter((time) => time !== null).map((time) => time.getTime());
  const begin = Math.min(...known);
  const lengthMs = known.length === 0 ? 0 : Math.max(...known) - begin;
  const since = (time: Date | null) => (time === null ? lengthMs : time.getTime() - begin);

  const bars = placeInLanes(
    attempts.map(({ job, attempt }) => ({
      job,
      attempt,
      from: since(attempt.startedAt),
      overran: attempt.overranAt === null ? null : since(attempt.overranAt),
      to: since(attempt.endedAt),
    })),
    slots,
  );
  const waits = placeInLanes(
    attempts
      .map(({ job, attempt }) => ({ job, from: since(attempt.waitedFrom), to: since(attempt.startedAt) }))
      .filter(({ from, to }) => to > from),
    Number.POSITIVE_INFINITY,
  ).map(({ lane, ...wait }) => ({ ...wait, row: lane }));
  return {
    lengthMs,
    laneCount: Math.max(slots, 1),
    bars,
    waitRowCount: Math.max(0, ...waits.map(({ row }) => row + 1)),
    waits,
  };
}

/**
 * Gives each span the first lane that is free at its beginning. Where all of `limit` lanes are taken, because a node takes
 * jobs a moment before it has a slot for them, it begins when the first of them is free.
 */
function placeInLanes<Span extends { readonly from: number; readonly to: number }>(
  spans: readonly Span[],
  limit: number,
): readonly (Span & { readonly lane: number })[] {
  const freeFrom: number[] = [];
  return [...spans]
    .sort((one, other) => one.from - other.from || one.to - other.to)
    .map((span) => {
      const free = freeFrom.findIndex((time) => time <= span.from);
      const lane =
        free >= 0 ? free : freeFrom.length < limit ? freeFrom.length : freeFrom.indexOf(Math.min(...freeFrom));
      const from = Math.min(Math.max(span.from, freeFrom[lane] ?? 0), span.to);
      freeFrom[lane] = Math.max(span.to, freeFrom[lane] ?? 0);
      return { ...span, from, lane };
    });
}

/** Round times to mark on an axis of this length: at most `most` of them, in steps of 1, 2 or 5. */
export function ticksOf(lengthMs: number, most: number): readonly number[] {
  if (lengthMs <= 0) return [0];
  const rough = lengthMs / most;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10) * power;
  return Array.from({ length: Math.floor(lengthMs / step) + 1 }, (_, index) => index * step);
}
