import { callsheetError, countByStatus, type QueueSummary } from "@callsheet/contract";
import type { Desk } from "../operate.ts";
import { listPlaces, type QueuePlace } from "./place.ts";

/** Every queue, by name. */
export async function listQueues(desk: Desk): Promise<readonly QueueSummary[]> {
  return summarise(desk, await listPlaces(desk));
}

/** One queue by its name, or by that of its action; fails with `unknown_queue`. */
export async function getQueue(desk: Desk, name: string): Promise<QueueSummary> {
  const places = await listPlaces(desk);
  const place = places.find((one) => one.name === name) ?? places.find((one) => one.slug === name);
  if (place === undefined) throw callsheetError("unknown_queue", `There is no queue "${name}".`, { queue: name });
  return (await summarise(desk, [place]))[0]!;
}

async function summarise({ store }: Desk, places: readonly QueuePlace[]): Promise<readonly QueueSummary[]> {
  const ids = places.map(({ actionId }) => actionId);
  const [counts, facts] = await Promise.all([store.countQueueJobs(ids), store.readQueueFacts(ids)]);
  return facts
    .map(({ actionId, ...rest }) => {
      const { name, slug: action } = places.find((place) => place.actionId === actionId)!;
      return { name, action, ...countByStatus(counts.filter((one) => one.actionId === actionId)), ...rest };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
