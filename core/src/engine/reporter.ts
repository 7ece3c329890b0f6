import { isCallsheetError } from "@callsheet/contract";
import { type EndedAttempt, endAttempts } from "../operations/end.ts";
import { tellFreed } from "../operations/tell-freed.ts";
import { isPassing, isTransient, reasonOf } from "../store/failure.ts";
import type { HotPath } from "../store/hot-path.ts";
import type { Attempt } from "./attempt.ts";
import { type EndBatch, EndQueue, isIn, type Members } from "./end-queue.ts";
import type { Keeping } from "./keeping.ts";
import type { NodeOptions } from "./node-options.ts";
import type { HandlerEnd } from "./outcome.ts";
import type { Part } from "./part.ts";

export interface ReporterOptions {
  readonly part: Part;
  /** The hot connections, opened again after a loss. */
  readonly hot: () => Promise<HotPath>;
  readonly keeping: Keeping;
  readonly onLoss: (error: unknown) => void;
  /** Told of jobs whose end is stored. */
  readonly onStored: NonNullable<NodeOptions["onStored"]>;
}

const PAUSE_MS = 200;
const MOST_TRIES = 5;

/** Stores how attempts ended: those that end while a statement is under way share the next one. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #queue = new EndQueue();
  #backlog = 0;
  /** The batch that is being stored. */
  #storing: EndBatch | undefined;
  #refused = 0;
  #running: Promise<void> | undefined;
  #isScheduled = false;
  #isClosed = false;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** Attempts that ended and are not stored yet. */
  get backlog(): number {
    return this.#backlog;
  }

  /** How many words of superseded attempts came, and were refused. */
  get refused(): number {
    return this.#refused;
  }

  /** Whether the end of this job's attempt is still to be stored. */
  isPending(id: string): boolean {
    return this.#queue.has(id) || (this.#storing !== undefined && isIn(this.#storing, id));
  }

  report(attempt: Attempt, size: number, end: HandlerEnd): void {
    if (this.#isClosed) return;
    this.#backlog += 1;
    this.#queue.add(attempt, size, end);
    if (this.#running !== undefined || this.#isScheduled) return;
    // Everything that ends in this turn of the event loop goes together.
    this.#isScheduled = true;
    this.#options.part.environment.timers.soon(() => this.#start());
  }

  /** Waits until everything is stored. */
  async flush(): Promise<void> {
    while (this.#backlog > 0) {
      this.#start();
      await this.#running;
    }
  }

  /** Takes no more, and gives up what could not be stored: the node has ended. */
  close(): void {
    this.#isClosed = true;
  }

  #start(): void {
    this.#isScheduled = false;
    this.#running ??= this.#turn().finally(() => {
      this.#running = undefined;
      if (!this.#queue.isEmpty) this.#start();
    });
  }

  async #turn(): Promise<void> {
    for (let batch = this.#queue.take(); batch !== undefined; batch = this.#queue.take()) {
      this.#storing = batch;
      await this.#persist(batch);
      this.#storing = undefined;
      this.#backlog -= batch.count;
    }
  }

  /** Does not give up: what ended is stored, however long the database is away. */
  async #persist(batch: EndBatch): Promise<void> {
    const { part, onLoss } = this.#options;
    for (let isSingly = false; ; ) {
      try {
        return await (isSingly ? this.#storeSingly(batch) : this.#storeTogether(batch));
      } catch (error) {
        if (this.#isClosed) return;
        onLoss(error);
        if (isLoss(error) || isSingly) {
          await new Promise<void>((resolve) => void part.environment.timers.after(PAUSE_MS, resolve));
        } else {
          part.log.error("finish", error);
          isSingly = true;
        }
      }
    }
  }

  async #storeTogether({ members, others }: EndBatch): Promise<void> {
    const all = [...others, ...(await this.#storeMembers(members))];
    if (all.length > 0) await this.#storeOthers(all);
  }

  /** Completes members; answers those that are none any more, as attempts with rows of their own. */
  async #storeMembers(taken: ReadonlyMap<string, Members>): Promise<readonly EndedAttempt[]> {
    if (taken.size === 0) return [];
    const { part } = this.#options;
    const hot = await this.#options.hot();
    const all = [...taken].map(([token, members]) => ({ token, ...members }));
    const [holders, plain] = [all.filter(isHolding), all.filter((one) => !isHolding(one))];
    const late: EndedAttempt[] = [];
    if (plain.length > 0) late.push(...this.#stored(plain, await hot.complete(plain)));
    if (holders.length > 0) {
      const { refused, granted, pools } = await hot.completeHolders(holders);
      for (const [index, holder] of holders.entries()) this.#freed(holder, refused[index]!);
      late.push(...this.#stored(holders, refused));
      tellFreed(part.bus, granted, pools);
      part.bus.tellHere({ kind: "objects" });
    }
    return late.length === 0 ? late : this.#withoutStored(late);
  }

  #freed({ isKept, locks, ids, ordinals }: Members, refused: readonly number[]): void {
    if (!isKept) return;
    const gone = new Set(refused.map((ordinal) => ids[ordinals.indexOf(ordinal)]));
    this.#options.keeping.freed(locks.filter(({ jobId }) => !gone.has(jobId)));
  }

  /** Without those of which only the answer had been lost. */
  async #withoutStored(late: readonly EndedAttempt[]): Promise<readonly EndedAttempt[]> {
    const stored = new Set(await this.#options.part.store.completedBefore(late));
    if (stored.size > 0) this.#options.onStored([...stored]);
    return late.filter(({ id }) => !stored.has(id));
  }

  /** Says whose ends are stored; answers those that were refused as members. */
  #stored(
    completions: readonly (Members & { readonly token: string })[],
    refused: readonly (readonly number[])[],
  ): readonly EndedAttempt[] {
    const late: EndedAttempt[] = [];
    for (const [index, { token, ids, ordinals, results }] of completions.entries()) {
      const gone = new Set(refused[index]);
      for (const ordinal of gone) {
        const place = ordinals.indexOf(ordinal);
        late.push(asEnded(ids[place]!, token, results[place]!));
      }
      const stored = gone.size === 0 ? ids : ids.filter((_, place) => !gone.has(ordinals[place]!));
      if (stored.length > 0) this.#options.onStored(stored);
    }
    return late;
  }

  async #storeOthers(ended: readonly EndedAttempt[]): Promise<void> {
    const { part, onStored } = this.#options;
    const result = await endAttempts(part.store, part.catalogue, ended, part.environment.random);
    const refused = new Set(result.refused);
    this.#refused += ended.filter(({ id, ending }) => ending.kind === "lost" || refused.has(id)).length;
    onStored(
      ended.map((attempt) => attempt.id),
      { changes: result.changed, refused: result.refused },
    );
    tellFreed(part.bus, result.changed, result.pools);
    if (result.leftJournals || refused.size > 0) part.bus.publish({ kind: "rollback" });
  }

  /** A batch that fails is done again one by one; an end that cannot be stored fails its own job. */
  async #storeSingly({ members, others }: EndBatch): Promise<void> {
    const singles = [...members].flatMap(([token, { ids, results }]) =>
      ids.map((id, place) => asEnded(id, token, results[place]!, true)),
    );
    for (const attempt of [...singles, ...others]) await this.#storeOne(attempt);
  }

  async #storeOne(attempt: EndedAttempt): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        return await this.#storeOthers([attempt]);
      } catch (error) {
        if (isTransient(error) && tries < MOST_TRIES) continue;
        // A full disk says nothing about a result.
        if (isPassing(error)) throw error;
        this.#options.part.log.error("finish", error);
        return this.#storeOthers([asUnstorable(attempt, error)]);
      }
    }
  }
}

function asUnstorable({ id, token, isMember }: EndedAttempt, why: unknown): EndedAttempt {
  const message = `The end of the attempt could not be stored: ${reasonOf(why)}`;
  const error = { code: "unstorable_result", message };
  return { id, token, isMember, ending: { kind: "failed", error } };
}

function asEnded(id: string, token: string, result: string | null, isMember = false): EndedAttempt {
  return { id, token, isMember, ending: { kind: "completed" }, ...(result === null ? {} : { result }) };
}

const isHolding = ({ units, locks }: Members) => units.length > 0 || locks.length > 0;
const isLoss = (error: unknown) => isCallsheetError(error) && error.code === "database_lost";
