import { type Authority, callsheetError, type JsonObject, type PriorityName, queueTerms } from "@callsheet/contract";
import type { BatchDefaults, NewJob } from "../../store/create.ts";
import { violates } from "../../store/failure.ts";
import type { ImportedJob } from "../../store/import-jobs.ts";
import { inBatches } from "../batches.ts";
import { storableJson, storableText } from "../configuration.ts";
import { checkInstant, checkPriority, type Makers, rankOf } from "../create.ts";
import type { Creator } from "../creator.ts";
import { checkId, type Desk } from "../operate.ts";
import type { QueuePlace } from "./place.ts";

/** A job to add to a queue. Its id is the caller's. */
export interface QueueJobInput {
  /** A UUID; those of version 7 are found in the order of their making. */
  readonly id: string;
  /** All that the job carries; what it says of time-outs, retries and repeats counts instead of the queue's defaults. */
  readonly data: JsonObject;
  readonly priority: PriorityName;
  /** When it may begin. Absent: now. */
  readonly startAt?: Date;
}

/** A job that comes from elsewhere with its status. */
export interface QueueImport extends QueueJobInput {
  readonly state: ImportedJob["state"];
  readonly retries: number;
  readonly startedAt: Date | null;
  readonly endedAt: Date;
}

type Said = Authority & { readonly owner: string };

/** Adds jobs to a queue, on behalf of whoever `owner` is; `actor`: who did it. */
export async function addQueueJobs(
  creator: Creator,
  place: QueuePlace,
  inputs: readonly QueueJobInput[],
  said: Said,
): Promise<void> {
  const prepare = async ({ catalogue }: Makers) => {
    const { defaults, isGuest } = await batchOf(catalogue, place, said);
    const guest = isGuest ? ({ guest: true } as const) : {};
    return { jobs: inputs.map((input) => ({ ...newJob(input, defaults, said), ...guest })), defaults };
  };
  await added(creator.put(prepare));
}

/** Stores jobs of a queue with the statuses that they had elsewhere: no attempt, and no history before. */
export async function importQueueJobs(
  { store, catalogue }: Desk,
  place: QueuePlace,
  imports: readonly QueueImport[],
  said: Said,
): Promise<void> {
  const { defaults, isGuest } = await batchOf(catalogue, place, said);
  const jobs = imports.map((one): ImportedJob => {
    const { id, configuration, rank = defaults.rank, startAt } = newJob(one, defaults, said);
    const { state, retries, startedAt, endedAt } = one;
    const times = {
      dueAt: startAt ?? endedAt,
      startedAt: checkInstant(startedAt, "dateStarted"),
      endedAt: checkInstant(endedAt, "dateFinished"),
    };
    return { id, configuration, rank, state, retries, ...times, actor: said.actor };
  });
  for (const batch of inBatches(jobs, ({ configuration }) => configuration.length))
    await added(store.importJobs(batch, defaults, isGuest));
}

async function added(stored: Promise<unknown>): Promise<void> {
  try {
    await stored;
  } catch (error) {
    if (!TAKEN.some((name) => violates(error, name))) throw error;
    throw callsheetError("invalid_argument", "A job of this id was added before.", { field: "id" }, error);
  }
}

/** What finds an id taken, whichever row the server writes first. */
const TAKEN = ["job_pkey", "work_pkey", "outcome_pkey"];

async function batchOf(catalogue: Makers["catalogue"], { slug }: QueuePlace, { actor, owner }: Said) {
  const version = await catalogue.current(slug);
  storableText(actor, "actor", 500);
  const ownerId = await catalogue.ownerId(storableText(owner, "owner", 200));
  const { id: laneId, isGuest } = await catalogue.usualLane(version, ownerId, undefined);
  const { id: actionVersionId, actionId, definition } = version;
  const ids = { actionId, actionVersionId, ownerId, laneId };
  const defaults: BatchDefaults = { ...ids, rank: rankOf(definition.priority), kind: "queue", origin: "queue" };
  return { defaults, isGuest };
}

function newJob({ id, data, priority, startAt }: QueueJobInput, defaults: BatchDefaults, { actor }: Said): NewJob {
  const rank = rankOf(checkPriority(priority));
  const { repeat } = queueTerms(data);
  return {
    ...{ id: checkId(id), configuration: storableJson(data, "data"), actor },
    ...(rank === defaults.rank ? {} : { rank }),
    ...(startAt === undefined ? {} : { startAt: checkInstant(startAt, "dateEnable") }),
    // Its end is never a plain one.
    ...(repeat ? { ownRow: true } : {}),
  };
}
