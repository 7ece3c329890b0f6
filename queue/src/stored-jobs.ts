import {
  callsheetError,
  type JsonObject,
  type QueueCancel,
  type QueueImport,
  type QueueJobInput,
} from "@callsheet/core";
import { checkEntry, checkJob, idsOf } from "./check-job.ts";
import { type Job, markDeadline, markSaved, type NewEntry, savedOf } from "./job.ts";
import { changesOf, dataOf, keptData, oldValues } from "./job-data.ts";
import type { QueuePart } from "./part.ts";
import { levelOf } from "./priority.ts";
import { type JobStatus, statusOf, waitingWord } from "./status.ts";

/** Adds jobs that were created here; one that was given another status than `created` is imported with it. */
export async function addJobs({ desk, id, settings, adding, emit }: QueuePart, jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) checkJob(job);
  const all = jobs.map((job) => ({ job, data: dataOf(job), state: STATES[job.status] }));
  const news = all.filter(({ state }) => state === undefined);
  const imports = all.filter(({ state }) => state !== undefined);
  const store = async () => {
    if (news.length > 0) await desk.add(news.map(inputOf));
    if (imports.length > 0) await desk.import(imports.map(importOf));
  };
  await adding.add(idsOf(jobs), store);
  for (const { job, data, state } of all) {
    job.status = state === undefined ? waitingWord(settings.words) : statusOf(state, settings.words);
    job.queueId = id;
    note(job, id, { data: undefined, message: "Job added to the queue", type: "information", status: job.status });
    markSaved(job, keptData(data));
  }
  for (const { job } of all) if (adding.take(job.id)) emit("added", id, job.id);
}

type Adding = { readonly job: Job; readonly data: JsonObject; readonly state: QueueImport["state"] | undefined };

/** Where a job stands that is added with a status. One that was active elsewhere has no worker here: it has failed. */
const STATES: Partial<Record<JobStatus, QueueImport["state"]>> = {
  active: "retrying",
  failed: "retrying",
  completed: "completed",
  cancelled: "cancelled",
  terminated: "failed",
};

function inputOf({ job: { id, priority, dateEnable }, data }: Adding): QueueJobInput {
  const planned = dateEnable.getTime() > Date.now() ? { startAt: dateEnable } : {};
  return { id, data, priority: levelOf(priority), ...planned };
}

function importOf({ job, data, state }: Adding): QueueImport {
  const { id, priority, retryCount: retries, dateEnable: startAt, dateStarted: startedAt, dateFinished } = job;
  const times = { startAt, startedAt, endedAt: dateFinished ?? new Date() };
  return { id, data, priority: levelOf(priority), state: state!, retries, ...times };
}

/** Stores what was changed of a job. */
export async function saveJob({ desk, id, emit }: QueuePart, job: Job): Promise<void> {
  checkJob(job);
  const saved = savedOf(job);
  if (saved === undefined) throw notAdded(job);
  const data = dataOf(job);
  const { set, unset } = changesOf(saved.data, data);
  const before = oldValues(job, saved, [...Object.keys(set), ...unset]);
  await desk.change(job.id, {
    ...{ set, unset, before },
    ...(job.priority === saved.priority ? {} : { priority: levelOf(job.priority) }),
    ...(job.dateEnable.getTime() === saved.dateEnable ? {} : { dueAt: job.dateEnable }),
  });
  note(job, id, { data: before, message: "Job updated. Old values in data", type: "information", status: job.status });
  markSaved(job, keptData(data));
  emit("updated", id, job.id);
}

/** Stores how far a job is. */
export async function saveProgress({ desk, id, emit }: QueuePart, job: Job, percent: number): Promise<void> {
  if (job.status !== "active") {
    const message = `Job ${job.id} is ${job.status}: only an active job makes progress.`;
    throw callsheetError("wrong_state", message, { id: job.id, status: job.status });
  }
  await desk.progress(job.id, percent);
  const message = "Job progress updated. Old value in data";
  note(job, id, { data: job.progress, message, type: "information", status: "active" });
  job.progress = percent;
  job.dateEnable = new Date(Date.now() + job.timeout + job.retryDelay * job.retryCount);
  markDeadline(job);
  emit("progress", id, job.id, percent);
}

/** Stores an entry of a job's log. */
export async function saveLog({ desk, id, emit }: QueuePart, job: Job, entry: NewEntry): Promise<void> {
  if (savedOf(job) === undefined) throw notAdded(job);
  checkEntry(entry);
  await desk.say(job.id, { ...entry, data: entry.data as never });
  note(job, id, entry);
  emit("log", id, job.id);
}

/** Cancels those of the jobs that can be, for a reason. Answers which, and why the first of the others was not. */
export async function cancelJobs(part: QueuePart, jobOrId: unknown, reason?: string): Promise<QueueCancel> {
  const cancel = await part.desk.cancelSome(idsOf(jobOrId), reason);
  for (const one of cancel.ids) part.emit("cancelled", part.id, one);
  if (part.settings.removeFinishedJobs === true) await removeJobs(part, cancel.ids);
  return cancel;
}

/** Sets jobs up again that are over. Answers their ids. */
export async function reanimateJobs({ desk, id, emit }: QueuePart, jobOrId: unknown, dateEnable?: Date) {
  const ids = idsOf(jobOrId);
  for (const one of ids) {
    await desk.reanimate(one, dateEnable);
    emit("reanimated", id, one);
  }
  return ids;
}

/** Removes jobs, whatever they are doing. Answers the ids that were given. */
export async function removeJobs({ desk, id, emit }: QueuePart, jobOrId: unknown): Promise<readonly string[]> {
  const ids = idsOf(jobOrId);
  for (const one of await desk.remove(ids)) emit("removed", id, one);
  return ids;
}

const notAdded = ({ id }: Job) =>
  callsheetError("wrong_state", `Job ${id} was not added to the queue yet.`, { id, status: "created" });

function note(job: Job, queueId: string, { data, message, type, status }: NewEntry): void {
  const { retryCount, processCount } = job;
  job.log.push({ date: new Date(), queueId, message, data: data as never, type, status, retryCount, processCount });
}
