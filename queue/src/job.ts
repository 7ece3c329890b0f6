import { type JsonObject, systemEnvironment } from "@callsheet/core";
import { invalid } from "./invalid.ts";
import { type Fields, timeOf } from "./job-fields.ts";
import { checkOption, type JobDefaults, type JobOptions } from "./job-options.ts";
import type { LogEntry } from "./log.ts";
import { QUEUE_PRIORITIES, type QueuePriority } from "./priority.ts";
import type { JobStatus } from "./status.ts";

const { newId } = systemEnvironment();

/** What a job carries: an object's own properties; anything else as `data`. */
export type PayloadOf<Payload> = Payload extends readonly unknown[]
  ? { data: Payload }
  : Payload extends object
    ? Payload
    : { data: Payload };
/** What a job may be created with: an object's properties, with options among them; anything else as it is. */
export type InputOf<Payload> = Payload extends readonly unknown[]
  ? Payload
  : Payload extends object
    ? Payload & JobOptions
    : Payload;
/** A job with its user's properties. */
export type JobOf<Payload, Result = unknown> = Job<Result> & PayloadOf<Payload>;
/** The payload of a queue that names no type. */
export type AnyPayload = Record<string, unknown>;

/** Under this name a queue hands its jobs what they store themselves with. */
export const JOB_STORE = Symbol("callsheet.queue.store");

/** What a job stores itself with. */
export interface JobStore {
  save(job: Job): Promise<void>;
  progress(job: Job, percent: number): Promise<void>;
  log(job: Job, entry: NewEntry): Promise<void>;
}

/** What a job asks of its queue. */
export interface JobQueue {
  readonly id: string;
  readonly jobOptions: JobDefaults;
  readonly [JOB_STORE]: JobStore;
}

/** An entry that a user writes into a job's log. */
export interface NewEntry {
  readonly data: unknown;
  readonly message: string;
  readonly type: LogEntry["type"];
  readonly status: JobStatus;
}

/** What was stored of a job when it was last read or written. */
export interface Saved {
  readonly data: JsonObject;
  readonly priority: QueuePriority;
  readonly dateEnable: number;
}

/** What only this library does to a job. */
interface Inside {
  savedOf(job: Job): Saved | undefined;
  /** What it is now is what is stored. */
  markSaved(job: Job, data: JsonObject): void;
  /** Until when it may run has moved, and is stored. */
  markDeadline(job: Job): void;
  /** Its log is made when somebody reads it: most handlers never do. */
  giveLog(job: Job, make: () => LogEntry[]): void;
}
let inside: Inside;

/** One job. Its user's properties stand beside its own; what is changed here is stored by `update`. */
export class Job<Result = unknown> {
  readonly id: string;
  name: string;
  priority: QueuePriority;
  timeout: number;
  retryDelay: number;
  retryMax: number;
  /** Retries so far. */
  retryCount = 0;
  repeat: boolean | number;
  repeatDelay: number;
  /** How often it was begun. */
  processCount = 0;
  /** 0 to 100. */
  progress = 0;
  status: JobStatus = "created";
  /** When it may begin; of a running one, until when it may run. */
  dateEnable: Date;
  dateStarted: Date | null = null;
  dateFinished: Date | null = null;
  /** The queue object that wrote it last. */
  queueId: string;
  /** What its handler ended with. */
  declare result?: Result;
  readonly #queue: JobQueue;
  #saved: Saved | undefined;
  #log: LogEntry[] | (() => LogEntry[]) | undefined;
  #dateCreated: Date | undefined;

