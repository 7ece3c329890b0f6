import { randomUUID } from "node:crypto";
import { EventEmitter } from "node:events";
import type { Callsheet } from "@callsheet/core";
import { Adding } from "./adding.ts";
import { type QueueConnection, type Reach, readConnection } from "./connection.ts";
import type { QueueEvents } from "./events.ts";
import { refused } from "./invalid.ts";
import { JOB_STORE, type JobQueue, type JobStore } from "./job.ts";
import { JOB_DEFAULTS, type JobDefaults, type JobOptions, mergeOptions } from "./job-options.ts";
import type { QueuePart } from "./part.ts";
import { type QueueOptions, type QueueSettings, readOptions } from "./queue-options.ts";
import { Session, stopped } from "./session.ts";
import type { Reading } from "./stored-job.ts";
import { saveJob, saveLog, saveProgress } from "./stored-jobs.ts";

/** What a queue object is, beside what it does: its options, its state, its connection, and how its calls fail. */
export abstract class QueueObject extends EventEmitter<QueueEvents> implements JobQueue {
  readonly #id: string;
  readonly #reach: Reach;
  readonly #settings: QueueSettings;
  readonly #opening: Promise<Session>;
  #session: Session | undefined;
  #concurrency: number;
  #jobOptions: JobDefaults = JOB_DEFAULTS;
  #isStopped = false;
  #worksSoon = false;

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

  /** True once it is open, false when it was stopped. */
  async ready(): Promise<boolean> {
    if (this.#isStopped) return false;
    await (await this.#opening).listening;
    return !this.#isStopped;
  }

  /** How its jobs store themselves. */
  get [JOB_STORE](): JobStore {
    return {
      save: (job) => this.call((part) => saveJob(part, job)),
      log: (job, entry) => this.call((part) => saveLog(part, job, entry)),
      progress: (job, percent) =>
        this.call(async (part, { worker }) => {
          await saveProgress(part, job, percent);
          worker?.restart(job.id);
        }),
    };
  }

  async #open(): Promise<Session> {
    const adding = new Adding();
    const emit: QueuePart["emit"] = (event, ...args) => {
      if (event !== "added" && adding.take(args[1])) this.emit("added", this.#id, args[1] as string);
      if (this.listenerCount(event) > 0) this.emit(event, ...(args as never));
    };
    const reading: Reading = { queue: this, words: this.#settings.words, limit: this.#settings.limitJobLogs };
    const isHeard = (event: keyof QueueEvents) => this.listenerCount(event) > 0;
    const fail = (error: unknown) => void this.#told(error);
    const part = { id: this.#id, settings: this.#settings, reading, adding, emit, isHeard, fail };
    // What is called right behind the constructor has been by then.
    await Promise.resolve();
    const [worksSoon, concurrency] = [this.#worksSoon, () => this.#concurrency];
    const session = await Session.open({ reach: this.#reach, part, concurrency, worksSoon });
    this.#session = session;
    session.listening.then(
      () => this.emit("ready", this.#id),
      () => {},
    );
    return session;
  }

  /** Jobs are to be run, as soon as it is open. */
  protected willWork(): void {
    this.#worksSoon = true;
  }

  protected async call<T>(work: (part: QueuePart, session: Session) => Promise<T>): Promise<T> {
    try {
      if (this.#isStopped) throw stopped(this.#id);
      const session = await this.#opening;
      return await work(session.part, session);
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

  protected async leave(last?: (part: QueuePart) => Promise<void>): Promise<true> {
    const wasStopped = this.#isStopped;
    this.#isStopped = true;
    try {
      if (wasStopped && last !== undefined) throw stopped(this.#id);
      // What could not be opened need not be closed.
      const session = last === undefined ? await this.#opening.catch(() => undefined) : await this.#opening;
      await session?.stop(last);
    } catch (error) {
      throw this.#told(error);
    }
    this.removeAllListeners();
    return true;
  }
}
