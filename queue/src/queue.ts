import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Callsheet } from "@callsheet/core";
import { idsOf } from "./check-job.ts";
import { type QueueConnection, type Reach, readConnection } from "./connection.ts";
import type { QueueEvents, Review } from "./events.ts";
import { findByName, findJobs, type Predicate, withLogs } from "./find.ts";
import type { Handler } from "./handler.ts";
import { refused } from "./invalid.ts";
import { type AnyPayload, createJob, JOB_STORE, Job, type JobOf, type JobQueue, type JobStore } from "./job.ts";
import { JOB_DEFAULTS, type JobDefaults, type JobOptions, mergeOptions } from "./job-options.ts";
import type { QueuePart } from "./part.ts";
import { type QueueOptions, type QueueSettings, readOptions } from "./queue-options.ts";
import { review } from "./review.ts";
import { Session, stopped } from "./session.ts";
import type { Reading } from "./stored-job.ts";
import { addJobs, cancelJobs, reanimateJobs, removeJobs, saveJob, saveLog, saveProgress } from "./stored-jobs.ts";
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
export class Queue<Payload = AnyPayload, Result = unknown> extends EventEmitter<QueueEvents> implements JobQueue {
  static readonly Job = Job;
  /** Itself, for programs that take it out of what `require` gives. */
  static get Queue(): typeof Queue {
    return Queue;
  }

  readonly #id: string;
  readonly #reach: Reach;
  readonly #settings: QueueSettings;
  readonly #opening: Promise<Session>;
  #session: Session | undefined;
  #concurrency: number;
  #jobOptions: JobDefaults = JOB_DEFAULTS;
  #isStopped = false;

