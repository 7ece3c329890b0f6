import { idsOf } from "./check-job.ts";
import type { Review } from "./events.ts";
import { findByName, findJobs, findJobsByName, type Predicate, withLogs } from "./find.ts";
import type { Handler } from "./handler.ts";
import { type AnyPayload, createJob, type InputOf, Job, type JobOf } from "./job.ts";
import { QueueObject } from "./queue-object.ts";
import { review } from "./review.ts";
import { addJobs, cancelJobs, reanimateJobs, removeJobs } from "./stored-jobs.ts";
import { type Summary, summarise } from "./summary.ts";

/** A job by its id or itself, or many of them. */
export type JobRef = string | AnyJob | readonly (string | AnyJob)[];
type AnyJob = { readonly id: string; readonly q: unknown };

/**
 * A queue of jobs in PostgreSQL: jobs are added in one process and processed in another, or in the same.
 *
 * @example
 * const q = new Queue<{ to: string }>();
 * q.process(async (job) => send(job.to));
 * await q.addJob(q.createJob({ to: "ada@example.org" }));
 */
export class Queue<Payload = AnyPayload, Result = unknown> extends QueueObject {
  static readonly Job = Job;
  /** Itself, for programs that take it out of what `require` gives. */
  static get Queue(): typeof Queue {
    return Queue;
  }

  /** Makes a job. Nothing is stored until it is added. */
  createJob(payload?: InputOf<Payload>): JobOf<Payload, Result> {
    return createJob<Payload, Result>(this, payload);
  }

  /** Adds jobs; answers them as they are saved. */
  addJob(job?: JobOf<Payload, Result> | readonly JobOf<Payload, Result>[]): Promise<JobOf<Payload, Result>[]> {
    return this.call(async (part) => {
      const jobs = job === undefined ? [] : Array.isArray(job) ? [...job] : [job];
      await addJobs(part, jobs as unknown as Job[]);
      return jobs as JobOf<Payload, Result>[];
    });
  }

  /** Jobs by id; those that are not there are absent. */
  getJob(jobOrId?: JobRef): Promise<JobOf<Payload, Result>[]> {
    return this.call(async (part) => withLogs<Payload, Result>(part, await part.desk.read(idsOf(jobOrId))));
  }

  /** Jobs that have the properties asked for, or of which a function says so; oldest first. `raw`: as plain objects. */
  findJob(predicate: Predicate<Payload, Result>, raw?: false): Promise<JobOf<Payload, Result>[]>;
  findJob(predicate: Predicate<Payload, Result>, raw: true): Promise<Record<string, unknown>[]>;
  findJob(predicate: Predicate<Payload, Result>, raw = false): Promise<unknown[]> {
    return this.call(async (part) => {
      const jobs = await findJobs<Payload, Result>(part, predicate);
      return raw ? jobs.map((job) => job.getCleanCopy()) : jobs;
    });
  }

  /** Jobs of this name, oldest first. */
  findJobByName(name: string, raw?: false): Promise<JobOf<Payload, Result>[]>;
  findJobByName(name: string, raw: true): Promise<Record<string, unknown>[]>;
  findJobByName(name: string, raw = false): Promise<unknown[]> {
    return this.call(async (part) => {
      const jobs = await findJobsByName<Payload, Result>(part, name);
      return raw ? jobs.map((job) => job.getCleanCopy()) : jobs;
    });
  }

  /** Whether there is a job of this name, whatever its status. */
  containsJobByName(name: string): Promise<boolean> {
    return this.call(async ({ desk }) => (await findByName(desk, name)).length > 0);
  }

  /** Cancels jobs; a running one is over at once. Answers their ids. */
  cancelJob(jobOrId?: JobRef, reason?: string): Promise<readonly string[]> {
    return this.call(async (part, { worker }) => {
      const { ids, failure } = await cancelJobs(part, jobOrId, reason);
      worker?.cancelled(ids);
      if (failure !== undefined) throw failure;
      return ids;
    });
  }

  /** Sets jobs up again that are completed, cancelled or terminated. Answers their ids. */
  reanimateJob(jobOrId?: JobRef, dateEnable?: Date): Promise<readonly string[]> {
    return this.call((part) => reanimateJobs(part, jobOrId, dateEnable));
  }

  /** Removes jobs in any status. Answers the ids that were given. */
  removeJob(jobOrId?: JobRef): Promise<readonly string[]> {
    return this.call((part) => removeJobs(part, jobOrId));
  }

  /** Begins to run jobs. A queue object has one handler: a second call fails. */
  process(handler: Handler<Payload, Result>): Promise<true> {
    this.willWork();
    return this.call(async (_part, session) => {
      await session.process(handler as unknown as Handler<never, never>);
      return true as const;
    });
  }

  /** Recovers the jobs of dead workers and removes old finished ones, now. */
  review(): Promise<Review> {
    return this.call((part) => review(part));
  }

  /** How many jobs have each status. */
  summary(): Promise<Summary> {
    return this.call(async ({ desk, settings }) => summarise(await desk.count(), settings.words));
  }

  /** Takes no more jobs, and waits for those that run. `global`: all queue objects of this queue do, until it is resumed. */
  pause(global = false): Promise<true> {
    return this.call(async (_part, session) => {
      await session.pause(global ? "everywhere" : "here");
      return true as const;
    });
  }

  /** Takes jobs again. */
  resume(global = false): Promise<true> {
    return this.call(async (_part, session) => {
      await session.resume(global ? "everywhere" : "here");
      return true as const;
    });
  }

  /** Removes all jobs; answers how many there were. */
  reset(): Promise<number> {
    return this.call(async ({ desk, id, emit }) => {
      const count = await desk.empty();
      emit("reset", id, count);
      return count;
    });
  }

  /** Lets what runs end, and leaves. Other queue objects go on. */
  async stop(): Promise<true> {
    return this.leave();
  }

  /** Stops, and removes the queue with all its jobs. */
  async drop(): Promise<true> {
    return this.leave(async ({ desk, id, emit }) => {
      await desk.drop();
      emit("dropped", id);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}
