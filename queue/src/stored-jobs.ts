import { callsheetError } from "@callsheet/core";
import { checkJob, idsOf } from "./check-job.ts";
import { type Job, markSaved, type NewEntry, savedOf } from "./job.ts";
import { changesOf, dataOf } from "./job-data.ts";
import type { QueuePart } from "./part.ts";
import { levelOf } from "./priority.ts";
import { waitingWord } from "./status.ts";

/** Adds jobs that were created here. */
export async function addJobs({ desk, id, settings, emit }: QueuePart, jobs: readonly Job[]): Promise<void> {
  for (const job of jobs) checkJob(job);
  const now = Date.now();
  const inputs = jobs.map((job) => {
    const { id: jobId, priority, dateEnable } = job;
    const planned = dateEnable.getTime() > now ? { startAt: dateEnable } : {};
    return { id: jobId, data: dataOf(job), priority: levelOf(priority), ...planned };
  });
  if (inputs.length > 0) await desk.add(inputs);
  const status = waitingWord(settings.words);
  const date = new Date();
  for (const [index, job] of jobs.entries()) {
    job.status = status;
    job.queueId = id;
    const message = "Job added to the queue";
    const counts = { retryCount: job.retryCount, processCount: job.processCount };
    job.log.push({ date, queueId: id, message, data: undefined, type: "information", status, ...counts });
    markSaved(job, structuredClone(inputs[index]!.data));
  }
  for (const job of jobs) emit("added", id, job.id);
}

/** Stores what was changed of a job. */
export async function saveJob({ desk, id, emit }: QueuePart, job: Job): Promise<void> {
  checkJob(job);
  const saved = savedOf(job);
  if (saved === undefined) throw notAdded(job);
  const data = dataOf(job);
  const { set, unset } = changesOf(saved.data, data);
  await desk.change(job.id, {
    ...{ set, unset },
    ...(job.priority === saved.priority ? {} : { priority: levelOf(job.priority) }),
    ...(job.dateEnable.getTime() === saved.dateEnable ? {} : { dueAt: job.dateEnable }),
  });
  const before = Object.fromEntries(Object.entries(saved.data).filter(([key]) => key in set || unset.includes(key)));
  note(job, id, { data: before, message: "Job updated. Old values in data", type: "information", status: job.status });
  markSaved(job, structuredClone(data));
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
  emit("progress", id, job.id, percent);
}

/** Stores an entry of a job's log. */
export async function saveLog({ desk, id, emit }: QueuePart, job: Job, entry: NewEntry): Promise<void> {
  if (savedOf(job) === undefined) throw notAdded(job);
  await desk.say(job.id, { ...entry, data: entry.data as never });
  note(job, id, entry);
  emit("log", id, job.id);
}

/** Cancels jobs, for a reason. Answers their ids. */
export async function cancelJobs(part: QueuePart, jobOrId: unknown, reason?: string): Promise<readonly string[]> {
  const ids = idsOf(jobOrId);
  await part.desk.cancel(ids, reason);
  for (const one of ids) part.emit("cancelled", part.id, one);
  if (part.settings.removeFinishedJobs === true) await removeJobs(part, [...ids]);
  return ids;
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