  /** Opens a queue. Without a connection: on DATABASE_URL, or else the private server of this machine. */
  constructor(connection?: QueueConnection, options?: QueueOptions) {
    super();
    this.#reach = readConnection(connection, process.env);
    this.#settings = readOptions(options);
    this.#concurrency = this.#settings.concurrency;
    const { host, db } = this.#reach;
    this.#id = `${host}:${db}:${this.#settings.name}:${process.pid}:${randomUUID()}`;
    this.#opening = this.#open();
    this.#opening.catch((error: unknown) => this.#told(error));
    (this as EventEmitter).on("newListener", () => queueMicrotask(() => this.#session?.heard()));
  }

  get name(): string {
    return this.#settings.name;
  }

  /** `host:db:name:pid:uuid`, of this queue object alone. */
  get id(): string {
    return this.#id;
  }

  get host(): string {
    return this.#reach.host;
  }

  get port(): number {
    return this.#reach.port;
  }

  get db(): string {
    return this.#reach.db;
  }

  /** Answers the Callsheet that it works on, once that is open. */
  get r(): () => Promise<Callsheet> {
    return async () => (await this.#opening).part.callsheet;
  }

  get changeFeed(): boolean {
    return this.#settings.changeFeed;
  }

  /** Whether it reviews the queue now and then. */
  get master(): boolean {
    return this.#settings.masterInterval > 0;
  }

  get masterInterval(): number | false {
    return this.#settings.masterInterval || false;
  }

  get limitJobLogs(): number {
    return this.#settings.limitJobLogs;
  }

  get removeFinishedJobs(): boolean | number {
    return this.#settings.removeFinishedJobs;
  }

  /** Handlers that run now. */
  get running(): number {
    return this.#session?.running ?? 0;
  }

  get paused(): boolean {
    return this.#session?.isPaused ?? false;
  }

  /** Whether no handler runs. */
  get idle(): boolean {
    return this.running < 1;
  }

  /** What new jobs get. Setting it changes those options that are named and valid. */
  get jobOptions(): JobDefaults {
    return this.#jobOptions;
  }

  set jobOptions(options: JobOptions | undefined) {
    this.#jobOptions = mergeOptions(this.#jobOptions, options);
  }

  /** How many handlers run at once: a whole number of 1 or more. Anything else leaves it and emits `error`. */
  get concurrency(): number {
    return this.#concurrency;
  }

  set concurrency(value: number) {
    if (!Number.isSafeInteger(value) || value < 1) {
      this.#told(refused("Queue concurrency must be a whole number of 1 or more.", "concurrency"));
      return;
    }
    this.#concurrency = value;
    this.#session?.worker?.resize(value).catch((error: unknown) => this.#told(error));
  }

  /** Makes a job. Nothing is stored until it is added. */
  createJob(payload?: Payload): JobOf<Payload, Result> {
    return createJob<Payload, Result>(this, payload);
  }

  /** Adds jobs; answers them as they are saved. */
  addJob(job?: JobOf<Payload, Result> | readonly JobOf<Payload, Result>[]): Promise<JobOf<Payload, Result>[]> {
    return this.#call(async (part) => {
      const jobs = job === undefined ? [] : Array.isArray(job) ? [...job] : [job];
      await addJobs(part, jobs as unknown as Job[]);
      return jobs as JobOf<Payload, Result>[];
    });
  }

  /** Jobs by id; those that are not there are absent. */
  getJob(jobOrId?: JobRef): Promise<JobOf<Payload, Result>[]> {
    return this.#call(async (part) => withLogs<Payload, Result>(part, await part.desk.read(idsOf(jobOrId))));
  }

  /** Jobs that have the properties asked for, or of which a function says so; oldest first. `raw`: as plain objects. */
  findJob(predicate: Predicate<Payload, Result>, raw?: false): Promise<JobOf<Payload, Result>[]>;
  findJob(predicate: Predicate<Payload, Result>, raw: true): Promise<Record<string, unknown>[]>;
  findJob(predicate: Predicate<Payload, Result>, raw = false): Promise<unknown[]> {
    return this.#call(async (part) => {
      const jobs = await findJobs<Payload, Result>(part, predicate);
      return raw ? jobs.map((job) => job.getCleanCopy()) : jobs;
    });
  }

  /** Jobs of this name, oldest first. */
  findJobByName(name: string, raw?: false): Promise<JobOf<Payload, Result>[]>;
  findJobByName(name: string, raw: true): Promise<Record<string, unknown>[]>;
  findJobByName(name: string, raw = false): Promise<unknown[]> {
    return this.#call(async (part) => {
      const jobs = await withLogs<Payload, Result>(part, await findByName(part.desk, name));
      return raw ? jobs.map((job) => job.getCleanCopy()) : jobs;
    });
  }

  /** Whether there is a job of this name, whatever its status. */
  containsJobByName(name: string): Promise<boolean> {
    return this.#call(async ({ desk }) => (await findByName(desk, name)).length > 0);
  }

  /** Cancels jobs; a running one is over at once. Answers their ids. */
  cancelJob(jobOrId?: JobRef, reason?: string): Promise<readonly string[]> {
    return this.#call(async (part) => {
      const ids = await cancelJobs(part, jobOrId, reason);
      this.#session?.worker?.cancelled(ids);
      return ids;
    });
  }

  /** Sets jobs up again that are completed, cancelled or terminated. Answers their ids. */
  reanimateJob(jobOrId?: JobRef, dateEnable?: Date): Promise<readonly string[]> {
    return this.#call((part) => reanimateJobs(part, jobOrId, dateEnable));
  }

  /** Removes jobs in any status. Answers the ids that were given. */
  removeJob(jobOrId?: JobRef): Promise<readonly string[]> {
    return this.#call((part) => removeJobs(part, jobOrId));
  }

  /** Begins to run jobs. A queue object has one handler: a second call fails. */
  process(handler: Handler<Payload, Result>): Promise<true> {
    return this.#call(async () => {
      await this.#session!.process(handler as unknown as Handler<never, never>);
      return true as const;
    });
  }

  /** Recovers the jobs of dead workers and removes old finished ones, now. */
  review(): Promise<Review> {
    return this.#call((part) => review(part));
  }

  /** How many jobs have each status. */
  summary(): Promise<Summary> {
    return this.#call(async ({ desk, settings }) => summarise(await desk.count(), settings.words));
  }

  /** True once it is open, false when it was stopped. */
  async ready(): Promise<boolean> {
    if (this.#isStopped) return false;
    await (await this.#opening).listening;
    return !this.#isStopped;
  }

  /** Takes no more jobs, and waits for those that run. `global`: all queue objects of this queue do, until it is resumed. */
  pause(global = false): Promise<true> {
    return this.#call(async () => {
      await this.#session!.pause(global ? "everywhere" : "here");
      return true as const;
    });
  }

  /** Takes jobs again. */
  resume(global = false): Promise<true> {
    return this.#call(async () => {
      await this.#session!.resume(global ? "everywhere" : "here");
      return true as const;
    });
  }

  /** Removes all jobs; answers how many there were. */
  reset(): Promise<number> {
    return this.#call(async ({ desk, id, emit }) => {
      const count = await desk.empty();
      emit("reset", id, count);
      return count;
    });
  }

  /** Lets what runs end, and leaves. Other queue objects go on. */
  async stop(): Promise<true> {
    return this.#leave(async () => {});
  }

  /** Stops, and removes the queue with all its jobs. */
  async drop(): Promise<true> {
    return this.#leave(async ({ desk, id, emit }) => {
      await desk.drop();
      emit("dropped", id);
    });
  }

  /** How its jobs store themselves. */
  get [JOB_STORE](): JobStore {
    return {
      save: (job) => this.#call((part) => saveJob(part, job)),
      log: (job, entry) => this.#call((part) => saveLog(part, job, entry)),
      progress: (job, percent) =>
        this.#call(async (part) => {
          await saveProgress(part, job, percent);
          this.#session?.worker?.restart(job.id);
        }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #open(): Promise<Session> {
    const emit: QueuePart["emit"] = (event, ...args) => void this.emit(event, ...(args as never));
    const reading: Reading = { queue: this, words: this.#settings.words, limit: this.#settings.limitJobLogs };
    const isHeard = (event: keyof QueueEvents) => this.listenerCount(event) > 0;
    const fail = (error: unknown) => void this.#told(error);
    const part = { id: this.#id, settings: this.#settings, reading, emit, isHeard, fail };
    const session = await Session.open({ reach: this.#reach, part, concurrency: () => this.#concurrency });
    this.#session = session;
    session.listening.then(
      () => this.emit("ready", this.#id),
      () => {},
    );
    return session;
  }

  async #call<T>(work: (part: QueuePart) => Promise<T>): Promise<T> {
    try {
      if (this.#isStopped) throw stopped(this.#id);
      return await work((await this.#opening).part);
    } catch (error) {
      throw this.#told(error);
    }
  }

  /** Names the queue in an error, and emits it where somebody listens: alone it must not end the process. */
  #told(error: unknown): Error {
    const told = Object.assign(error instanceof Error ? error : new Error(String(error)), { queueId: this.#id });
    if (this.listenerCount("error") > 0) this.emit("error", told);
    return told;
  }

  async #leave(last: (part: QueuePart) => Promise<void>): Promise<true> {
    this.#isStopped = true;
    try {
      await (await this.#opening).stop(last);
    } catch (error) {
      throw this.#told(error);
    }
    this.removeAllListeners();
    return true;
  }
}
