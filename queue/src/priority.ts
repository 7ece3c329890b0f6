import type { PriorityName } from "@callsheet/contract";

/** The six names of a queue job's priority with the number of each: the lower, the sooner. */
export const QUEUE_PRIORITIES = { lowest: 60, low: 50, normal: 40, medium: 30, high: 20, highest: 10 } as const;
/** The name of a queue job's priority. */
export type QueuePriority = keyof typeof QUEUE_PRIORITIES;

/** Six names on the core's six levels, in the same order. */
const LEVELS = {
  lowest: "lowest",
  low: "low",
  normal: "normal",
  medium: "high",
  high: "highest",
  highest: "urgent",
} as const satisfies Record<QueuePriority, PriorityName>;

export const isPriority = (value: unknown): value is QueuePriority =>
  typeof value === "string" && Object.hasOwn(QUEUE_PRIORITIES, value);

/** The core's priority for a queue job's. */
export function levelOf(priority: QueuePriority): PriorityName {
  return LEVELS[priority];
}
