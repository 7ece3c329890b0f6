import type { Authority } from "@callsheet/contract";
import { alone, type Desk } from "../operate.ts";
import type { QueuePlace } from "./place.ts";

/** Pauses a queue for all its workers. When this has returned nothing of it starts any more. */
export function pauseQueue(desk: Desk, { slug, actionId }: QueuePlace, { actor }: Authority): Promise<void> {
  return alone(desk, async (tx) => {
    await tx.putPause({ scope: "queue", name: slug, actor, reason: null });
    await tx.settlePauses();
    await tx.tellQueue(actionId, "paused", actor);
  });
}

/** Lets a queue go on, whether it was paused or not. */
export async function resumeQueue(desk: Desk, { slug, actionId }: QueuePlace, { actor }: Authority): Promise<void> {
  await alone(desk, async (tx) => {
    await tx.deletePause("queue", slug);
    await tx.settlePauses();
    await tx.tellQueue(actionId, "resumed", actor);
  });
  desk.announce({ kind: "everything" });
}

/** Tells a queue's listeners that it was reviewed, and forgets what all of them have long been told. */
export async function reviewQueue(desk: Desk, { actionId }: QueuePlace, { actor }: Authority): Promise<void> {
  await desk.store.tellQueue(actionId, "reviewed", actor);
  await desk.store.forgetTold(actionId);
}
