import type { HistoryEntry, JobError, Json } from "@callsheet/contract";
import { type JobStatus, type StatusWords, statusOf, waitingWord } from "./status.ts";

/** An entry of a job's log. */
export interface LogEntry {
  readonly date: Date;
  /** The queue object that caused it; null: it is not known here. */
  readonly queueId: string | null;
  readonly message: string;
  readonly data: Json | undefined;
  readonly type: "information" | "warning" | "error";
  readonly status: JobStatus;
  readonly retryCount: number;
  readonly processCount: number;
  /** How long the run took that ended, in milliseconds. */
  readonly duration?: number;
  readonly errorMessage?: string;
  readonly errorStack?: string;
  readonly dateEnable?: Date;
}

/** What is known of a job beside its history. */
export interface LogContext {
  readonly result: Json;
  readonly words: StatusWords;
  /** At most so many entries; the newest stay. */
  readonly limit: number;
  /** Retries as they are counted now. */
  readonly retries: number;
}

interface LineData {
  readonly startedAt?: string;
  readonly error?: JobError | null;
  readonly result?: Json;
  readonly message?: string;
  readonly data?: Json;
  readonly type?: LogEntry["type"];
  readonly status?: JobStatus;
  readonly before?: Json;
  readonly percent?: number;
}

/** A job's log, oldest entry first: its history in the words of a queue. */
export function logOf(lines: readonly HistoryEntry[], context: LogContext): readonly LogEntry[] {
  const entries: LogEntry[] = [];
  const counts = { retryCount: firstRetryCount(lines, context.retries), processCount: 0 };
  lines.forEach((line, index) => {
    const isLast = index === lines.length - 1;
    const data = { ...(isLast ? { result: context.result } : {}), ...(line.data as LineData | null) };
    entries.push(...entriesOf(line, data, counts, { ...context, isRepeating: lines[index + 1]?.event === "rearm" }));
  });
  return shortened(entries, context);
}

/** Older lines may be missing: what was counted before them is what the later ones do not explain. */
function firstRetryCount(lines: readonly HistoryEntry[], retries: number): number {
  if (lines.some(({ event }) => RESETS.includes(event) || event === "create")) return 0;
  return Math.max(0, retries - lines.filter(({ event }) => event === "back_off").length);
}

const RESETS = ["rearm", "reanimate"];

type Counts = { retryCount: number; processCount: number };
type Place = LogContext & { readonly isRepeating: boolean };

function entriesOf(line: HistoryEntry, data: LineData, counts: Counts, place: Place): readonly LogEntry[] {
  counts.processCount = line.attempt ?? counts.processCount;
  const started = line.via.includes("running") ? [startEntry(line, data, counts)] : [];
  const entry = WRITERS[line.event]?.(line, data, counts, place);
  return entry === undefined ? started : [...started, entry];
}

function startEntry(line: HistoryEntry, data: LineData, counts: Counts): LogEntry {
  const date = data.startedAt === undefined ? line.at : new Date(data.startedAt);
  return { ...entry({ ...line, at: date }, counts, "active", "Job is being processed") };
}

type Writer = (line: HistoryEntry, data: LineData, counts: Counts, place: Place) => LogEntry | undefined;

const WRITERS: Partial<Record<HistoryEntry["event"], Writer>> = {
  create: (line, _, counts, { words }) => entry(line, counts, statusOf(line.to, words), "Job added to the queue"),
  start: (line, data, counts) => startEntry(line, data, counts),
  complete: (line, data, counts, { words, isRepeating }) => {
    const message = isRepeating ? "Job completed and will repeat" : "Job completed";
    const status = isRepeating ? waitingWord(words) : "completed";
    return { ...entry(line, counts, status, message, data.result), ...durationOf(line, data) };
  },
  back_off: (line, data, counts) => {
    const failed = failure(line, data, counts, "failed");
    counts.retryCount += 1;
    return { ...failed, retryCount: counts.retryCount };
  },
  fail: (line, data, counts, { isRepeating }) => failure(line, data, counts, isRepeating ? "failed" : "terminated"),
  rearm: (_line, _data, counts) => {
    counts.retryCount = 0;
    return undefined;
  },
  snooze: (line, data, counts, { words }) => ({
    ...entry(line, counts, waitingWord(words), "Job passed back to the queue"),
    ...durationOf(line, data),
  }),
  cancel: (line, _, counts) => entry(line, counts, "cancelled", line.reason ?? "Job cancelled"),
  abandon: (line, data, counts) => ({
    ...entry(line, counts, "cancelled", line.reason ?? "Job cancelled"),
    ...durationOf(line, data),
  }),
  reanimate: (line, _, counts, { words }) => {
    counts.retryCount = 0;
    return entry(line, counts, waitingWord(words), "Job reanimated");
  },
  plan: (line, _, counts, { words }) => entry(line, counts, waitingWord(words), "Job planned anew"),
  say: (line, data, counts, { words }) => ({
    ...entry(line, counts, data.status ?? statusOf(line.to, words), data.message ?? "", data.data),
    type: data.type ?? "information",
  }),
  change: (line, data, counts, { words }) =>
    entry(line, counts, statusOf(line.to, words), "Job updated. Old values in data", data.before),
  progress: (line, data, counts) =>
    entry(line, counts, "active", "Job progress updated. Old value in data", data.before),
};

function entry(line: HistoryEntry, counts: Counts, status: JobStatus, message: string, data?: Json): LogEntry {
  const { at: date, actor, node } = line;
  return { date, queueId: actor ?? node, message, data, type: "information", status, ...counts };
}

function failure(line: HistoryEntry, data: LineData, counts: Counts, status: "failed" | "terminated"): LogEntry {
  const { error } = data;
  return {
    ...entry(line, counts, status, error?.message ?? "Job failed", error?.data),
    type: status === "failed" ? "warning" : "error",
    ...durationOf(line, data),
    ...(error?.message === undefined ? {} : { errorMessage: error.message }),
    ...(error?.stack === undefined ? {} : { errorStack: error.stack }),
  };
}

function durationOf({ at }: HistoryEntry, { startedAt }: LineData): { duration?: number } {
  return startedAt === undefined ? {} : { duration: at.getTime() - new Date(startedAt).getTime() };
}

/** Of too many entries the newest stay, with one that says so. */
function shortened(entries: readonly LogEntry[], { limit }: LogContext): readonly LogEntry[] {
  if (entries.length <= limit) return entries;
  const kept = entries.slice(entries.length - limit + 1);
  const last = kept[0] ?? entries.at(-1)!;
  const message = `Job log shortened: ${entries.length - kept.length} older entries are not shown`;
  const { date, queueId, status, retryCount, processCount } = last;
  const note = {
    date,
    queueId,
    message,
    data: undefined,
    type: "information",
    status,
    retryCount,
    processCount,
  } as const;
  return [note, ...kept];
}
