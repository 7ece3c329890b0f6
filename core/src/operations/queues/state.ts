import type { Authority } from "@callsheet/contract";
import type { Desk } from "../operate.ts";
import type { QueuePlace } from "./place.ts";

/** Pauses a queue for all its workers. When this has returned nothing of it starts any more. */
export function pauseQueue(desk: Desk, { actionId }: QueuePlace, { actor }: Authority): Promise<void> {
  return desk.store.transaction(async (tx) => {
    await tx.setPaused(actionId, true, `paused by ${actor}`);
    await tx.tellQueue(actionId, "paused", actor);
  });
}

/** Lets a queue go on. */
export async function resumeQueue(desk: Desk, { actionId }: QueuePlace, { actor }: Authority): Promise<void> {
  const lanes = await desk.store.transaction(async (tx) => {
    await tx.tellQueue(actionId, "resumed", actor);
    return tx.setPaused(actionId, false, null);
  });
  for (const laneId of lanes) desk.announce({ kind: "lane", laneId, rank: 0 });
}

/** Tells a queue's listeners that it was reviewed, and forgets what all of them have long been told. */
export async function reviewQueue(desk: Desk, { actionId }: QueuePlace, { actor }: Authority): Promise<void> {
  await desk.store.tellQueue(actionId, "reviewed", actor);
  await desk.store.forgetTold(actionId);
}
