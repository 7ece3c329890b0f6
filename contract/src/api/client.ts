import type { Action, ActionInput } from "../model/action.ts";
import type { Verification, VerifyOptions } from "../model/check/verification.ts";
import type { FailureCause, Group, GroupFilter, RetryOnly } from "../model/group.ts";
import type { HistoryEntry } from "../model/history.ts";
import type { Job } from "../model/job.ts";
import type { JobFilter } from "../model/job-filter.ts";
import type { JobInput } from "../model/job-input.ts";
import type { JsonObject } from "../model/json.ts";
import type { Limit, LimitTarget } from "../model/limit.ts";
import type { LockedObject, LockFilter } from "../model/lock.ts";
import type { NodeDetails, NodeFilter, NodeLife } from "../model/node.ts";
import type { Pause, PauseTarget } from "../model/pause.ts";
import type { PriorityName } from "../model/priority.ts";
import type { QueueSummary } from "../model/queue-summary.ts";
import type { Amendment, LogLine } from "../model/record.ts";
import type { Resource, ResourceDetails, ResourceInput, ResourcePlace } from "../model/resource.ts";
import type { RetentionRule, RetentionRun, RetentionTarget } from "../model/retention.ts";
import type { Rollback } from "../model/rollback.ts";
import type { Secret, SecretInput, SecretRotation, SecretUse } from "../model/secret.ts";
import type { FacilityDay } from "../model/simulation/day.ts";
import type { Explanation } from "../model/situation.ts";
import type { JobState } from "../model/state.ts";
import type { StoredContext } from "../model/stored-context.ts";
import type { Target } from "../model/target.ts";
import type { AssetsClient, CollectionsClient } from "./media-client.ts";
import type { TimedClient } from "./timed-client.ts";

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
  /** Creates a job of the undo action of a completed one. Fails with `no_undo_action`. */
  undo(id: string, input?: JobInput): Promise<{ readonly id: string }>;
  /** The same with its redo action. */
  redo(id: string, input?: JobInput): Promise<{ readonly id: string }>;
  hold(id: string): Promise<JobState>;
  resume(id: string): Promise<JobState>;
  setPriority(id: string, priority: PriorityName): Promise<void>;
  /** Says that a live attempt will never be heard of again. Its job fails, and what it held is free. Needs a reason. */
  declareLost(id: string, options?: { readonly reason?: string }): Promise<JobState>;
  /** Waits until a job is settled. Fails with `wait_timeout`; the job goes on. */
  /** How the rollback of a job stands, with all that its attempts journaled. */
  rollback(id: string): Promise<Rollback>;
  /** Tries a failed rollback again. */
  retryRollback(id: string): Promise<void>;
  /** Ends a rollback that has not ended by itself, for a reason. Answers the state that this led to. */
  resolveRollback(id: string, reason: string): Promise<JobState>;
  /** Waits until a job is settled, and what it did is undone if it has to be. Fails with `wait_timeout`; the job goes on. */
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

/**
 * What somebody outside says of work that goes on elsewhere: `ref` is the completion token of its attempt, or, for people, the id
 * of its job. All fail with `unknown_token`, `already_ended` and `stale_attempt`, and answer where the job stands.
 */
export interface ElsewhereClient {
  /** The work is done. */
  complete(ref: string, result?: unknown): Promise<JobState>;
  /** The work failed. */
  fail(
    ref: string,
    error: { readonly code?: string; readonly message: string; readonly data?: unknown },
  ): Promise<JobState>;
  /** The work is so far, 0 to 100. */
  progress(ref: string, percent: number, message?: string, stats?: JsonObject): Promise<JobState>;
  /** The work goes on. */
  heartbeat(ref: string): Promise<JobState>;
}

/**
 * Group jobs: one job for each member of their target. Fails with `group_not_found`, and with `wrong_state` when a group has
 * settled.
 */
export interface GroupsClient {
  /** A page of groups, newest first. */
  list(filter?: GroupFilter): Promise<readonly Group[]>;
  get(id: string): Promise<Group>;
  /** The members that failed, by the codes of their errors. */
  failures(id: string): Promise<readonly FailureCause[]>;
  /** Adds members to a group that is open; answers how many were new. Fails with `group_closed`. */
  add(id: string, members: Iterable<Target>): Promise<number>;
  /** Fails with `group_closed`. */
  close(id: string): Promise<void>;
  /** Adds the members of its target that are missing, and closes it; answers how many. Fails with `group_closed`. */
  complete(id: string): Promise<number>;
  /** Runs the members again that failed, or only those that timed out; answers how many. */
  retry(id: string, options?: { readonly only?: RetryOnly }): Promise<number>;
  /** Gives members that wait a start time, or another one. */
  schedule(id: string, startAt: Date): Promise<void>;
  /** Takes it away: they are ignored until they are scheduled again. */
  unschedule(id: string): Promise<void>;
  hold(id: string): Promise<void>;
  resume(id: string): Promise<void>;
  cancel(id: string): Promise<void>;
  setPriority(id: string, priority: PriorityName): Promise<void>;
}

/**
 * What jobs contend for. Without a place the cluster's resource is meant. Every operation on one that is not there fails with
 * `unknown_resource`.
 */
