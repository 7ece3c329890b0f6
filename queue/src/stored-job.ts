import {
  attemptDeadline,
  type HistoryEntry,
  type JobContext,
  type JsonObject,
  LIVE,
  type QueueRecord,
  queueTerms,
} from "@callsheet/core";
import { Job, type JobOf, type JobQueue, markSaved } from "./job.ts";
import { assignData } from "./job-data.ts";
import { JOB_DEFAULTS } from "./job-options.ts";
import { type LogEntry, logOf } from "./log.ts";
import { type StatusWords, statusOf, waitingWord } from "./status.ts";

/** How a queue shows the jobs that it reads. */
export interface Reading {
  readonly queue: JobQueue;
  readonly words: StatusWords;
  readonly limit: number;
}

/** A job as it was read, with the lines of its history. */
export function fromRecord<Payload, Result>(
  { queue, words, limit }: Reading,
  record: QueueRecord,
  lines: readonly HistoryEntry[],
): JobOf<Payload, Result> {
  const { id, data, state, attempt, retries, startedAt, result } = record;
  const job = new Job(queue, id, JOB_DEFAULTS);
  assignData(job, data);
  job.status = statusOf(state, words);
  job.retryCount = retries;
  job.processCount = attempt;
  job.progress = progressOf(record);
  job.dateEnable = enabledAt(record);
  job.dateStarted = startedAt;
  job.dateFinished = record.endedAt;
  job.log = [...logOf(lines, { result, words, limit, retries })];
  job.queueId = job.log.findLast((entry) => entry.queueId !== null)?.queueId ?? queue.id;
  if (result !== null) job.result = result;
  markSaved(job, data);
  return job as unknown as JobOf<Payload, Result>;
}

const isLive = ({ state }: QueueRecord) => LIVE.some((live) => live === state);

function progressOf(record: QueueRecord): number {
  if (record.state === "completed") return 100;
  return isLive(record) || record.state === "cancelled" ? (record.percent ?? 0) : 0;
}

/** A job that was started may run until then; another may begin then. */
function enabledAt(record: QueueRecord): Date {
  const { state, startedAt, dueAt, startAt, data, retries } = record;
  if (startedAt === null || (dueAt !== null && !isLive(record))) return dueAt ?? startAt;
  return attemptDeadline(queueTerms(data), startedAt, state === "retrying" ? retries - 1 : retries) ?? startAt;
}

/** A job as its handler is given it. Without lines nothing has happened to it since it was added. */
export function fromClaim(
  { queue, words, limit }: Reading,
  { job: claimed, configuration, attempt }: JobContext,
  lines?: readonly HistoryEntry[],
): Job {
  const data = configuration as JsonObject;
  const { id, retries } = claimed;
  const job = new Job(queue, id, JOB_DEFAULTS);
  assignData(job, data);
  const now = new Date();
  job.status = "active";
  job.retryCount = retries;
  job.processCount = attempt;
  job.dateStarted = now;
  job.dateEnable =
    attemptDeadline({ timeoutMs: job.timeout || null, retryDelayMs: job.retryDelay }, now, retries) ?? now;
  const counts = { retryCount: retries, processCount: attempt };
  const active = { ...entryOf(now, queue.id, "Job is being processed"), status: "active", ...counts } as const;
  if (lines === undefined) {
    const added = { ...entryOf(job.dateCreated, null, "Job added to the queue"), retryCount: 0, processCount: 0 };
    job.log = [{ ...added, status: waitingWord(words) }, active];
  } else {
    const known = logOf(lines, { result: null, words, limit, retries });
    job.log = lines.at(-1)?.event === "start" ? [...known] : [...known, active];
  }
  markSaved(job, data);
  return job;
}

function entryOf(
  date: Date,
  queueId: string | null,
  message: string,
): Omit<LogEntry, "status" | "retryCount" | "processCount"> {
  return { date, queueId, message, data: undefined, type: "information" };
}
