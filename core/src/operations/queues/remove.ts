import type { Authority } from "@callsheet/contract";
import type { Statements } from "../../store/store.ts";
import { removeAction } from "../actions.ts";
import { BATCH_ITEMS } from "../batches.ts";
import { cancelJob } from "../cancel.ts";
import { type Desk, insist } from "../operate.ts";
import { notInQueue, type QueuePlace } from "./place.ts";

/** What came of cancelling jobs. */
export interface QueueCancel {
  /** Those that were cancelled. */
  readonly ids: readonly string[];
  /** Why the first of the others was not. Absent: all were. */
  readonly failure?: unknown;
}

/** Cancels jobs of a queue, those that wait in one statement. One that cannot be does not keep the others from it. */
export async function cancelQueueJobs(
  desk: Desk,
  place: QueuePlace,
  ids: readonly string[],
  authority: Authority,
): Promise<QueueCancel> {
  const { actor, reason = null } = authority;
  const { own, changed } = await insist(() =>
    desk.store.once(async (tx) => {
      const found = await tx.idsOfQueue(place.actionId, ids);
      const changes = found.map((id) => ({ id, to: "cancelled" }) as const);
      return { own: new Set(found), changed: await tx.transition({ event: "cancel", changes, actor, reason }) };
    }),
  );
  const done = new Set(changed.map(({ id }) => id));
  const failures: unknown[] = ids.filter((id) => !own.has(id)).map((id) => notInQueue(id, place));
  for (const id of own)
    if (!done.has(id))
      await cancelJob(desk, id, authority).then(
        () => done.add(id),
        (error: unknown) => failures.push(error),
      );
  const cancelled = [...new Set(ids)].filter((id) => done.has(id));
  return failures.length === 0 ? { ids: cancelled } : { ids: cancelled, failure: failures[0] };
}

/**
 * Removes jobs of a queue in any state, with all that is stored of them; a live attempt is fenced off first, and keeps the
 * units that it holds until it has ended. Answers which.
 */
export async function removeQueueJobs(
  desk: Desk,
  { actionId }: QueuePlace,
  ids: readonly string[],
  { actor }: Authority,
): Promise<readonly string[]> {
  const removed = await insist(() =>
    desk.store.once(async (tx) => {
      const own = await tx.idsOfQueue(actionId, ids);
      await anchorAll(tx, own);
      await tx.lockPlaces(own);
      // Those that were taken between the two.
      await anchorAll(tx, own);
      await tx.leaveRemnants(own, "remove");
      await tx.keepLines(actionId, own);
      await tx.removeJobs(own);
      await tx.tellQueue(actionId, "removed", actor, own);
      return own;
    }),
  );
  for (const id of removed) desk.announce({ kind: "job", id });
  return removed;
}

/** Gives all of these jobs that are members of claims rows of their own. */
async function anchorAll(tx: Statements, ids: readonly string[]): Promise<void> {
  for (const { token, ids: members } of await tx.claimsOf(ids)) await tx.anchorMembers(token, members);
}

/** Removes finished jobs of a queue that ended longer ago than that. Answers which. */
export async function removeFinished(
  desk: Desk,
  place: QueuePlace,
  olderThanMs: number,
  authority: Authority,
): Promise<readonly string[]> {
  return removeAll(
    desk,
    place,
    () => desk.store.finishedQueueJobs(place.actionId, olderThanMs, BATCH_ITEMS),
    authority,
  );
}

/** Removes every job of a queue. Answers how many. */
export async function emptyQueue(desk: Desk, place: QueuePlace, authority: Authority): Promise<number> {
  const removed = await removeAll(desk, place, () => desk.store.someQueueJobs(place.actionId, BATCH_ITEMS), authority);
  return removed.length;
}

/** Removes a queue with all its jobs. */
export async function dropQueue(desk: Desk, place: QueuePlace, authority: Authority): Promise<void> {
  await emptyQueue(desk, place, authority);
  await removeAction(desk, place.slug);
  await desk.store.deletePause("queue", place.slug);
  await desk.store.deleteLanes(place.actionId);
}

async function removeAll(
  desk: Desk,
  place: QueuePlace,
  next: () => Promise<readonly string[]>,
  authority: Authority,
): Promise<readonly string[]> {
  const removed: string[] = [];
  for (;;) {
    const batch = await removeQueueJobs(desk, place, await next(), authority);
    removed.push(...batch);
    if (batch.length < BATCH_ITEMS) return removed;
  }
}
