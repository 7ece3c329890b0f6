import {
  type Authority,
  callsheetError,
  isLegal,
  type JobState,
  type Json,
  type JsonObject,
  LIVE,
  type PriorityName,
} from "@callsheet/contract";
import type { JobFacts } from "../../store/jobs.ts";
import type { Statements } from "../../store/store.ts";
import { storableJson } from "../configuration.ts";
import { checkInstant, checkPriority, rankOf } from "../create.ts";
import { type Desk, operate } from "../operate.ts";
import type { TypeRegistry } from "../type-registry.ts";
import { notInQueue, type QueuePlace } from "./place.ts";

/** Runs one operation on one job of a queue. A job of another kind refuses what only queue jobs may do, with `wrong_state`. */
async function operateInQueue<T>(
  desk: Desk,
  place: QueuePlace,
  id: string,
  act: (tx: Statements, job: JobFacts) => Promise<T>,
): Promise<T> {
  return operate(desk, id, (tx, job) => {
    if (job.kind !== "queue") throw refused(job, `It is of kind ${job.kind}; only queue jobs may do this.`);
    if (job.actionId !== place.actionId) throw notInQueue(id, place);
    return act(tx, job);
  });
}

const refused = ({ id, kind, state }: JobFacts, why: string) =>
  callsheetError("wrong_state", `Job ${id} is ${state}. ${why}`, { id, kind, state });

const isLive = (state: JobState) => LIVE.some((live) => live === state);

/** An entry of a job's log that a user made. */
export interface QueueEntry {
  readonly message: string;
  readonly data?: Json;
  readonly type: string;
  readonly status: string;
}

/** Writes an entry into a job's history, whatever its state. */
export async function sayOfQueueJob(
  desk: Desk,
  place: QueuePlace,
  id: string,
  entry: QueueEntry,
  { actor }: Authority,
): Promise<void> {
  const data = storableJson(entry, "log");
  await operateInQueue(desk, place, id, (tx, job) => tx.note({ id: job.id, event: "say", actor, reason: null, data }));
}

/** What is to be different: fields of the data to set and to take away, the priority, the time. */
export interface QueueChange {
  readonly set: JsonObject;
  readonly unset: readonly string[];
  readonly priority?: PriorityName;
  readonly dueAt?: Date;
  /** What was different before beside the data, for the history. */
  readonly before?: JsonObject;
}

/** Changes a job's data in any state; fields that are not named stay as others left them. The history keeps what they were. */
export async function changeQueueJob(
  desk: Desk,
  place: QueuePlace,
  id: string,
  change: QueueChange,
  { actor }: Authority,
): Promise<void> {
  const { set, unset, priority, dueAt } = change;
  const isPlanned = await operateInQueue(desk, place, id, async (tx, job) => {
    const before = (job.data ?? job.configuration) as JsonObject;
    const fields = [...Object.keys(set), ...unset].filter((field) => field in before);
    const old = Object.fromEntries(fields.map((field) => [field, before[field]!]));
    const kept = Object.entries(before).filter(([field]) => !unset.includes(field));
    await tx.changeData(job.id, storableJson({ ...Object.fromEntries(kept), ...set }, "data"));
    if (priority !== undefined) await tx.changePriority(job.id, rankOf(checkPriority(priority)));
    const data = JSON.stringify({ before: { ...change.before, ...old } });
    await tx.note({ id: job.id, event: "change", actor, reason: null, data });
    if (dueAt === undefined || !isLegal("plan", job.state, "scheduled", "queue")) return false;
    await replan(tx, job, checkInstant(dueAt, "dateEnable"), actor);
    return true;
  });
  if (isPlanned) desk.announce({ kind: "due" });
}

async function replan(tx: Statements, job: JobFacts, dueAt: Date, actor: string): Promise<void> {
  // A job that was tried stays one that failed, whenever it is tried again.
  if (job.state === "scheduled" || job.state === "retrying") await tx.changeDue(job.id, dueAt);
  else await tx.transition({ event: "plan", changes: [{ id: job.id, to: "scheduled", dueAt }], actor });
}

/** Stores how far a running job is. Its time-out begins anew where its type says so. Fails with `wrong_state` when it does not run. */
export async function reportQueueProgress(
  desk: Desk & { readonly types: TypeRegistry },
  place: QueuePlace,
  id: string,
  percent: number,
  { actor }: Authority,
): Promise<void> {
  await operateInQueue(desk, place, id, async (tx, job) => {
    if (!isLive(job.state) || job.token === null) throw refused(job, "Only a running job makes progress.");
    await tx.anchorRows(job.token, [job.id]);
    const before = (await tx.progressOf(job.id)) ?? 0;
    await tx.putProgress([{ id: job.id, token: job.token, percent, message: null, stats: null }]);
    await tx.note({ id: job.id, event: "progress", actor, reason: null, data: JSON.stringify({ percent, before }) });
    if (desk.types.get(place.slug)?.timeoutFrom === "progress") await tx.restartDeadline(job.id);
  });
}

/** Sets a job up again that is over: its retries start at 0. Fails with `wrong_state` when it is not over. */
export async function reanimateQueueJob(
  desk: Desk,
  place: QueuePlace,
  id: string,
  dueAt: Date | undefined,
  { actor }: Authority,
): Promise<void> {
  const event = "reanimate";
  const due = dueAt === undefined ? {} : { dueAt: checkInstant(dueAt, "dateEnable") };
  await operateInQueue(desk, place, id, async (tx, job) => {
    if (!isLegal(event, job.state, "scheduled", job.kind))
      throw refused(job, "Only a job that is completed, cancelled or terminated can be reanimated.");
    await tx.transition({ event, changes: [{ id: job.id, to: "scheduled", fresh: true, ...due }], actor });
  });
  desk.announce({ kind: "due" });
}
