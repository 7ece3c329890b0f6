import type { Job, JobOf } from "./job.ts";

/**
 * Says that a job is over: with an error it has failed, or is cancelled when the error has a `cancelJob`, which is the
 * reason; otherwise it is completed with a result, or passed back to the queue when the result is the job itself. Answers
 * how many handlers run here once that is stored. Only the first call counts.
 */
export type Next<Result> = (error?: unknown, result?: Result | Job<Result>) => Promise<number>;
/** Asks to be told when the job is cancelled. */
export type OnCancel = (job: unknown, callback: () => void) => void;
/**
 * The work of a queue. One that takes no `next` is over when what it returns is: that is its result. What it throws, or
 * what its promise is rejected with, has failed the job in any case.
 */
export type Handler<Payload, Result> = (job: JobOf<Payload, Result>, next: Next<Result>, onCancel: OnCancel) => unknown;
