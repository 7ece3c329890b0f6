import { callsheetError, SECRETS_CAPABILITY } from "@callsheet/contract";
import type { Attempt } from "./attempt.ts";
import { Claimer } from "./claimer.ts";
import { Departures } from "./elsewhere/departures.ts";
import { Poller } from "./elsewhere/poller.ts";
import { emptied } from "./emptied.ts";
import type { Timer } from "./environment.ts";
import { Feeder } from "./feeder.ts";
import { Heart } from "./heart.ts";
import { createHot, type Hot } from "./hot.ts";
import { type IsolationHost, openIsolation } from "./isolation/host.ts";
import { Keeper } from "./keeper.ts";
import { Keeping } from "./keeping.ts";
import { Learning } from "./learning.ts";
import { checkNodeOptions, checkSlots, type NodeIdentity, type NodeOptions } from "./node-options.ts";
import { type HandlerEnd, type Left, lateWord } from "./outcome.ts";
import type { Part } from "./part.ts";
import { type Life, register } from "./registration.ts";
import { Reporter } from "./reporter.ts";
import { createRunner, type Runner, runningByOwner } from "./runner.ts";
import { createVault } from "./secrets/vault.ts";
import { type Service, type ServiceOptions, startService } from "./service.ts";
import { Undoer } from "./undo.ts";

/** Told of jobs whose end is stored. */
type OnStored = NonNullable<NodeOptions["onStored"]>;

/** What a node begins with: its life, its connections, and whom it tells. */
interface Beginning {
  readonly life: Life;
  readonly hot: Hot;
  readonly onStored: OnStored;
}

/** Hints and the agenda wake it; this is for the case that neither does. */
const POLL_MS = 5_000;
const KEEP_MS = 5_000;
const UNDO_FIRST_MS = 500;
const GRACE_MS = 30_000;
/** However short the grace: time to store what has ended. */
const LEAST_FLUSH_MS = 2_000;

/** Registers a node and starts it. */
export async function startNode(part: Part, options: NodeOptions, onStored: OnStored): Promise<Node> {
  const checked = checkNodeOptions(options);
  for (const type of checked.types) part.types.register(type);
  // Opened while it registers: both take a while, and the first claim needs both.
  const hot = createHot(part, checked.name);
  hot.get().catch(() => {});
  try {
    const identity = await withKeys(part, checked);
    return new Node(part, identity, { life: await register(part, identity), hot, onStored });
  } catch (error) {
    await hot.close();
    throw error;
  }
}

/** A node that has the keys of secrets can run jobs that refer to some; others wait for one that has. */
async function withKeys({ safe }: Part, identity: NodeIdentity): Promise<NodeIdentity> {
  if (!(await safe.keyring.isThere())) return identity;
  return { ...identity, capabilities: [...identity.capabilities, SECRETS_CAPABILITY] };
}

/** A worker: takes jobs of the types it has, and runs them. */
export class Node {
  readonly name: string;
  readonly #part: Part;
  readonly #identity: NodeIdentity;
  readonly #alive: Timer;
  readonly #hot: Hot;
  readonly #isolation: IsolationHost;
  readonly #reporter: Reporter;
  readonly #keeper: Keeper;
  readonly #heart: Heart;
  readonly #learning: Learning;
  readonly #runner: Runner;
  readonly #feeder: Feeder;
  readonly #undoer: Undoer;
  readonly #departures: Departures;
  readonly #poller: Poller;
  readonly #services: Readonly<Record<"claim" | "keep" | "undo" | "poll", Service>>;
  readonly #unsubscribe: () => void;
  #slots: number;
  #deadline = Number.POSITIVE_INFINITY;
  #ending: Promise<void> | undefined;
  #noteEnd = () => {};
  /** Settled when it has ended, whoever ended it. */
  readonly ended = new Promise<void>((resolve) => {
    this.#noteEnd = resolve;
  });