  static {
    inside = {
      savedOf: (job) => job.#saved,
      markSaved: (job, data) => {
        // What a handler plans counts when its job is passed back, and is not stored until then.
        const deadline = job.status === "active" ? job.#saved?.dateEnable : undefined;
        job.#saved = { data, priority: job.priority, dateEnable: deadline ?? job.dateEnable.getTime() };
      },
      markDeadline: (job) => {
        if (job.#saved !== undefined) job.#saved = { ...job.#saved, dateEnable: job.dateEnable.getTime() };
      },
      giveLog: (job, make) => {
        job.#log = make;
      },
    };
  }

  constructor(queue: JobQueue, id: string = newId(), options: JobDefaults = queue.jobOptions) {
    this.#queue = queue;
    this.id = id;
    this.name = options.name ?? id;
    this.priority = options.priority;
    this.timeout = options.timeout;
    this.retryDelay = options.retryDelay;
    this.retryMax = options.retryMax;
    this.repeat = options.repeat;
    this.repeatDelay = options.repeatDelay;
    this.dateEnable = options.dateEnable ?? new Date();
    this.queueId = queue.id;
  }

  /** Oldest entry first. */
  get log(): LogEntry[] {
    if (typeof this.#log === "function") this.#log = this.#log();
    this.#log ??= [];
    return this.#log;
  }

  set log(log: LogEntry[]) {
    this.#log = log;
  }

  get dateCreated(): Date {
    if (this.#dateCreated === undefined) {
      const time = timeOf(this.id);
      this.#dateCreated = Number.isNaN(time) ? new Date() : new Date(time);
    }
    return this.#dateCreated;
  }

  set dateCreated(date: Date) {
    this.#dateCreated = date;
  }

  /** Its queue. Never stored. */
  get q(): JobQueue {
    return this.#queue;
  }

  setName(name: string): this {
    return this.#set("name", name);
  }

  setPriority(priority: QueuePriority): this {
    return this.#set("priority", priority);
  }

  /** Milliseconds; 0: for ever. */
  setTimeout(timeout: number): this {
    return this.#set("timeout", timeout);
  }

  setRetryMax(retryMax: number): this {
    return this.#set("retryMax", retryMax);
  }

  /** Milliseconds. */
  setRetryDelay(retryDelay: number): this {
    return this.#set("retryDelay", retryDelay);
  }

  setRepeat(repeat: boolean | number): this {
    return this.#set("repeat", repeat);
  }

  /** Milliseconds. */
  setRepeatDelay(repeatDelay: number): this {
    return this.#set("repeatDelay", repeatDelay);
  }

  setDateEnable(dateEnable: Date): this {
    return this.#set("dateEnable", dateEnable);
  }

  /** Stores how far it is: brought within 0 to 100. Its time-out begins anew. Fails when it is not active. */
  async updateProgress(percent: number): Promise<this> {
    await this.#queue[JOB_STORE].progress(this as unknown as Job, bounded(percent));
    return this;
  }

  /** Stores what was changed; the old values are in its log. */
  async update(): Promise<this> {
    await this.#queue[JOB_STORE].save(this as unknown as Job);
    return this;
  }

  /** Its properties as a plain object; the priority as its number unless it is asked for as its name. */
  getCleanCopy(priorityAsString = false): Record<string, unknown> {
    const copy = structuredClone(this.toJSON());
    if (!priorityAsString) copy.priority = QUEUE_PRIORITIES[this.priority];
    return copy;
  }

  toJSON(): Record<string, unknown> {
    const { log, dateCreated } = this;
    return { ...(this as unknown as Fields), log, dateCreated };
  }

  /** Writes an entry into its log. Fails when it was not added. */
  async addLog(
    data: unknown = {},
    message = "",
    type: LogEntry["type"] = "information",
    status: JobStatus = this.status,
  ): Promise<true> {
    await this.#queue[JOB_STORE].log(this as unknown as Job, { data, message, type, status });
    return true;
  }

  /** The newest entry of its log; undefined: there is none. */
  getLastLog(): LogEntry | undefined {
    return this.log.reduce<LogEntry | undefined>(
      (last, entry) => (last && last.date > entry.date ? last : entry),
      undefined,
    );
  }

  #set<Name extends keyof JobOptions>(name: Name, value: unknown): this {
    checkOption(name, value);
    Object.assign(this, { [name]: value });
    return this;
  }
}

export const { savedOf, markSaved, markDeadline, giveLog } = inside;

/** What a job is created with: an object's properties, whose names may be options; anything else is its `data`. */
export function createJob<Payload, Result>(queue: JobQueue, payload?: unknown): JobOf<Payload, Result> {
  if (typeof payload === "function") throw invalid("data", "a value that can be stored, not a function");
  const job = new Job<Result>(queue);
  if (payload === undefined) return job as JobOf<Payload, Result>;
  if (!isPlain(payload)) return Object.assign(job, { data: payload }) as unknown as JobOf<Payload, Result>;
  const method = Object.keys(payload).find((key) => METHODS.has(key));
  if (method !== undefined) throw invalid(method, "what it is: no property may have the name of a method");
  return Object.assign(job, payload) as JobOf<Payload, Result>;
}

const METHODS = new Set(
  Object.getOwnPropertyNames(Job.prototype).filter((name) => name !== "log" && name !== "dateCreated"),
);

const isPlain = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** How far a job can be. What is no number counts as 0. */
function bounded(percent: unknown): number {
  return typeof percent === "number" && percent > 0 ? Math.min(100, percent) : 0;
}
