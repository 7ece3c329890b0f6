import { createHash } from "node:crypto";
import {
  type ActionInput,
  type Authority,
  callsheetError,
  isCallsheetError,
  nameSchema,
  QUEUE_JOB_DEFAULTS,
} from "@callsheet/contract";
import type { ActionVersion } from "../../store/dictionary.ts";
import { putAction } from "../actions.ts";
import { storableText } from "../configuration.ts";
import type { Desk } from "../operate.ts";

/** Where a queue's jobs stand: an action, an action type and a lane of their own. */
export interface QueuePlace {
  /** As people call it. */
  readonly name: string;
  /** The name of its action, its type and its lane's queue. */
  readonly slug: string;
  readonly actionId: number;
}

const PREFIX = "queue.";
const LONGEST_NAME = 100;

/** Opens a queue by its name: what it needs is made on first use. */
export async function openPlace(desk: Desk, name: string, authority: Authority): Promise<QueuePlace> {
  const slug = slugOf(storableText(name, "name", LONGEST_NAME));
  const { actionId } = await actionOf(desk, slug, name, authority);
  return { name, slug, actionId };
}

/** Every queue that there is, by name. */
export async function listPlaces(desk: Desk): Promise<readonly QueuePlace[]> {
  const actions = (await desk.store.allActions()).filter(({ definition }) => definition.type.startsWith(PREFIX));
  const places = actions.map(({ actionId, definition: { name: slug, description } }) => ({
    name: description,
    slug,
    actionId,
  }));
  return places.sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function actionOf(desk: Desk, slug: string, name: string, authority: Authority): Promise<ActionVersion> {
  return desk.catalogue.current(slug).catch(async (error: unknown) => {
    if (!isCallsheetError(error) || error.code !== "unknown_action") throw error;
    await putAction(desk, definitionOf(slug, name), authority);
    return desk.catalogue.current(slug);
  });
}

/** What a queue job's own data leave out. */
function definitionOf(slug: string, name: string): ActionInput {
  const { retryMax, retryDelay } = QUEUE_JOB_DEFAULTS;
  return {
    ...{ name: slug, type: slug, queue: slug, description: name },
    ...{ timeoutMs: QUEUE_JOB_DEFAULTS.timeout, onTimeout: "fail", cancellable: "abandon" },
    retry: { limit: retryMax, delayMs: retryDelay, backoff: "linear", maxDelayMs: 31_536_000_000, jitter: 0 },
  };
}

/** A name in any letters as one that fits an action: readable, and told apart by a hash where letters were changed. */
function slugOf(name: string): string {
  if (nameSchema.safeParse(name).success && name.length <= LONGEST_NAME - PREFIX.length) return PREFIX + name;
  const readable = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .slice(0, 60);
  return `${PREFIX}${readable}.${createHash("sha256").update(name).digest("hex").slice(0, 12)}`;
}

/** The error of an id under which the queue has no job. */
export function notInQueue(id: string, { name }: QueuePlace) {
  return callsheetError("job_not_found", `The queue "${name}" has no job ${id}.`, { id, queue: name });
}
