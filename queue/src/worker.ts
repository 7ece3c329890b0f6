import {
  defineActionType,
  type HistoryEntry,
  type JobContext,
  type JobState,
  type Node,
  type StoredEnds,
} from "@callsheet/core";
import { z } from "zod";
import type { Handler } from "./handler.ts";
import { inBatch } from "./in-batch.ts";
import { type Job, savedOf } from "./job.ts";
import type { QueuePart } from "./part.ts";
import { levelOf } from "./priority.ts";
import { fromClaim } from "./stored-job.ts";
import { endOf, Turn, type TurnEnd, type TurnHost } from "./turn.ts";

/** Idle is what nothing follows within this time. */
const IDLE_MS = 20;

/** What others may have done to a job before it is started. */
const BEFORE_A_START = { fresh: ["added"], again: ["added", "failed", "log"] } as const;

const OVER: ReadonlySet<TurnEnd> = new Set(["completed", "terminated", "cancelled"]);

/** The working side of a queue object: runs its handler on jobs, at most so many at once. */
export class Worker implements TurnHost {
  readonly #part: QueuePart;
  readonly #handler: Handler<never, never>;
  readonly #caughtUp: () => Promise<void> | undefined;
  readonly #turns = new Map<string, Turn>();
  readonly #linesOf: (id: string) => Promise<readonly HistoryEntry[]>;
  #unarmed: Turn[] = [];
  #running = 0;
  #starting: Promise<Node> | undefined;
  #node: Node | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #whenQuiet: (() => void)[] = [];