export interface ResourcesClient {
  list(): Promise<readonly Resource[]>;
  /** One of them, with the jobs that hold it. */
  get(name: string, place?: ResourcePlace): Promise<ResourceDetails>;
  /** Creates a resource, or changes the one of that name and place. The same again changes nothing. */
  put(name: string, definition: ResourceInput): Promise<Resource>;
  /** Gives it another capacity outside its windows, and leaves all else as it is. */
  setCapacity(name: string, capacity: number, place?: ResourcePlace): Promise<Resource>;
  start(name: string, place?: ResourcePlace): Promise<Resource>;
  /** Lets no job start that needs it; those that run go on. */
  stop(name: string, place?: ResourcePlace): Promise<Resource>;
  /** The same, but it is `draining` as long as jobs hold units of it. */
  drain(name: string, place?: ResourcePlace): Promise<Resource>;
  /** Fails with `resource_in_use`. */
  remove(name: string, place?: ResourcePlace): Promise<void>;
  /** Says how many units the outside leaves. */
  report(name: string, said: { readonly left: number } & ResourcePlace): Promise<void>;
}

/** How many jobs of something run at once. */
export interface LimitsClient {
  list(): Promise<readonly Limit[]>;
  /** Fails with `unknown_action`. */
  put(target: LimitTarget, limit: { readonly running: number }): Promise<Limit>;
  /** Fails with `unknown_limit`. */
  remove(target: LimitTarget): Promise<void>;
}

/** The queues of the queue library, each summed up. */
export interface QueuesClient {
  /** By name. */
  list(): Promise<readonly QueueSummary[]>;
  /** One by its name, or by that of its action. Fails with `unknown_queue`. */
  get(name: string): Promise<QueueSummary>;
}

/** What may not start for the time being. */
export interface PausesClient {
  list(): Promise<readonly Pause[]>;
  /** When it has answered, nothing of it starts. Fails with `unknown_action`. */
  pause(target: PauseTarget, reason?: string): Promise<Pause>;
  /** Fails with `not_paused`. */
  resume(target: PauseTarget): Promise<void>;
}

/** How long settled jobs are kept. Without a rule, for ever. */
export interface RetentionClient {
  list(): Promise<readonly RetentionRule[]>;
  /** `keepMs`: from the job's end, a minute or more; null: for ever. */
  put(target: RetentionTarget, rule: { readonly keepMs: number | null }): Promise<RetentionRule>;
  /** Fails with `unknown_retention`. */
  remove(target: RetentionTarget): Promise<void>;
  /** Deletes what is over its time, or with `isDryRun` only counts it. */
  run(options?: { readonly isDryRun?: boolean }): Promise<RetentionRun>;
}

/** The nodes that run jobs. A name that none has, or had, fails with `unknown_node`. */
export interface NodesClient {
  list(filter?: NodeFilter): Promise<readonly NodeLife[]>;
  /** The present life of a node, or its last one, with what it runs. */
  get(name: string): Promise<NodeDetails>;
  /** It starts nothing more, lets end what runs, and ends itself. Fails with `node_ended`. */
  drain(name: string, reason?: string): Promise<NodeDetails>;
  /** It starts nothing more, and stays, also across its restarts, until `resume`. */
  maintain(name: string, reason?: string): Promise<NodeDetails>;
  /** Ends its maintenance. Fails with `not_paused`. */
  resume(name: string): Promise<NodeDetails>;
}

/** Objects that jobs lock. One is named as a target, or by its key. */
export interface LocksClient {
  list(filter?: LockFilter): Promise<readonly LockedObject[]>;
  get(object: Target | string): Promise<LockedObject>;
  /** Lets no further job have it until it is released. */
  quarantine(object: Target | string, reason?: string): Promise<LockedObject>;
  /** Fails with `not_quarantined`. */
  release(object: Target | string, reason?: string): Promise<LockedObject>;
}

/** What jobs refer to by `secret://name` in their configurations. Values go in, and never come out again. */
export interface SecretsClient {
  list(): Promise<readonly Secret[]>;
  /** Who gave it a value, sealed it anew or removed it, and which attempts asked for it: the last first. Default: 100, at most 10,000. */
  history(name: string, options?: { readonly limit?: number }): Promise<readonly SecretUse[]>;
  /** Creates a secret, or gives it another value, which holds for attempts that begin afterwards. Fails with `secret_key_missing`. */
  put(name: string, secret: SecretInput): Promise<Secret>;
  /** Fails with `unknown_secret`. Jobs that refer to it fail when they are started. */
  remove(name: string): Promise<void>;
  /** Seals every secret with the newest key; the others are needed no more. Fails with `secret_key_missing`. */
  rotate(): Promise<SecretRotation>;
}

/** Callsheet as its callers see it, wherever it is: the library in this process, or a server behind its HTTP API. */
export interface CallsheetClient {
  readonly actions: ActionsClient;
  readonly jobs: JobsClient;
  readonly elsewhere: ElsewhereClient;
  readonly groups: GroupsClient;
  /** The jobs that ended in a stretch of time, and what they ran on: for `simulate`. Resources and limits are those of now. */
  recordDay(span: { readonly from: Date; readonly until: Date }): Promise<FacilityDay>;
  /** Looks, at one moment and changing nothing, whether every invariant holds: of all jobs, their histories, and what they hold. */
  verify(options?: VerifyOptions): Promise<Verification>;
  readonly resources: ResourcesClient;
  readonly limits: LimitsClient;
  readonly queues: QueuesClient;
  readonly pauses: PausesClient;
  readonly locks: LocksClient;
  readonly secrets: SecretsClient;
  readonly retention: RetentionClient;
  readonly timed: TimedClient;
  readonly nodes: NodesClient;
  readonly assets: AssetsClient;
  readonly collections: CollectionsClient;
  /** The names for people of the targets of jobs, in their order; null: nobody knows one. */
  nameTargets(targets: readonly Target[]): Promise<readonly (string | null)[]>;
  /** The same on behalf of somebody: the history names the actor, and the reason if there is one. */
  as(actor: string, reason?: string): CallsheetClient;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
