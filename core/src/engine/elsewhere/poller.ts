import {
  type Action,
  type ActionType,
  type Elsewhere,
  type ElsewhereContext,
  failed,
  isCallsheetError,
  isOutcome,
  POLL_EVERY_MS,
} from "@callsheet/contract";
import { checkConfiguration } from "../../operations/configuration.ts";
import { sayEnd } from "../../operations/elsewhere/said.ts";
import type { Hint } from "../../operations/hint.ts";
import type { Looked, TakenElsewhere } from "../../store/elsewhere.ts";
import type { IsolationHost } from "../isolation/host.ts";
import type { NodeOptions } from "../node-options.ts";
import { endOfReturn, errorOf, type HandlerEnd, type Left } from "../outcome.ts";
import type { Part } from "../part.ts";
import { redactEnd, redactError, redactLeft } from "../secrets/redact-end.ts";
import type { Redactor } from "../secrets/redactor.ts";
import type { Vault } from "../secrets/vault.ts";
import { whileAway } from "../while-away.ts";
import { elsewhereContext, type SaidOfWork } from "./context.ts";
import { callIsolated } from "./isolated-call.ts";

export interface PollerOptions {
  readonly part: Part;
  readonly nodeId: () => number;
  readonly types: readonly ActionType[];
  readonly isolation: IsolationHost;
  readonly vault: Vault;
  /** Told of jobs whose end was found. */
  readonly onStored: NonNullable<NodeOptions["onStored"]>;
  /** Told when there is room for another look. */
  readonly onHungry: () => void;
}

/** Looks that a node has under way at once. They take no slot. */
const MOST_AT_ONCE = 16;
/** A look that takes longer has failed: what it answers counts no more. */
const LONGEST_LOOK_MS = 60_000;
const BATCH = 100;

/** What a look found: how the attempt ended, or where its work goes on. */
interface Found {
  readonly end: HandlerEnd | Left;
  readonly told: boolean;
}

/**
 * Looks after attempts of any node that live elsewhere: polls them, asks those to stop whose jobs are being cancelled or are over,
 * and says which have stalled. Each look is this node's until it is stored, or this life of the node has ended.
 */
export class Poller {
  readonly #options: PollerOptions;
  readonly #types: ReadonlyMap<string, ActionType>;
  readonly #running = new Map<TakenElsewhere, AbortController>();
  #isStopped = false;

