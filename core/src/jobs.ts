import {
  type AmendOptions,
  type Authority,
  callsheetError,
  type Explanation,
  type HistoryEntry,
  type Job,
  type JobFilter,
  type JobInput,
  type JobState,
  type Json,
  type PriorityName,
  type Rollback,
  type StoredContext,
} from "@callsheet/contract";
import type { ActionHandle } from "./actions.ts";
import type { Engine } from "./engine/engine.ts";
import { cancelJob } from "./operations/cancel.ts";
import { readContext } from "./operations/context.ts";
import { createCounterpart } from "./operations/counterpart.ts";
import { declareLost } from "./operations/declare-lost.ts";
import { explainJob } from "./operations/explain.ts";
import { checkFilter } from "./operations/filter.ts";
import { createJobs } from "./operations/groups/create-jobs.ts";
import { cancelGroup, holdGroup, prioritiseGroup, resumeGroup } from "./operations/groups/intents.ts";
import { planGroup, unplanGroup } from "./operations/groups/plan-group.ts";
import { retryGroup } from "./operations/groups/retry-group.ts";
import { checkId, type Desk } from "./operations/operate.ts";
import { holdJob, planJob, resumeJob, setPriority, unplanJob } from "./operations/plan.ts";
import { amendJob, retryJob } from "./operations/retry.ts";
import { readRollback, resolveRollback, retryRollback } from "./operations/rollback.ts";
import { withSettledTarget } from "./operations/target-registry.ts";
import type { CallerTransaction } from "./store/database.ts";

/** A job that was created. */
export interface Created<Configuration = unknown, Result = unknown> {
  readonly id: string;
  /** Types only; never there at run time. */
  readonly $types?: { readonly configuration: Configuration; readonly result: Result };
}

type Ref<Configuration, Result> = string | Created<Configuration, Result>;
// Callers without types may pass anything; what is no id is refused by its check.
const idOf = (ref: Ref<unknown, unknown>): string => (typeof ref === "string" ? ref : ref?.id);

function nameOf(action: { readonly name: string } | string): string {
  const name: unknown = typeof action === "string" ? action : action?.name;
  if (typeof name === "string") return name;
  throw callsheetError("invalid_argument", "An action is given by its handle or its name.", { field: "action" });
}

/** Something that is done to one job, or to a group as a whole. */
type Verb<Result = unknown> = (desk: Desk, id: string, authority: Authority) => Promise<Result>;

/** Jobs: one unit of work each, from its creation to the end of its history. */
export class Jobs {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /**
   * Creates a job of an action. Fails with `unknown_action`, `action_disabled`, `action_refused`, `invalid_configuration`,
   * `invalid_argument`, `payload_too_large` or `idempotency_conflict`. Once it answers, the job is stored.
   *
   * An `idempotencyKey` (1 to 200 characters) makes one job per action and key, for as long as that job is kept, settled
   * or not. The same request again, whoever makes it, answers the first job's id and creates nothing; another request
   * under the key fails with `idempotency_conflict`, whose details name the first job.
   */
  async create<Configuration, Result>(
    action: ActionHandle<Configuration, Result> | string,
    input: JobInput<Configuration> = {},
    options: { readonly tx?: CallerTransaction } = {},
  ): Promise<Created<Configuration, Result>> {
    const [id] = await this.#create(action, [input], options);
    return { id: id! };
  }

  /**
   * Creates many jobs, 5,000 or 4 MB a statement: a chunk is stored whole or not at all. In a transaction of the caller's
   * own all are stored with it, or none; nothing that others need is locked.
   */
  async createMany<Configuration, Result>(
    action: ActionHandle<Configuration, Result> | string,
    inputs: readonly JobInput<Configuration>[],
    options: { readonly tx?: CallerTransaction } = {},
  ): Promise<readonly Created<Configuration, Result>[]> {
    if (!Array.isArray(inputs))
      throw callsheetError("invalid_argument", "Many jobs are described by a list.", { field: "inputs" });
    const ids = await this.#create(action, inputs, options);
    return ids.map((id) => ({ id }));
  }

