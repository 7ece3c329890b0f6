import { type Authority, callsheetError, type JsonObject, type PriorityName, queueTerms } from "@callsheet/contract";
import type { NewJob } from "../../store/create.ts";
import { violates } from "../../store/failure.ts";
import { storableJson, storableText } from "../configuration.ts";
import { checkInstant, checkPriority, type Makers, type Prepared, rankOf } from "../create.ts";
import type { Creator } from "../creator.ts";
import { checkId } from "../operate.ts";
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

/** Adds jobs to a queue, on behalf of whoever `owner` is; `authority` names who did it. */
export async function addQueueJobs(
  creator: Creator,
  place: QueuePlace,
  inputs: readonly QueueJobInput[],
  { actor, owner }: Authority & { readonly owner: string },
): Promise<void> {
  try {
    await creator.put((makers) => prepare(makers, place, inputs, { actor, owner }));
  } catch (error) {
    if (!violates(error, "job_pkey") && !violates(error, "work_pkey")) throw error;
    throw callsheetError("invalid_argument", "A job of this id was added before.", { field: "id" }, error);
  }
}

async function prepare(
  { catalogue }: Makers,
  { slug }: QueuePlace,
  inputs: readonly QueueJobInput[],
  { actor, owner }: { readonly actor: string; readonly owner: string },
): Promise<Prepared> {
  const version = await catalogue.current(slug);
  const { definition, actionId, id } = version;
  const defaults = {
    ...{ actionId, actionVersionId: id, rank: rankOf(definition.priority) },
    kind: "queue",
    origin: "queue",
    ownerId: await catalogue.ownerId(storableText(owner, "owner", 200)),
    laneId: await catalogue.laneId(version, []),
  } as const;
  storableText(actor, "actor", 200);
  const jobs = inputs.map(({ id, data, priority, startAt }): NewJob => {
    const rank = rankOf(checkPriority(priority));
    const { repeat } = queueTerms(data);
    return {
      ...{ id: checkId(id), configuration: storableJson(data, "data"), actor },
      ...(rank === defaults.rank ? {} : { rank }),
      ...(startAt === undefined ? {} : { startAt: checkInstant(startAt, "dateEnable") }),
      // Its end is never a plain one.
      ...(repeat ? { ownRow: true } : {}),
    };
  });
  return { jobs, defaults };
}
