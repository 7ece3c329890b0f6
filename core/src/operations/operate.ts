import {
  type Authority,
  callsheetError,
  isLegal,
  isRefused,
  type JobEvent,
  type JobState,
  legalOperations,
  type Operation,
} from "@callsheet/contract";
import { isTransient } from "../store/failure.ts";
import type { JobFacts } from "../store/jobs.ts";
import type { Statements, Store } from "../store/store.ts";
import type { Changed } from "../store/transition.ts";
import type { Catalogue } from "./catalogue.ts";
import type { Hint } from "./hint.ts";
import type { TargetRegistry } from "./target-registry.ts";

/** What every operation on a job works with. */
export interface Desk {
  readonly store: Store;
  readonly catalogue: Catalogue;
  readonly targets: TargetRegistry;
  /** Tells nodes that a lane has something new, that a time was set, that something was done to a live job. */
  readonly announce: (hint: Hint) => void;
}

export const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function checkId(id: unknown): string {
  if (typeof id === "string" && UUID.test(id)) return id.toLowerCase();
  throw callsheetError("invalid_argument", `"${String(id).slice(0, 60)}" is not the id of a job.`, { field: "id" });
}

/**
 * Runs one operation on one job: locks it where its state stands, lets `act` check and change it, and commits. A member of
 * a claim is given a row of its own first, so that its attempt goes on with something that can carry the change.
 */
export async function operate<T>(
  desk: Desk,
  id: string,
  act: (tx: Statements, job: JobFacts) => Promise<T>,
): Promise<T> {
  const key = checkId(id);
  return insist(async () => {
    let granted: readonly Changed[] = [];
    const result = await desk.store.freeing(async (tx, free) => {
      const job = (await tx.lockJob(key)) ?? (await anchored(tx, key));
      if (job?.kind === "group" || (!job && (await tx.isGroup(key)))) throw groupMeant(key);
      if (!job) throw callsheetError("job_not_found", `There is no job ${id}.`, { id });
      const done = await act(tx, job);
      // Whoever leaves a line without starting passes on what he was handed.
      if (job.hasLocks && IN_LINE.has(job.state) && (await tx.hasLeftLine(key)))
        ({ granted } = await free([{ jobId: key, token: null }]));
      return done;
    });
    for (const { laneId, rank } of granted) desk.announce({ kind: "lane", laneId, rank });
    return result;
  });
}

/** A group follows its members: what may be done to it as a whole is done by its own operations. */
function groupMeant(id: string) {
  return callsheetError("wrong_state", `Job ${id} is a group, whose members do this one by one.`, {
    id,
    kind: "group",
    legal: [],
  });
}

/** Runs a transaction during which no claim is under way: what it changes holds for every job that starts after it. */
export function alone<T>({ store }: Desk, act: (tx: Statements) => Promise<T>): Promise<T> {
  return insist(() =>
    store.once(async (tx) => {
      await tx.takeBarrier();
      return act(tx);
    }),
  );
}

/** Does work again when it was rolled back for another's sake. */
export async function insist<T>(once: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await once();
    } catch (error) {
      // Two at once waited for each other, and this one was rolled back.
      if (tries >= MOST_TRIES || !isTransient(error)) throw error;
    }
  }
}

/** Where a job may have asked for its objects. */
const IN_LINE: ReadonlySet<JobState> = new Set(["waiting_for_lock", "queued"]);
const MOST_TRIES = 5;

async function anchored(tx: Statements, id: string): Promise<JobFacts | undefined> {
  const token = await tx.claimHolding(id);
  if (token !== undefined) await tx.anchorMembers(token, [id]);
  // Also when it had just ended: then it is settled now.
  return tx.lockJob(id);
}

/** The error of an operation that the state does not allow: it names those that are legal now. */
export async function wrongState(desk: Desk, job: JobFacts, operation: Operation) {
  const { definition } = await desk.catalogue.version(job.actionVersionId);
  const legal = legalOperations(job.state, {
    ...{ kind: job.kind, cancellable: definition.cancellable, rollback: job.rollback },
    ...{ undoAction: definition.undoAction ?? null, redoAction: definition.redoAction ?? null },
  });
  const facts = { id: job.id, state: job.state, operation, legal };
  if (job.kind !== "timed" || !OF_TIMED_ACTION.has(operation))
    return callsheetError("wrong_state", `A job that is ${job.state} cannot be ${PAST[operation]}.`, facts);
  const timedAction = (await desk.store.readJobs([job.id]))[0]?.timedAction ?? null;
  return callsheetError(
    "wrong_state",
    `The job of the timed action "${timedAction}" cannot be ${PAST[operation]}: start, stop or change the timed action instead.`,
    { ...facts, timedAction },
  );
}

/** What is done to a timed action, and not to its job. */
const OF_TIMED_ACTION: ReadonlySet<Operation> = new Set(["plan", "unplan", "hold", "resume", "cancel"]);

const PAST: Record<Operation, string> = {
  plan: "planned",
  unplan: "unplanned",
  hold: "held",
  resume: "resumed",
  cancel: "cancelled",
  retry: "retried",
  amend: "amended",
  set_priority: "given another priority",
  declare_lost: "declared lost",
  undo: "undone",
  redo: "done again",
  retry_rollback: "rolled back again",
  resolve_rollback: "resolved",
};

/** Applies an event that the lifecycle allows now, or fails with `wrong_state`. */
export async function step(
  desk: Desk,
  tx: Statements,
  job: JobFacts,
  request: {
    readonly event: JobEvent;
    readonly to: JobState;
    readonly operation: Operation;
    readonly dueAt?: Date;
    readonly retries?: 1;
    readonly data?: string;
  },
  authority: Authority,
): Promise<JobState> {
  const { event, to, operation, ...rest } = request;
  if (isRefused(operation, job.kind) || !isLegal(event, job.state, to, job.kind))
    throw await wrongState(desk, job, operation);
  const [changed] = await tx.transition({
    event,
    changes: [{ id: job.id, to, ...rest }],
    actor: authority.actor,
    reason: authority.reason ?? null,
  });
  if (!changed) throw await wrongState(desk, job, operation);
  return changed.to;
}
