import { type ActionType, delayFor, mayRetry, retryPolicySchema, UNDO_RETRY } from "@callsheet/contract";
import { checkConfiguration } from "../operations/configuration.ts";
import { finishKeeping, finishRollback, giveUpRollback, type RollbackEnd } from "../operations/rollback.ts";
import { tellFreed } from "../operations/tell-freed.ts";
import type { EntryToDo } from "../store/journal.ts";
import type { TakenRollback } from "../store/rollback.ts";
import { callEntry } from "./call-entry.ts";
import type { IsolationHost } from "./isolation/host.ts";
import type { NodeOptions } from "./node-options.ts";
import { errorOf } from "./outcome.ts";
import type { Part } from "./part.ts";
import { redactError } from "./secrets/redact-end.ts";
import type { Vault } from "./secrets/vault.ts";
import { PUBLISHED, takeBack } from "./take-back.ts";
import { whileAway } from "./while-away.ts";

export interface UndoerOptions {
  readonly part: Part;
  readonly nodeId: () => number;
  readonly types: readonly ActionType[];
  readonly isolation: IsolationHost;
  readonly vault: Vault;
  /** Told of jobs whose rollback has ended. */
  readonly onStored: NonNullable<NodeOptions["onStored"]>;
}

/** Rollbacks that a node works on at once. They take no slot: what they need is held by their jobs. */
const MOST_AT_ONCE = 4;
/** What could not even be tried is taken up again after so long. */
const LATER_MS = 5_000;
/** Entries that are read at once. */
const BATCH = 100;

/**
 * Undoes what failed attempts of any node did, as far as they journaled it, the last first, and makes final what completed
 * ones left to keep. Each entry's outcome is stored before the next one is begun, so that another node can go on anywhere.
 */
export class Undoer {
  readonly #options: UndoerOptions;
  readonly #types: ReadonlyMap<string, ActionType>;
  readonly #running = new Map<TakenRollback, AbortController>();
  #isStopped = false;

