/** What a review did. Told of another queue's review, only `local` is known. */
export interface Review {
  /** Jobs of dead or overdue workers that were failed or terminated. */
  readonly reviewed: number | null;
  /** Finished jobs that were removed. */
  readonly removed: number | null;
  readonly local: boolean;
}

/** The events of a queue, with their arguments. `queueId`: the queue object that caused it. */
export interface QueueEvents {
  ready: [queueId: string];
  added: [queueId: string, jobId: string];
  active: [queueId: string, jobId: string];
  processing: [queueId: string, jobId: string];
  progress: [queueId: string, jobId: string, percent: number];
  log: [queueId: string, jobId: string];
  updated: [queueId: string, jobId: string];
  completed: [queueId: string, jobId: string, isRepeating: boolean];
  cancelled: [queueId: string, jobId: string];
  failed: [queueId: string, jobId: string];
  terminated: [queueId: string, jobId: string];
  reanimated: [queueId: string, jobId: string];
  removed: [queueId: string | null, jobId: string];
  idle: [queueId: string];
  reset: [queueId: string, count: number];
  reviewed: [queueId: string, review: Review];
  pausing: [queueId: string, isGlobal: boolean];
  paused: [queueId: string, isGlobal: boolean];
  resumed: [queueId: string, isGlobal: boolean];
  stopping: [queueId: string];
  stopped: [queueId: string];
  dropped: [queueId: string];
  detached: [queueId: string];
  error: [error: Error & { queueId?: string }];
}

/** Events that other queue objects of the same queue cause here too. */
export const FEED_EVENTS: readonly (keyof QueueEvents)[] = [
  "added",
  "active",
  "progress",
  "log",
  "completed",
  "cancelled",
  "failed",
  "terminated",
  "removed",
  "reviewed",
];
