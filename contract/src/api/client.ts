import type { Action, ActionInput } from "../model/action.ts";
import type { HistoryEntry } from "../model/history.ts";
import type { Job } from "../model/job.ts";
import type { JobFilter } from "../model/job-filter.ts";
import type { JobInput } from "../model/job-input.ts";
import type { PriorityName } from "../model/priority.ts";
import type { Amendment, LogLine } from "../model/record.ts";
import type { Explanation } from "../model/situation.ts";
import type { JobState } from "../model/state.ts";
import type { StoredContext } from "../model/stored-context.ts";

export interface AmendOptions {
  /** The version that was read: with another one in place by now, nothing is changed. Default: whatever is there is replaced. */
  readonly configurationVersion?: number;
}

/** Definitions of work, for callers without the code of their types. */
export interface ActionsClient {
  list(): Promise<readonly Action[]>;
  /** Fails with `unknown_action`. */
  get(name: string): Promise<Action>;
  /** Creates an action, or changes the one of that name. The same definition again makes no new version. */
  put(definition: ActionInput): Promise<{ readonly definition: Action }>;
  /** Changes some fields. */
  change(name: string, fields: Partial<ActionInput>): Promise<Action>;
  enable(name: string): Promise<Action>;
  disable(name: string): Promise<Action>;
  /** Copies an action under another name; the copy starts disabled. */
  copy(name: string, newName: string): Promise<Action>;
  /** Deletes an action. Its jobs can still be run and retried. */
  remove(name: string): Promise<void>;
}

/** Jobs, by id. Every operation fails with `job_not_found` for an unknown id, and with `wrong_state` when the state forbids it. */
export interface JobsClient {
  /** A page of jobs, newest first. */
  list(filter?: JobFilter): Promise<readonly Job[]>;
  /** How many jobs stand in each state. */
  count(): Promise<Readonly<Record<JobState, number>>>;
  get(id: string): Promise<Job>;
  create(action: string, input?: JobInput): Promise<{ readonly id: string }>;
  createMany(action: string, inputs: readonly JobInput[]): Promise<readonly { readonly id: string }[]>;
  /** Gives a job a start time, or another one. */
  schedule(id: string, startAt: Date): Promise<JobState>;
  /** Takes the start time away. */
  unschedule(id: string): Promise<JobState>;
  /** Runs a failed job again; remembered while a timed-out attempt lives. */
  retry(id: string): Promise<JobState>;
  /** Replaces the configuration while no attempt lives, and only while it is the version that was read. Answers the new version. */
  amend(id: string, configuration: Readonly<Record<string, unknown>>, options?: AmendOptions): Promise<number>;
  /** Answers the state that this led to: a live job may be `cancelling` for a while. */
  cancel(id: string): Promise<JobState>;
  hold(id: string): Promise<JobState>;
  resume(id: string): Promise<JobState>;
  setPriority(id: string, priority: PriorityName): Promise<void>;
  /** Waits until a job is settled. Fails with `wait_timeout`; the job goes on. */
  wait(id: string, options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<Job>;
  /** Says why a job stands where it stands. */
  explain(id: string): Promise<Explanation>;
  /** All that is stored with a job for its attempts. */
  context(id: string): Promise<StoredContext>;
  /** Every line of a job's history, oldest first. */
  history(id: string): Promise<readonly HistoryEntry[]>;
  /** The lines that its handlers logged, by attempt. */
  log(id: string): Promise<readonly LogLine[]>;
  /** The configurations that were replaced, oldest first. */
  amendments(id: string): Promise<readonly Amendment[]>;
}

/** Callsheet as its callers see it, wherever it is: the library in this process, or a server behind its HTTP API. */
export interface CallsheetClient {
  readonly actions: ActionsClient;
  readonly jobs: JobsClient;
  /** The same on behalf of somebody: the history names the actor, and the reason if there is one. */
  as(actor: string, reason?: string): CallsheetClient;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