  constructor(options: UndoerOptions) {
    this.#options = options;
    this.#types = new Map(options.types.map((type) => [type.type, type]));
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  /** Takes what is due, as long as there is room. */
  async round(): Promise<number | null> {
    const { part, nodeId } = this.#options;
    const room = MOST_AT_ONCE - this.#running.size;
    if (this.#isStopped || room <= 0) return null;
    const underWay = [...this.#running.keys()].map(({ fence }) => fence);
    const taken = await part.store.takeRollbacks(nodeId(), room, underWay);
    for (const one of taken) this.#start(one);
    return null;
  }

  /** Begins nothing more, not even the next entry of what is under way: others go on with that. */
  stop(): void {
    this.#isStopped = true;
  }

  /** This node was declared dead: others take over what it works on. */
  supersede(): void {
    for (const controller of this.#running.values()) controller.abort();
  }

  #start(taken: TakenRollback): void {
    const { part } = this.#options;
    const controller = new AbortController();
    this.#running.set(taken, controller);
    void this.#work(taken, controller.signal)
      .catch((error: unknown) => {
        part.log.error("undo", error);
        // It is not kept from others for what went wrong here.
        return part.store.putOffRollback(taken, { tries: taken.tries, delayMs: LATER_MS });
      })
      .catch((error: unknown) => part.log.error("undo", error))
      .finally(() => {
        this.#running.delete(taken);
        // There is room again.
        if (!this.#isStopped) part.bus.tellHere({ kind: "rollback" });
      });
  }

  async #work(taken: TakenRollback, signal: AbortSignal): Promise<void> {
    const { store } = this.#options.part;
    const { jobId, undoes } = taken;
    for (;;) {
      const entries = await this.#stored(() => store.entriesToDo(jobId, { undoes, limit: BATCH }));
      if (entries.length === 0) return this.#finish(taken);
      for (const entry of entries) {
        if (this.#isStopped) return this.#stored(() => store.putOffRollback(taken, { tries: taken.tries, delayMs: 0 }));
        if (!(await this.#perform(taken, entry, signal))) return;
      }
    }
  }

  /** Undoes or keeps one entry. False: it could not, or somebody else has taken over. */
  async #perform(taken: TakenRollback, entry: EntryToDo, signal: AbortSignal): Promise<boolean> {
    const { part } = this.#options;
    try {
      await this.#call(taken, entry, signal);
    } catch (error) {
      await this.#failed(taken, entry, error);
      return false;
    }
    const state = taken.undoes ? "undone" : "kept";
    return this.#stored(() => part.store.settleEntry(taken, entry, { state }));
  }

  async #call(taken: TakenRollback, entry: EntryToDo, signal: AbortSignal): Promise<void> {
    const { part, isolation, vault } = this.#options;
    if (entry.name === PUBLISHED) return takeBack(part.environment.files, entry.data);
    const { definition } = await part.catalogue.version(taken.actionVersionId);
    const owner = (await part.catalogue.ownerNames([taken.ownerId])).get(taken.ownerId)!;
    const type = this.#types.get(definition.type)!;
    const asker = { jobId: taken.jobId, attempt: taken.attempt, action: definition.name };
    const asking = { ...asker, isOver: () => signal.aborted };
    const stored = { configuration: taken.configuration, redactor: undefined };
    const { configuration: given, redactor } =
      type.secrets === "texts" ? stored : await vault.unseal({ ...asking, configuration: taken.configuration });
    const configuration = checkConfiguration(type.configuration, given);
    try {
      await callEntry({ taken, entry, type, definition, owner, configuration, isolation, signal });
    } catch (error) {
      throw redactor ? redactError(redactor, errorOf(error)) : error;
    }
  }

  async #failed(taken: TakenRollback, entry: EntryToDo, thrown: unknown): Promise<void> {
    const { part } = this.#options;
    const { store, environment } = part;
    const error = errorOf(thrown);
    const { definition } = await part.catalogue.version(taken.actionVersionId);
    const policy = retryPolicySchema.parse({ ...UNDO_RETRY, ...this.#types.get(definition.type)?.undoRetry });
    const isOut = !mayRetry(policy, taken.tries, error.code);
    // What is to be made final is tried for ever: nobody waits for it, and nothing is wrong with the job.
    const isLast = isOut && taken.undoes;
    if (isOut && !isLast) part.log.error("keep", thrown);
    const state = isLast ? "failed" : entry.state;
    if (!(await this.#stored(() => store.settleEntry(taken, entry, { state, error })))) return;
    if (!isLast) {
      const delayMs = delayFor(policy, taken.tries + 1, environment.random());
      await this.#stored(() => store.putOffRollback(taken, { tries: taken.tries + 1, delayMs }));
      return void environment.timers.after(delayMs, () => part.bus.tellHere({ kind: "rollback" }));
    }
    const message = `"${entry.name}" of attempt ${entry.attempt}: ${error.message}`;
    part.log.error("undo", new Error(`What job ${taken.jobId} did cannot be undone. ${message}`));
    this.#tell(taken, await this.#stored(() => giveUpRollback(store, taken, { ...error, message })));
  }

  async #finish(taken: TakenRollback): Promise<void> {
    const { store } = this.#options.part;
    if (!taken.undoes) return this.#stored(() => finishKeeping(store, taken));
    this.#tell(taken, await this.#stored(() => finishRollback(store, taken)));
  }

  #tell({ jobId }: TakenRollback, end: RollbackEnd | undefined): void {
    if (end === undefined) return;
    const { part, onStored } = this.#options;
    onStored([jobId], { changes: end.changed, refused: [] });
    tellFreed(part.bus, end.changed, end.pools);
    // A wait that counts from here, a start time that could not come, and what is left to keep.
    for (const kind of ["due", "rollback"] as const) part.bus.publish({ kind });
  }

  #stored<T>(work: () => Promise<T>): Promise<T> {
    return whileAway(this.#options.part, "undo", work, () => !this.#isStopped);
  }
}
