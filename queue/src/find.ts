import type { HistoryEntry, OpenQueue, QueueRecord } from "@callsheet/core";
import { refused } from "./invalid.ts";
import type { JobOf } from "./job.ts";
import { isUserProperty } from "./job-data.ts";
import { QUEUE_PRIORITIES } from "./priority.ts";
import { inWords } from "./status.ts";
import { fromRecord, type Reading } from "./stored-job.ts";

/** What jobs are looked for by: properties that they have, those of objects within included, or a function that tells. */
export type Predicate<Payload, Result> = Readonly<Record<string, unknown>> | ((job: JobOf<Payload, Result>) => boolean);

type Place = { readonly desk: OpenQueue; readonly reading: Reading };

/** Records as jobs, with their logs. */
export async function withLogs<Payload, Result>(
  { desk, reading }: Place,
  records: readonly QueueRecord[],
): Promise<JobOf<Payload, Result>[]> {
  if (records.length === 0) return [];
  const lines = await desk.history(
    records.map(({ id }) => id),
    reading.limit,
  );
  const byJob = new Map<string, HistoryEntry[]>(records.map(({ id }) => [id, []]));
  for (const line of lines) byJob.get(line.jobId)?.push(line);
  return records.map((record) => fromRecord<Payload, Result>(reading, record, byJob.get(record.id) ?? []));
}

/** Jobs that fit, oldest first. */
export async function findJobs<Payload, Result>(
  place: Place,
  predicate: Predicate<Payload, Result>,
): Promise<JobOf<Payload, Result>[]> {
  const { fits, holds } = reader<Payload, Result>(predicate, place.reading);
  const found: JobOf<Payload, Result>[] = [];
  for await (const page of place.desk.find(holds === undefined ? {} : { holds }))
    found.push(...(await withLogs<Payload, Result>(place, page)).filter(fits));
  return oldestFirst(found);
}

/** Jobs of a name with their logs, oldest first. */
export async function findJobsByName<Payload, Result>(place: Place, name: string): Promise<JobOf<Payload, Result>[]> {
  return oldestFirst(await withLogs<Payload, Result>(place, await findByName(place.desk, name)));
}

/** The ids of jobs that were brought over say nothing of their age. */
const oldestFirst = <One extends { readonly dateCreated: Date }>(jobs: One[]): One[] =>
  jobs.sort((a, b) => a.dateCreated.getTime() - b.dateCreated.getTime());

/** Jobs of a name. A job that was given none has its id for one. */
export async function findByName(desk: OpenQueue, name: string): Promise<readonly QueueRecord[]> {
  if (typeof name !== "string" || name.length === 0) throw refused("A job's name must be a text.", "name");
  const found: QueueRecord[] = [];
  if (/^[0-9a-f-]{36}$/i.test(name))
    found.push(...(await desk.read([name])).filter(({ data }) => data.name === undefined));
  for await (const page of desk.find({ name })) found.push(...page);
  return found;
}

type Reader<Payload, Result> = {
  readonly fits: (job: JobOf<Payload, Result>) => boolean;
  /** What the database can narrow by. */
  readonly holds?: string;
};

function reader<Payload, Result>(predicate: unknown, { words }: Reading): Reader<Payload, Result> {
  if (typeof predicate === "function") return { fits: (job) => predicate(job) === true };
  if (typeof predicate !== "object" || predicate === null)
    throw refused("Jobs are found by an object or a function.", "predicate");
  const asked: Record<string, unknown> = { ...predicate };
  if ("status" in asked) asked.status = inWords(asked.status, words);
  if (typeof asked.priority === "number")
    asked.priority = Object.entries(QUEUE_PRIORITIES).find(([, number]) => number === asked.priority)?.[0];
  const own = Object.fromEntries(Object.entries(asked).filter(([key]) => isUserProperty(key)));
  const fits = (job: JobOf<Payload, Result>) => holds(job, asked);
  return Object.keys(own).length === 0 ? { fits } : { fits, holds: JSON.stringify(own) };
}

/** Whether a value has all that is asked for: of objects the properties that are named, anything else as it is. */
function holds(value: unknown, asked: unknown): boolean {
  if (asked instanceof Date) return value instanceof Date && value.getTime() === asked.getTime();
  if (typeof asked !== "object" || asked === null) return Object.is(value, asked);
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(asked))
    return (
      Array.isArray(value) && value.length === asked.length && asked.every((one, index) => holds(value[index], one))
    );
  return Object.entries(asked).every(([key, one]) => holds((value as Record<string, unknown>)[key], one));
}
