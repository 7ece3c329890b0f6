import type { Authority, HistoryEntry, QueueSummary } from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import type { Hint } from "./operations/hint.ts";
import { addQueueJobs, importQueueJobs, type QueueImport, type QueueJobInput } from "./operations/queues/add.ts";
import {
  changeQueueJob,
  type QueueChange,
  type QueueEntry,
  reanimateQueueJob,
  reportQueueProgress,
  sayOfQueueJob,
} from "./operations/queues/change.ts";
import { openPlace, type QueuePlace } from "./operations/queues/place.ts";
import {
  cancelQueueJobs,
  dropQueue,
  emptyQueue,
  type QueueCancel,
  removeFinished,
  removeQueueJobs,
} from "./operations/queues/remove.ts";
import { pauseQueue, resumeQueue, reviewQueue } from "./operations/queues/state.ts";
import { getQueue, listQueues } from "./operations/queues/summary.ts";
import type { FeedCursor } from "./store/queue-feed.ts";
import type { QueueRecord, QueueSearch } from "./store/queue-jobs.ts";
import type { Changed } from "./store/transition.ts";

/** Queues of plain data whose jobs may do what no others may (decision 23). `@callsheet/queue` is how applications use them. */
export class Queues {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /** Opens a queue by its name, 1 to 100 characters; what it needs is made on first use. `actor`: who acts through it. */
  async open(name: string, { actor = this.#authority.actor }: { readonly actor?: string } = {}): Promise<OpenQueue> {
    const place = await openPlace(this.#engine.desk, name, { actor });
    return new OpenQueue(this.#engine, place, { actor, owner: this.#authority.actor });
  }

  /** All of them summed up, by name. */
  list(): Promise<readonly QueueSummary[]> {
    return listQueues(this.#engine.desk);
  }

  /** One of them summed up, by its name or that of its action. Fails with `unknown_queue`. */
  get(name: string): Promise<QueueSummary> {
    return getQueue(this.#engine.desk, name);
  }
}

/** A page of a queue's jobs is this long at most. */
const PAGE = 1_000;

/** One queue, on behalf of one actor. Jobs that it does not have are refused with `job_not_found`, or absent from lists. */
export class OpenQueue {
  readonly name: string;
  /** The name of its action, its action type and its lane. */
  readonly slug: string;
  readonly #engine: Engine;
  readonly #place: QueuePlace;
  readonly #authority: Authority & { readonly owner: string };

  constructor(engine: Engine, place: QueuePlace, authority: Authority & { readonly owner: string }) {
    this.#engine = engine;
    this.#place = place;
    this.#authority = authority;
    this.name = place.name;
    this.slug = place.slug;
  }

  get #desk() {
    return this.#engine.desk;
  }

  get #id(): number {
    return this.#place.actionId;
  }

  /** Adds jobs, many in one statement. Fails with `invalid_argument` when an id was added before. */
  add(jobs: readonly QueueJobInput[]): Promise<void> {
    return addQueueJobs(this.#engine.creator, this.#place, jobs, this.#authority);
  }

  /** Stores jobs with the statuses that they had elsewhere. Fails with `invalid_argument` when an id was added before. */
  import(jobs: readonly QueueImport[]): Promise<void> {
    return importQueueJobs(this.#desk, this.#place, jobs, this.#authority);
  }

  /** Jobs by id, oldest first; those that it does not have are absent. */
  read(ids: readonly string[]): Promise<readonly QueueRecord[]> {
    return this.#engine.store.readQueueJobs(this.#id, ids);
  }

  /** Jobs that fit, oldest first, a page at a time. */
  async *find(search: Omit<QueueSearch, "after" | "limit"> = {}): AsyncGenerator<readonly QueueRecord[]> {
    let after: string | undefined;
    for (;;) {
      const next = { ...search, limit: PAGE, ...(after === undefined ? {} : { after }) };
      const page = await this.#engine.store.findQueueJobs(this.#id, next);
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
      after = page.at(-1)!.id;
    }
  }

  /** The histories of jobs: the first line of each, the last, and at most as many `newest` ones between. */
  history(ids: readonly string[], newest: number): Promise<readonly HistoryEntry[]> {
    return this.#engine.store.readHistory(ids, { newest });
  }

  /** How many jobs stand in each state; those that wait, in the state in which their last line of history left them. */
  count() {
    return this.#engine.store.countQueueJobs([this.#id]);
  }

  /** Writes an entry into a job's history. */
  say(id: string, entry: QueueEntry): Promise<void> {
    return sayOfQueueJob(this.#desk, this.#place, id, entry, this.#authority);
  }

  /** Changes a job's data, priority or time, in any state. */
  change(id: string, change: QueueChange): Promise<void> {
    return changeQueueJob(this.#desk, this.#place, id, change, this.#authority);
  }

  /** Stores how far a running job is, 0 to 100. Fails with `wrong_state` when it does not run. */
  progress(id: string, percent: number): Promise<void> {
    const desk = { ...this.#desk, types: this.#engine.types };
    return reportQueueProgress(desk, this.#place, id, percent, this.#authority);
  }

  /** Cancels jobs; a running one is over at once, and its handler told. Fails with the first that cannot be; the others are cancelled. */
  async cancel(ids: readonly string[], reason?: string): Promise<void> {
    const { failure } = await this.cancelSome(ids, reason);
    if (failure !== undefined) throw failure;
  }

  /** Cancels those of the jobs that can be. Answers which, and why the first of the others was not. */
  cancelSome(ids: readonly string[], reason?: string): Promise<QueueCancel> {
    const said = reason === undefined ? this.#authority : { ...this.#authority, reason };
    return cancelQueueJobs(this.#desk, this.#place, ids, said);
  }

  /** Sets a job up again that is over, for now or for a time. Fails with `wrong_state` when it is not over. */
  reanimate(id: string, dueAt?: Date): Promise<void> {
    return reanimateQueueJob(this.#desk, this.#place, id, dueAt, this.#authority);
  }

  /** Removes jobs in any state; a running one is fenced off. Answers which. */
  remove(ids: readonly string[]): Promise<readonly string[]> {
    return removeQueueJobs(this.#desk, this.#place, ids, this.#authority);
  }

  /** Removes jobs that ended longer ago than that, in milliseconds. Answers which. */
  removeFinished(olderThanMs: number): Promise<readonly string[]> {
    return removeFinished(this.#desk, this.#place, olderThanMs, this.#authority);
  }

  /** Removes all jobs. Answers how many there were. */
  empty(): Promise<number> {
    return emptyQueue(this.#desk, this.#place, this.#authority);
  }

  /** Removes the queue with all its jobs. */
  drop(): Promise<void> {
    return dropQueue(this.#desk, this.#place, this.#authority);
  }

  /** Ends now what dead processes left behind and what runs for too long. Answers the changes of this queue's jobs. */
  async recover(): Promise<readonly Changed[]> {
    const changed = await this.#engine.recover(this.#authority.actor);
    const own = new Set((await this.read(changed.map(({ id }) => id))).map(({ id }) => id));
    return changed.filter(({ id }) => own.has(id));
  }

  /** Tells other listeners that it was reviewed, and forgets what all were told. */
  reviewed(): Promise<void> {
    return reviewQueue(this.#desk, this.#place, this.#authority);
  }

  /** Pauses the queue for all its workers: when this has returned, nothing of it starts any more. */
  pause(): Promise<void> {
    return pauseQueue(this.#desk, this.#place, this.#authority);
  }

  /** Lets the queue go on. */
  resume(): Promise<void> {
    return resumeQueue(this.#desk, this.#place, this.#authority);
  }

  /** Whether any job of it is due and not running yet. */
  hasDue(): Promise<boolean> {
    return this.#engine.store.hasDueJobs(this.#id);
  }

  /** Where its feed begins, as what is committed from now on is told, and whether it is paused for all its workers. */
  beginFeed(): Promise<FeedCursor & { readonly isPaused: boolean }> {
    return this.#engine.store.beginFeed(this.#id);
  }

  /** What was committed since, each line once, in order, and the cursor that follows. */
  readFeed(cursor: FeedCursor) {
    return this.#engine.store.readFeed(this.#id, cursor);
  }

  /** Hears that something may be new. Answers what ends it. */
  hear(call: (hint: Hint | undefined) => void): () => void {
    return this.#engine.hear(call);
  }
}