  constructor(options: PollerOptions) {
    this.#options = options;
    const looking = options.types.filter(({ poll, cancel }) => poll !== undefined || cancel !== undefined);
    this.#types = new Map(looking.map((type) => [type.type, type]));
  }

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  async round(): Promise<number | null> {
    const { part, nodeId } = this.#options;
    if (this.#isStopped) return null;
    await this.#sayStalls();
    const room = MOST_AT_ONCE - this.#running.size;
    if (this.#types.size === 0 || room <= 0) return null;
    const underWay = [...this.#running.keys()].map(({ fence }) => fence);
    const { taken, nextMs } = await part.store.transaction((tx) =>
      tx.takeElsewhere(nodeId(), [...this.#types.keys()], room, underWay),
    );
    for (const one of taken) this.#start(one);
    return nextMs === null ? null : Math.max(0, Math.ceil(nextMs));
  }

  /** Begins no further look: others go on. */
  stop(): void {
    this.#isStopped = true;
  }

  /** This node was declared dead: others take over what it looks at. */
  supersede(): void {
    for (const controller of this.#running.values()) controller.abort();
  }

  async #sayStalls(): Promise<void> {
    const { store } = this.#options.part;
    for (const { id, token, silentMs } of await store.silentElsewhere(BATCH))
      await store.once((tx) => tx.beginStall(id, token, silentMs));
  }

  #start(taken: TakenElsewhere): void {
    const { part, onHungry } = this.#options;
    const controller = new AbortController();
    this.#running.set(taken, controller);
    void this.#look(taken, controller)
      .catch((error: unknown) => part.log.error("elsewhere", error))
      .finally(() => {
        this.#running.delete(taken);
        if (!this.#isStopped) onHungry();
      });
  }

  async #look(taken: TakenElsewhere, controller: AbortController): Promise<void> {
    const { part, vault } = this.#options;
    const { definition } = await part.catalogue.version(taken.actionVersionId);
    const type = this.#types.get(definition.type)!;
    const said: SaidOfWork = { progress: undefined, lines: [] };
    const isOver = () => controller.signal.aborted;
    let redactor: Redactor | undefined;
    try {
      const { id: jobId, attempt, configuration: stored } = taken;
      const asking = { jobId, attempt, action: definition.name, configuration: stored, isOver };
      const unsealed = type.secrets === "texts" ? { ...asking, redactor: undefined } : await vault.unseal(asking);
      redactor = unsealed.redactor;
      const configuration = checkConfiguration(type.configuration, unsealed.configuration);
      const job = await this.#jobOf(taken, definition);
      const { signal } = controller;
      const context = elsewhereContext({ store: part.store, taken, job, configuration, redactor, signal }, said);
      const found = await this.#ask({ taken, type, definition, context, controller });
      await this.#stored(() => this.#keepSaid(taken, said));
      await this.#found(taken, redactor, found);
    } catch (thrown) {
      const error = redactor ? redactError(redactor, errorOf(thrown)) : errorOf(thrown);
      await this.#letGo(taken, { problem: JSON.stringify({ code: error.code, message: error.message }) });
    }
  }

  async #jobOf({ id, ownerId, tags, retries }: TakenElsewhere, { name, type }: Action) {
    const owner = (await this.#options.part.catalogue.ownerNames([ownerId])).get(ownerId)!;
    return { id, action: name, type, owner, tags: tags ?? [], retries, isFresh: false };
  }

  async #ask(asked: Asked): Promise<Found> {
    const { taken, type, definition, controller } = asked;
    const isToStop = definition.cancellable !== "never" && (taken.state === "cancelling" || taken.state === null);
    const isCancel = isToStop && type.cancel !== undefined && !taken.told;
    if (isToStop && !isCancel) controller.abort();
    const does = isCancel ? "cancel" : "poll";
    if (type[does] === undefined) return { end: { handle: JSON.stringify(taken.handle) }, told: isToStop };
    const answer = await this.#within(controller, () => this.#call(asked, does));
    const isGoingOn = isOutcome(answer) && answer.kind === "elsewhere";
    return { end: endOfReturn(isCancel && !isGoingOn ? STOPPED : answer), told: isToStop };
  }

  #call({ taken, type, definition, context }: Asked, does: "poll" | "cancel"): Promise<unknown> {
    const { isolation } = this.#options;
    if (definition.isolation === "process" && type.module)
      return callIsolated(isolation, { does, handle: taken.handle, context, definition, module: type.module });
    return type[does]!(taken.handle, context) as Promise<Elsewhere | unknown>;
  }

  async #within<T>(controller: AbortController, call: () => Promise<T>): Promise<T> {
    const { timers } = this.#options.part.environment;
    return new Promise<T>((resolve, reject) => {
      const timer = timers.after(LONGEST_LOOK_MS, () => {
        reject(Object.assign(new Error(TOO_LONG.message), TOO_LONG));
        controller.abort();
      });
      Promise.resolve()
        .then(call)
        .then(resolve, reject)
        .finally(() => timer.cancel());
    });
  }

  async #keepSaid(taken: TakenElsewhere, { progress, lines }: SaidOfWork): Promise<void> {
    const { id, token, attempt, percent, message, isStalled } = taken;
    if (progress === undefined && lines.length === 0) return;
    const hasMoved = lines.length > 0 || progress!.percent > (percent ?? -1) || progress!.message !== message;
    await this.#options.part.store.once(async (tx) => {
      await tx.addElsewhereLines({ id, attempt }, lines);
      if (progress) await tx.putProgress([{ id, token, ...progress }]);
      if (!hasMoved) return;
      await tx.hearElsewhere({ id, token });
      if (isStalled) await tx.endStall(id, token);
    });
  }

  async #found(taken: TakenElsewhere, redactor: Redactor | undefined, { end, told }: Found): Promise<void> {
    if ("handle" in end) {
      const left = redactor ? redactLeft(redactor, end) : end;
      if ("handle" in left) return this.#letGo(taken, { handle: left.handle, told });
      return this.#end(taken, left);
    }
    return this.#end(taken, redactor ? redactEnd(redactor, end) : end);
  }

  async #end(taken: TakenElsewhere, { ending, result }: HandlerEnd): Promise<void> {
    const { part, onStored } = this.#options;
    const { store, catalogue, bus, environment } = part;
    const desk = { store, catalogue, announce: (hint: Hint) => bus.publish(hint) };
    const { random } = environment;
    const word = { ending, ...(result === null ? {} : { result }) };
    try {
      const { changed, refused } = await this.#stored(() => sayEnd(desk, taken, word, { random }));
      onStored([taken.id], { changes: changed, refused });
    } catch (error) {
      // Somebody else was faster, or nobody counts on it any more.
      if (!isCallsheetError(error) || !["already_ended", "stale_attempt"].includes(error.code)) throw error;
    }
  }

  async #letGo(taken: TakenElsewhere, looked: Partial<Looked>): Promise<void> {
    const { store } = this.#options.part;
    const retryMs = looked.problem === undefined ? null : POLL_EVERY_MS.usual;
    const usual = { handle: null, problem: null, told: false, againMs: taken.everyMs ?? retryMs };
    await this.#stored(() => store.letGoElsewhere(taken, { ...usual, ...looked }));
  }

  #stored<T>(work: () => Promise<T>): Promise<T> {
    return whileAway(this.#options.part, "elsewhere", work, () => !this.#isStopped);
  }
}

interface Asked {
  readonly taken: TakenElsewhere;
  readonly type: ActionType;
  readonly definition: Action;
  readonly context: ElsewhereContext;
  readonly controller: AbortController;
}

const STOPPED = failed("cancelled", "The work was stopped where it went on.");
const TOO_LONG = { code: "poll_timed_out", message: `The poll took longer than ${LONGEST_LOOK_MS / 1_000} s.` };