  constructor(part: Part, identity: NodeIdentity, { life, hot: lines, onStored: tell }: Beginning) {
    const { environment, bus } = part;
    this.name = identity.name;
    this.#part = part;
    this.#identity = identity;
    this.#slots = identity.slots;
    this.#alive = environment.timers.keepAlive();
    this.#hot = lines;
    this.#isolation = openIsolation(environment);
    const [nodeId, isCertain] = [() => this.#heart.nodeId, () => this.#heart.isCertain];
    const running = () => this.#runner.running;
    const { get: hot, lost: onLoss } = this.#hot;
    const { name, site, types } = identity;
    const codes = new Map(types.map((type) => [type.type, type]));
    const capabilities = new Set(identity.capabilities);
    const byOwner = () => runningByOwner(this.#runner);
    const onHungry = () => this.#services.claim.wake();
    const keeping = new Keeping(part, nodeId);
    const onStored: OnStored = (ids, ...rest) => {
      keeping.lose(ids);
      tell(ids, ...rest);
    };
    const claimer = new Claimer({
      ...{ part, nodeId, name, site, codes, capabilities, hot, keeping, running: byOwner, onHungry },
    });
    this.#reporter = new Reporter({ part, hot, keeping, onLoss, onStored });
    this.#heart = this.#startHeart(life);
    this.#learning = new Learning(part);
    this.#keeper = new Keeper({
      ...{ part, nodeId, running, isCertain, onStored, onRows: (ids) => keeping.lose(ids) },
      onHungry: () => this.#services.keep.wake(),
    });
    const vault = createVault(part, nodeId);
    const looking = { part, nodeId, onStored, types, isolation: this.#isolation, vault };
    this.#undoer = new Undoer(looking);
    const onGone = () => this.#services.poll.wake();
    this.#poller = new Poller({ ...looking, onHungry: onGone });
    const onRefused = (attempt: Attempt, size: number) => this.#reporter.report(attempt, size, lateWord(this.name));
    this.#departures = new Departures({ part, onStored, onGone, onRefused });
    const slots = () => this.#slots;
    this.#runner = createRunner({
      ...{ part, slots, types, isolation: this.#isolation, vault, host: this.#keeper },
      onBegin: () => this.#keeper.begun(),
      onEnd: (attempt, size, end) => this.#ended(attempt, size, end),
    });
    const isKnown = (id: string) => this.#runner.running.has(id) || this.#keeper.isLeaving(id);
    const [runner, reporter] = [this.#runner, this.#reporter];
    this.#feeder = new Feeder({
      ...{ part, claimer, runner, slots, reporter, hot, keeping, onLoss, isKnown, nodeId, isCertain, onHungry },
      onClaimed: (count) => this.#heart.claimed(count),
    });
    this.#services = this.#startServices();
    this.#unsubscribe = bus.subscribe((hint) => {
      if (hint === undefined) this.#heart.look();
      if (hint?.kind === "rollback") this.#services.undo.wake();
      if (hint?.kind === "job") this.#services.poll.wake();
      if (hint === undefined || hint.kind === "job") this.#keeper.look(hint?.id);
      if (hint?.kind !== "job") claimer.hear(hint);
    });
  }

  /** Settled when it has looked for jobs once. */
  get begun(): Promise<void> {
    return this.#feeder.begun;
  }

  /** Handlers that run now. */
  get running(): number {
    return this.#runner.running.size;
  }

  /** Words of superseded attempts that were refused. */
  get refused(): number {
    return this.#reporter.refused;
  }

  /** Changes how many handlers run at once. Fewer: those that run go on. */
  async resize(slots: number): Promise<void> {
    this.#slots = checkSlots(slots);
    this.#services.claim.wake();
    await this.#part.store.resizeNode(this.#heart.nodeId, slots);
  }

  /** Takes no more jobs until it is resumed, and hands back those that had not begun. Those that run go on. */
  pause(): Promise<void> {
    return this.#feeder.stop();
  }

  /** Takes jobs again. */
  resume(): void {
    if (this.#ending === undefined) this.#feeder.resume();
  }

  /** Takes no more jobs, and waits for those that run. Nothing is killed. */
  drain(): Promise<void> {
    return this.#end(Number.POSITIVE_INFINITY);
  }

  /** Takes no more jobs, hands back those that had not begun, and waits for the others up to `graceMs` (default 30 s). */
  stop({ graceMs = GRACE_MS }: { readonly graceMs?: number } = {}): Promise<void> {
    return this.#end(graceMs);
  }

  #startHeart(life: Life): Heart {
    return new Heart({
      part: this.#part,
      name: this.name,
      life,
      refused: () => this.refused,
      onBack: () => this.#goOn(),
      onDraining: () => void this.drain(),
      onDead: () => this.#reincarnate(),
    });
  }

  /** The database answers again. What became of the attempts meanwhile is asked before anything else is begun. */
  #goOn(): void {
    this.#keeper.look();
    this.#services.keep.wake();
    this.#services.claim.wake();
  }

  #startServices() {
    const { environment, log } = this.#part;
    const start = (name: string, everyMs: number, round: ServiceOptions["round"], firstMs = 0) =>
      startService({ name, environment, log, everyMs, firstMs, round });
    return {
      claim: start("claim", POLL_MS, (isUsual) => this.#feeder.round(isUsual)),
      keep: start("keep", KEEP_MS, () => this.#keeper.round()),
      // What others left can wait for a node's first jobs.
      undo: start("undo", POLL_MS, () => this.#undoer.round(), UNDO_FIRST_MS),
      poll: start("elsewhere", POLL_MS, () => this.#poller.round(), UNDO_FIRST_MS),
    };
  }

  #ended(attempt: Attempt, size: number, end: HandlerEnd | Left): void {
    const isCompleted = "ending" in end && end.ending.kind === "completed";
    // What a handler said is there for whoever waits for its end.
    const hasWords = attempt.lines !== undefined || (attempt.latest !== undefined && !isCompleted);
    if (hasWords) this.#keeper.leave(attempt, () => this.#report(attempt, size, end));
    else this.#report(attempt, size, end);
    const tookMs = this.#part.environment.monotonic() - attempt.startedAt;
    if (isCompleted && !attempt.isSuperseded) this.#learning.observe(attempt.claimed, tookMs);
    this.#feeder.more(tookMs);
  }

  /** The word of a superseded attempt ends no job; but what it held is free only now. */
  #report(attempt: Attempt, size: number, end: HandlerEnd | Left): void {
    if (attempt.completing !== undefined) return;
    if (attempt.isSuperseded) this.#reporter.report(attempt, size, lateWord(this.name));
    else if ("handle" in end) this.#departures.leave(attempt, size, end);
    else this.#reporter.report(attempt, size, end);
  }

  /** It was declared dead while it lived: what it runs counts no more, and it goes on under a new identity. */
  async #reincarnate(): Promise<Life> {
    const message = `Node "${this.name}" was declared dead; it goes on as a new incarnation.`;
    this.#part.log.error("node", callsheetError("stale_attempt", message));
    for (const attempt of this.#runner.running.values()) attempt.supersede();
    this.#undoer.supersede();
    this.#poller.supersede();
    this.#feeder.forget();
    return register(this.#part, { ...this.#identity, slots: this.#slots });
  }

  #end(graceMs: number): Promise<void> {
    const { environment } = this.#part;
    this.#deadline = Math.min(this.#deadline, environment.monotonic() + graceMs);
    this.#ending ??= this.#windDown().finally(this.#noteEnd);
    return this.#ending;
  }

  async #windDown(): Promise<void> {
    const { environment, store } = this.#part;
    await this.#attempted(store.setDraining(this.#heart.nodeId));
    await this.#attempted(this.#feeder.stop());
    this.#undoer.stop();
    this.#poller.stop();
    const parts = [this.#undoer, this.#poller, this.#departures];
    const isBusy = () => this.running > 0 || this.#keeper.isLeaving() || parts.some((part) => part.isBusy);
    await emptied(this.#part, { isBusy, until: () => this.#deadline });
    const flushFrom = environment.monotonic();
    let isFlushed = false;
    void this.#reporter.flush().then(() => {
      isFlushed = true;
    });
    const until = () => Math.max(this.#deadline, flushFrom + LEAST_FLUSH_MS);
    await emptied(this.#part, { isBusy: () => !isFlushed, until });
    await this.#close();
  }

  async #close(): Promise<void> {
    this.#unsubscribe();
    this.#reporter.close();
    await this.#isolation.close();
    await Promise.all(Object.values(this.#services).map((service) => service.stop()));
    await this.#learning.close();
    await this.#heart.stop();
    await this.#attempted(this.#part.store.endNode(this.#heart.nodeId, "gone", "it was stopped"));
    await this.#hot.close();
    this.#alive.cancel();
  }

  /** Whatever the database answers, the node ends; what it leaves behind is found and recovered by others. */
  async #attempted(work: Promise<unknown>): Promise<void> {
    await work.catch((error: unknown) => this.#part.log.error("node", error));
  }
}
