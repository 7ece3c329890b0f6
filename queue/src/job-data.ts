import type { Json, JsonObject } from "@callsheet/core";
import type { Job, Saved } from "./job.ts";
import { type Fields, timeOf } from "./job-fields.ts";
import { JOB_DEFAULTS } from "./job-options.ts";

/** Properties that a job has by itself; all others are its user's. */
const OWN: ReadonlySet<string> = new Set([
  ...["id", "name", "priority", "timeout", "retryDelay", "retryMax", "retryCount", "repeat", "repeatDelay"],
  ...["processCount", "progress", "status", "log", "dateCreated", "dateEnable", "dateStarted", "dateFinished"],
  ...["queueId", "result"],
]);
/** Options that are stored with the user's properties, where they are not the default. */
const STORED = ["priority", "timeout", "retryMax", "retryDelay", "repeat", "repeatDelay"] as const;

/** Whether a property of this name is one that a user gave. */
export const isUserProperty = (key: string): boolean => !OWN.has(key);

/** What is stored of a job: its user's properties, and those options that are not the default. */
export function dataOf(job: Job): JsonObject {
  const fields = job as unknown as Fields;
  const data: Record<string, unknown> = {};
  for (const key of Object.keys(fields)) if (!OWN.has(key) && fields[key] !== undefined) data[key] = fields[key];
  for (const option of STORED) if (job[option] !== JOB_DEFAULTS[option]) data[option] = job[option];
  if (job.name !== job.id) data.name = job.name;
  if (job.dateCreated.getTime() !== timeOf(job.id)) data.dateCreated = job.dateCreated.toISOString();
  return data as JsonObject;
}

/** Gives a job what is stored of it. What it changes afterwards leaves the stored object alone. */
export function assignData(job: Job, data: JsonObject): void {
  const fields = job as unknown as Fields;
  for (const key in data) fields[key] = kept(data[key]);
  if (typeof data.dateCreated === "string") job.dateCreated = new Date(data.dateCreated);
}

/** Stored data that no change of a job reaches. */
export function keptData(data: JsonObject): JsonObject {
  const isFlat = Object.values(data).every((value) => typeof value !== "object" || value === null);
  return isFlat ? data : structuredClone(data);
}

/** A value that others may not change; most are plain, and need no copy. */
const kept = (value: Json | undefined) =>
  typeof value === "object" && value !== null ? structuredClone(value) : value;

/** What is to be set and taken away so that one object of stored data becomes another. */
export function changesOf(
  before: JsonObject,
  after: JsonObject,
): { readonly set: JsonObject; readonly unset: readonly string[] } {
  const isSame = (key: string) => key in before && JSON.stringify(before[key]) === JSON.stringify(after[key]);
  const set = Object.fromEntries(Object.entries(after).filter(([key]) => !isSame(key))) as Record<string, Json>;
  return { set, unset: Object.keys(before).filter((key) => !(key in after)) };
}

/** What was stored of those properties of a job that are named; an option that was not stored was the default. */
export function oldValues(job: Job, saved: Saved, names: readonly string[]): JsonObject {
  const standard: Fields = { ...JOB_DEFAULTS, name: job.id };
  const old = names.map((name) => [name, name in saved.data ? saved.data[name] : standard[name]]);
  const isMoved = job.dateEnable.getTime() !== saved.dateEnable;
  const moved = isMoved ? { dateEnable: new Date(saved.dateEnable).toISOString() } : {};
  return { ...Object.fromEntries(old.filter(([, value]) => value !== undefined)), ...moved };
}