  /** `caughtUp`: settled when all that others did so far was told here. */
  constructor(part: QueuePart, handler: Handler<never, never>, caughtUp: () => Promise<void> | undefined) {
    this.#part = part;
    this.#handler = handler;
    this.#caughtUp = caughtUp;
    this.#linesOf = inBatch(async (ids) => {
      const lines = await part.desk.history(ids, part.settings.limitJobLogs);
      const byJob = new Map<string, HistoryEntry[]>(ids.map((id) => [id, []]));
      for (const line of lines) byJob.get(line.jobId)?.push(line);
      return byJob;
    });
  }

  /** Handlers that run now. */
  get running(): number {
    return this.#running;
  }

  get isStarted(): boolean {
    return this.#starting !== undefined;
  }

  async start(concurrency: number): Promise<void> {
    const { callsheet, desk, id } = this.#part;
    const type = defineActionType({
      type: desk.slug,
      version: 1,
      configuration: z.unknown(),
      timeoutFrom: "progress",
      // What a job carries is its users': it means nothing here.
      secrets: "texts",
      run: (context) => this.#run(context),
    });
    const onStored = (ids: readonly string[], ends?: StoredEnds) => void this.#stored(ids, ends);
    this.#node = await new Promise<Node>((onBegun, failed) => {
      this.#starting = callsheet.work({ name: id, types: [type], slots: concurrency, onStored, onBegun });
      this.#starting.catch(failed);
    });
    // It runs jobs by now, and hears a moment later of those that others add.
    this.#starting?.catch((error: unknown) => this.#part.fail(error));
    this.#minded();
  }

  async resize(concurrency: number): Promise<void> {
    await this.#node?.resize(concurrency);
  }

  /** Takes no more jobs; answers when none runs any more and the end of each is stored. */
  async pause(): Promise<void> {
    await this.#node?.pause();
    if (this.#turns.size > 0) await new Promise<void>((resolve) => void this.#whenQuiet.push(resolve));
  }

  resume(): void {
    this.#node?.resume();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#idleTimer);
    // Its first jobs may be over before it has quite begun.
    await (await this.#starting?.catch(() => undefined))?.drain();
  }

  /** The jobs of these ids were cancelled. */
  cancelled(ids: readonly string[]): void {
    for (const id of ids) this.#turns.get(id)?.cancelled();
  }

  /** A running job's time-out begins anew. */
  restart(id: string): void {
    this.#turns.get(id)?.restart();
  }

  left(): void {
    this.#running -= 1;
  }

  async cancel(turn: Turn, reason: string): Promise<void> {
    await this.#part.desk.cancel([turn.id], reason);
    this.#part.emit("cancelled", this.#part.id, turn.id);
  }

  async passBack(job: Job): Promise<void> {
    if (job.priority === savedOf(job)?.priority) return;
    await this.#part.desk.change(job.id, { set: {}, unset: [], priority: levelOf(job.priority) });
  }

  fail(error: unknown): void {
    this.#part.fail(error);
  }

  ended(turn: Turn): void {
    const { id } = turn;
    if (this.#turns.get(id) === turn) this.#turns.delete(id);
    this.#checkQuiet();
    turn.stored();
    void this.#lookAt(turn).catch((error: unknown) => this.#part.fail(error));
  }

  #run(context: JobContext): Promise<unknown> {
    this.#running += 1;
    clearTimeout(this.#idleTimer);
    const { id, isFresh } = context.job;
    // Its start is told after what others did to it.
    const isToldBefore = BEFORE_A_START[isFresh ? "fresh" : "again"].some(this.#part.isHeard);
    if (isFresh && !isToldBefore) return this.#enter(context);
    const lines = isFresh ? undefined : this.#linesOf(id).catch(() => []);
    const told = isToldBefore ? this.#caughtUp() : undefined;
    return Promise.all([lines, told]).then(([lines]) => this.#enter(context, lines));
  }

  #enter(context: JobContext, lines?: readonly HistoryEntry[]): Promise<unknown> {
    const { id, reading, emit } = this.#part;
    const job = fromClaim(reading, context, lines);
    return new Promise((resolve, reject) => {
      const turn = new Turn(this, job, context, { resolve, reject });
      this.#turns.set(job.id, turn);
      emit("active", id, job.id);
      emit("processing", id, job.id);
      turn.enter(this.#handler);
      if (!turn.isOver) this.#armSoon(turn);
    });
  }

  /** Most handlers are over at once: only those that are not are given timers. */
  #armSoon(turn: Turn): void {
    if (this.#unarmed.push(turn) > 1) return;
    setImmediate(() => {
      const turns = this.#unarmed;
      this.#unarmed = [];
      for (const one of turns) if (!one.isOver) one.arm();
    });
  }

  async #stored(ids: readonly string[], ends: StoredEnds | undefined): Promise<void> {
    const states = new Map<string, JobState[]>();
    for (const { id, to } of ends?.changes ?? []) states.set(id, [...(states.get(id) ?? []), to]);
    const refused = new Set(ends?.refused);
    const finished: Turn[] = [];
    for (const id of ids) {
      const turn = this.#turns.get(id);
      if (!turn?.isOver) continue;
      this.#turns.delete(id);
      // Refused is what was ended elsewhere meanwhile, as by its own handler that cancelled it.
      const end = refused.has(id) ? "cancelled" : endOf(states.get(id) ?? ["completed"]);
      if (!refused.has(id)) this.#tell(id, end);
      if (this.#part.settings.removeFinishedJobs === true && OVER.has(end)) finished.push(turn);
      else turn.stored();
    }
    if (finished.length > 0) await this.#remove(finished);
    this.#checkQuiet();
  }

  #tell(jobId: string, end: TurnEnd): void {
    const { id, emit } = this.#part;
    if (end === "completed" || end === "repeats") emit("completed", id, jobId, end === "repeats");
    else if (end === "passedBack") emit("updated", id, jobId);
    else emit(end, id, jobId);
  }

  async #remove(finished: readonly Turn[]): Promise<void> {
    const { desk, id, emit, fail } = this.#part;
    try {
      for (const one of await desk.remove(finished.map((turn) => turn.id))) emit("removed", id, one);
    } catch (error) {
      fail(error);
    }
    for (const turn of finished) turn.stored();
  }

  /** Something ended or superseded its attempt: what became of the job is told here, once. */
  async #lookAt(turn: Turn): Promise<void> {
    const { desk, id, emit } = this.#part;
    const [record] = await desk.read([turn.id]);
    if (record?.state === "cancelled") turn.cancelled();
    else if (record?.state === "retrying") emit("failed", id, record.id);
    else if (record?.state === "failed") emit("terminated", id, record.id);
  }

  #checkQuiet(): void {
    if (this.#turns.size > 0) return;
    for (const tell of this.#whenQuiet.splice(0)) tell();
    this.#minded();
  }

  /** Nothing runs, and every end is stored: if nothing is ready either, the queue is idle. */
  #minded(): void {
    const { isHeard, fail } = this.#part;
    clearTimeout(this.#idleTimer);
    if (isHeard("idle")) this.#idleTimer = setTimeout(() => void this.#tellIdle().catch(fail), IDLE_MS).unref();
  }

  async #tellIdle(): Promise<void> {
    const { desk, id, adding, emit } = this.#part;
    const { begun } = adding;
    const hasDue = adding.isUnderWay || (await desk.hasDue());
    if (this.#running > 0 || this.#turns.size > 0) return;
    if (adding.isUnderWay || adding.begun !== begun) this.#minded();
    else if (!hasDue) emit("idle", id);
  }
}
