import { Queue } from "./queue.ts";

export type { QueueConnection, QueuePlace } from "./connection.ts";
export type { QueueEvents, Review } from "./events.ts";
export type { Predicate } from "./find.ts";
export type { Handler, Next, OnCancel } from "./handler.ts";
export type { AnyPayload, InputOf, Job, JobOf, PayloadOf } from "./job.ts";
export type { JobDefaults, JobOptions } from "./job-options.ts";
export type { LogEntry } from "./log.ts";
export type { QueuePriority } from "./priority.ts";
export type { JobRef } from "./queue.ts";
export type { QueueOptions } from "./queue-options.ts";
export type { JobStatus } from "./status.ts";
export type { Summary } from "./summary.ts";
// What `require` gives is the class itself.
export { Queue, Queue as default, Queue as "module.exports" };
