import {
  attemptDeadline,
  type HistoryEntry,
  type JobContext,
  type JsonObject,
  LIVE,
  type QueueRecord,
  queueTerms,
} from "@callsheet/core";
import { giveLog, Job, type JobOf, type JobQueue, markSaved } from "./job.ts";
import { assignData } from "./job-data.ts";
import { JOB_DEFAULTS, type JobDefaults } from "./job-options.ts";
import { type LogEntry, logOf } from "./log.ts";
import { type StatusWords, statusOf, waitingWord } from "./status.ts";

/** Until more is read of a job. Its date is one for all, as it is soon replaced. */
const READ: JobDefaults = { ...JOB_DEFAULTS, dateEnable: new Date(0) };

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
  const job = new Job(queue, id, READ);
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
export function fromClaim(reading: Reading, context: JobContext, lines?: readonly HistoryEntry[]): Job {
  const { id, retries } = context.job;
  const data = context.configuration as JsonObject;
  const job = new Job(reading.queue, id, READ);
  assignData(job, data);
  const now = new Date();
  job.status = "active";
  job.retryCount = retries;
  job.processCount = context.attempt;
  job.dateStarted = now;
  const { timeout, retryDelay } = job;
  job.dateEnable = timeout === 0 ? now : new Date(now.getTime() + timeout + retryDelay * retries);
  giveLog(job, () => logOfClaimed(job, now, reading, lines));
  markSaved(job, data);
  return job;
}

function logOfClaimed(
  { dateCreated, retryCount, processCount }: Job,
  startedAt: Date,
  { queue, words, limit }: Reading,
  lines: readonly HistoryEntry[] | undefined,
): LogEntry[] {
  const common = { data: undefined, type: "information" } as const;
  const counts = { retryCount, processCount };
  const active: LogEntry = {
    ...{ date: startedAt, queueId: queue.id, message: "Job is being processed", status: "active" },
    ...{ ...common, ...counts },
  };
  if (lines !== undefined) {
    const known = logOf(lines, { result: null, words, limit, retries: retryCount });
    return lines.at(-1)?.event === "start" ? [...known] : [...known, active];
  }
  const status = waitingWord(words);
  const added = { date: dateCreated, queueId: null, message: "Job added to the queue", status };
  return [{ ...added, ...common, retryCount: 0, processCount: 0 }, active];
}