  async #create(
    action: { readonly name: string } | string,
    inputs: readonly JobInput[],
    options: { readonly tx?: CallerTransaction },
  ): Promise<readonly string[]> {
    const { actor, reason = null } = this.#authority;
    const request = { action: nameOf(action), inputs, actor, reason, origin: "library", ...options } as const;
    return createJobs(this.#engine, request);
  }

  /** A job as it stands now; fails with `job_not_found`. */
  async get<Configuration = Json, Result = Json>(job: Ref<Configuration, Result>): Promise<Job<Configuration, Result>> {
    const id = checkId(idOf(job));
    const [found] = await this.#engine.store.readJobs([id]);
    if (!found) throw callsheetError("job_not_found", `There is no job ${id}.`, { id });
    return found as Job<Configuration, Result>;
  }

  /** Jobs as they stand now, in the order of their ids; those that do not exist are absent. */
  async getMany(jobs: readonly Ref<unknown, unknown>[]): Promise<readonly Job[]> {
    if (!Array.isArray(jobs))
      throw callsheetError("invalid_argument", "Many jobs are named by a list.", { field: "jobs" });
    const ids = jobs.map((job) => checkId(idOf(job)));
    const found = new Map((await this.#engine.store.readJobs(ids)).map((job) => [job.id, job]));
    return ids.flatMap((id) => found.get(id) ?? []);
  }

  /** A page of jobs, newest first. */
  async list(filter: JobFilter = {}): Promise<readonly Job[]> {
    const { store, desk } = this.#engine;
    const checked = checkFilter(filter);
    // A target that nobody knows any more stays as it was told: its jobs are still there.
    return store.listJobs(await withSettledTarget(checked, desk.targets).catch(() => checked));
  }

  /** How many jobs stand in each state. */
  count(): Promise<Readonly<Record<JobState, number>>> {
    return this.#engine.store.countStates();
  }

  /** Every line of a job's history, oldest first. */
  async history(job: Ref<unknown, unknown>): Promise<readonly HistoryEntry[]> {
    return this.#engine.store.readHistory([checkId(idOf(job))]);
  }

  /** The lines that its handlers logged. */
  async log(job: Ref<unknown, unknown>) {
    return this.#engine.store.readLog(checkId(idOf(job)));
  }

  /** The configurations that were replaced, with who, when, why and the difference. */
  async amendments(job: Ref<unknown, unknown>) {
    return this.#engine.store.readAmendments(checkId(idOf(job)));
  }

  /**
   * All that is stored with a job for its attempts: configuration, target, variables, needs, and of each attempt that ended
   * what it ran with and what came of it. Fails with `job_not_found`.
   */
  context(job: Ref<unknown, unknown>): Promise<StoredContext> {
    return readContext(this.#engine.desk, idOf(job));
  }

  /** Says why a job stands where it stands: why it waits, what it waits for, how it ended. Fails with `job_not_found`. */
  explain(job: Ref<unknown, unknown>): Promise<Explanation> {
    return explainJob(this.#engine.desk, idOf(job));
  }

  /** Gives a job a start time, or another one; of a group its members that wait. */
  schedule(job: Ref<unknown, unknown>, startAt: Date): Promise<JobState> {
    const plan: Verb<JobState> = (desk, id, authority) => planJob(desk, id, startAt, authority);
    return this.#do(job, plan, (desk, id, authority) => planGroup(desk, id, startAt, authority));
  }

  /** Takes the start time away: the scheduler ignores the job until it is scheduled again. */
  unschedule(job: Ref<unknown, unknown>): Promise<JobState> {
    return this.#do(job, unplanJob, unplanGroup);
  }

  /** Holds a job, or a group and with it its members. */
  hold(job: Ref<unknown, unknown>): Promise<JobState> {
    return this.#do(job, holdJob, holdGroup);
  }

  /** Lets a held job go on; one whose time has passed is due at once. */
  resume(job: Ref<unknown, unknown>): Promise<JobState> {
    return this.#do(job, resumeJob, resumeGroup);
  }

  async setPriority(job: Ref<unknown, unknown>, priority: PriorityName): Promise<void> {
    const set: Verb = (desk, id, authority) => setPriority(desk, id, priority, authority);
    await this.#do(job, set, (desk, id, authority) => prioritiseGroup(desk, id, priority, authority));
  }

  /** Cancels a job; a live one only as its action allows. Answers the state that this led to. */
  cancel(job: Ref<unknown, unknown>): Promise<JobState> {
    return this.#do(job, cancelJob, cancelGroup);
  }

  /**
   * Creates the job that undoes a completed one: of the undo action that its action named when it was created, on the same target,
   * with what the job was and left as its variable `undoes`. Fails with `no_undo_action`, with `wrong_state` when it has not completed
   * or was undone, and as `create` does.
   */
  undo(job: Ref<unknown, unknown>, input: JobInput = {}): Promise<Created> {
    return this.#counterpart("undo", job, input);
  }

  /** The same with its redo action, and the variable `redoes`. */
  redo(job: Ref<unknown, unknown>, input: JobInput = {}): Promise<Created> {
    return this.#counterpart("redo", job, input);
  }

  async #counterpart(does: "undo" | "redo", job: Ref<unknown, unknown>, input: JobInput): Promise<Created> {
    const { desk, creator } = this.#engine;
    return { id: await createCounterpart(desk, creator, { id: idOf(job), does, input }, this.#authority) };
  }

  /**
   * Runs a failed job again, or those members of a group that failed, or that timed out where the group is `timed_out`; remembered
   * while a timed-out attempt lives.
   */
  retry(job: Ref<unknown, unknown>): Promise<JobState> {
    return this.#do(job, retryJob, (desk, id, authority) => retryGroup(desk, id, undefined, authority));
  }

  async #do<Result>(job: Ref<unknown, unknown>, single: Verb<Result>, whole: Verb): Promise<Result | JobState> {
    const { desk } = this.#engine;
    const id = checkId(idOf(job));
    if (!(await desk.store.isGroup(id))) return single(desk, id, this.#authority);
    await whole(desk, id, this.#authority);
    return (await this.get(id)).state;
  }

  /**
   * Says that an attempt will never be heard of again, such as one that hangs on a storage that is gone. A live one's job fails
   * with `node_lost`, or its cancel is done; of a job that is over, what its attempts still held is free. Late words are refused.
   * The attempt itself may still run: quarantine what it may write to. Needs a reason, here or by `as`. Fails with `wrong_state`.
   */
  declareLost(job: Ref<unknown, unknown>, { reason }: { readonly reason?: string } = {}): Promise<JobState> {
    return declareLost(this.#engine.desk, idOf(job), reason, this.#authority);
  }

  /**
   * Replaces the configuration while no attempt lives; the old one is kept. Answers the new version. With the
   * `configurationVersion` that was read, it fails with `configuration_changed` when somebody else was faster.
   */
  amend(
    job: Ref<unknown, unknown>,
    configuration: Readonly<Record<string, unknown>>,
    options: AmendOptions = {},
  ): Promise<number> {
    return amendJob(this.#engine.desk, this.#engine.types, idOf(job), configuration, options, this.#authority);
  }

  /** How the rollback of a job stands, with all that its attempts journaled. Fails with `job_not_found`. */
  rollback(job: Ref<unknown, unknown>): Promise<Rollback> {
    return readRollback(this.#engine.desk, idOf(job));
  }

  /** Tries a failed rollback again, from where it stopped. Fails with `wrong_state` when it has not failed. */
  retryRollback(job: Ref<unknown, unknown>): Promise<void> {
    return retryRollback(this.#engine.desk, idOf(job), this.#authority);
  }

  /**
   * Ends a rollback that has not ended by itself, because somebody has seen to what it left: says why, for the history.
   * Its objects leave their quarantine, and what was asked for meanwhile follows: answers the state that this led to. Fails
   * with `wrong_state` when there is no such rollback.
   */
  resolveRollback(job: Ref<unknown, unknown>, reason: string): Promise<JobState> {
    return resolveRollback(this.#engine.desk, idOf(job), reason, this.#authority);
  }

  /** Waits until a job is settled, and what it did is undone if it has to be. Fails with `wait_timeout`; the job goes on. */
  async wait<Configuration = Json, Result = Json>(
    job: Ref<Configuration, Result>,
    options: { readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
  ): Promise<Job<Configuration, Result>> {
    return this.#engine.waiting.wait(checkId(idOf(job)), options) as Promise<Job<Configuration, Result>>;
  }
}
