import type { AdmissionHint, Announcer, Hint, LaneHint } from "../operations/hint.ts";
import type { Store } from "../store/store.ts";
import type { Environment, Timer } from "./environment.ts";
import type { EngineLog } from "./service.ts";

type Hearer = (hint: Hint | undefined) => void;

type SaidOfLane = Omit<LaneHint, "kind" | "laneId">;

/** What was published and not yet sent. */
interface Said {
  readonly lanes: Map<number, SaidOfLane>;
  readonly jobs: Set<string>;
  readonly pools: Set<number>;
  admission: Omit<AdmissionHint, "kind"> | undefined;
  hasDue: boolean;
  hasRollback: boolean;
  hasAll: boolean;
}

const silence = (): Said => ({
  lanes: new Map(),
  jobs: new Set(),
  pools: new Set(),
  admission: undefined,
  hasDue: false,
  hasRollback: false,
  hasAll: false,
});

/** NOTIFY takes a lock at commit that all commits share: at most one per process in this time. */
const GAP_MS = 5;
/** Units come back with most ends of jobs that take some: of that alone others hear so often at most. Who can use them here hears of it at once. */
const POOLS_GAP_MS = 25;
const LONGEST_PAYLOAD = 7_000;

/** Carries hints within a process at once, and to other processes by NOTIFY. A lost hint costs time, never a job. */
export class Bus implements Announcer {
  readonly #store: Store;
  readonly #environment: Environment;
  readonly #log: EngineLog;
  readonly #self: string;
  readonly #hearers = new Set<Hearer>();
  #said = silence();
  #timer: Timer | undefined;
  /** What the timer waits for at most. */
  #gapMs = GAP_MS;
  #lastSent = Number.NEGATIVE_INFINITY;
  #sending: Promise<void> | undefined;
  #listener: { close(): Promise<void> } | undefined;
  #again: Timer | undefined;
  #isClosed = false;

  constructor(store: Store, environment: Environment, log: EngineLog) {
    this.#store = store;
    this.#environment = environment;
    this.#log = log;
    this.#self = environment.newIncarnation().slice(0, 8);
  }

  publish(hint: Hint): void {
    this.tellHere(hint);
    say(this.#said, hint);
    const gapMs = hint.kind === "pool" ? POOLS_GAP_MS : GAP_MS;
    if (this.#isClosed || (this.#timer && this.#gapMs <= gapMs)) return;
    this.#timer?.cancel();
    this.#gapMs = gapMs;
    this.#timer = this.#planFlush();
  }

  tellHere(hint: Hint | undefined): void {
    const heard = hint?.kind === "everything" ? undefined : hint;
    for (const hear of this.#hearers) hear(heard);
  }

  express(hints: readonly Hint[]): string | undefined {
    const now = this.#environment.monotonic();
    if (this.#isClosed || this.#timer || now < this.#lastSent + GAP_MS) return undefined;
    this.#lastSent = now;
    const said = silence();
    for (const hint of hints) say(said, hint);
    return encode(this.#self, said);
  }

  /** Hears hints of this process and of others; `undefined`: some may have been missed. */
  subscribe(hear: Hearer): () => void {
    this.#hearers.add(hear);
    return () => this.#hearers.delete(hear);
  }

  /** Begins to hear other processes. */
  async listen(): Promise<void> {
    if (this.#isClosed) return;
    let isLost = false;
    const opened = await this.#store.listen(
      (payload) => {
        for (const hint of decode(this.#self, payload)) this.tellHere(hint);
      },
      () => {
        // A connection may tell of its loss more than once.
        if (isLost) return;
        isLost = true;
        this.#listener = undefined;
        this.#reconnect(1);
      },
    );
    if (this.#isClosed) return opened.close();
    if (!isLost) this.#listener = opened;
    this.tellHere(undefined);
  }

  async close(): Promise<void> {
    if (this.#timer) {
      this.#timer.cancel();
      this.#flush();
    }
    this.#isClosed = true;
    this.#again?.cancel();
    await this.#sending;
    await this.#listener?.close();
  }

  /** The first hint goes at once, after all that is said in this turn of the event loop; those that follow it wait. */
  #planFlush(): Timer {
    const { timers, monotonic } = this.#environment;
    const waitMs = this.#lastSent + this.#gapMs - monotonic();
    if (waitMs > 0) return timers.after(waitMs, () => this.#flush());
    let isCancelled = false;
    timers.soon(() => {
      if (!isCancelled) this.#flush();
    });
    return {
      cancel: () => {
        isCancelled = true;
      },
    };
  }

  #flush(): void {
    this.#timer = undefined;
    this.#lastSent = this.#environment.monotonic();
    const payload = encode(this.#self, this.#said);
    this.#said = silence();
    this.#sending = this.#store.notify(payload).catch((error: unknown) => {
      if (!this.#isClosed) this.#log.error("hints", error);
    });
  }

  #reconnect(tries: number): void {
    if (this.#isClosed) return;
    this.#again = this.#environment.timers.after(Math.min(5_000, 100 * 2 ** tries), () => {
      this.listen().catch((error: unknown) => {
        this.#log.error("hints", error);
        this.#reconnect(tries + 1);
      });
    });
  }
}

/** What is said of a lane once. Of several jobs none is named. */
function both({ rank, jobId, isNew }: SaidOfLane, before: SaidOfLane | undefined): SaidOfLane {
  if (before === undefined) return { rank, jobId, isNew };
  return { rank: Math.min(rank, before.rank), jobId: undefined, isNew: isNew && before.isNew };
}

function say(said: Said, hint: Hint): void {
  const { lanes, jobs, pools } = said;
  if (hint.kind === "lane") lanes.set(hint.laneId, both(hint, lanes.get(hint.laneId)));
  else if (hint.kind === "job") jobs.add(hint.id);
  else if (hint.kind === "pool") pools.add(hint.poolId);
  else if (hint.kind === "admission") said.admission = hint;
  else if (hint.kind === "due") said.hasDue = true;
  else if (hint.kind === "rollback") said.hasRollback = true;
  else if (hint.kind === "everything") said.hasAll = true;
}

function encode(self: string, { lanes, jobs, pools, admission, hasDue, hasRollback, hasAll }: Said): string {
  const parts = [...lanes].map(([laneId, { rank, jobId }]) => `l${laneId}:${rank}${jobId ? `:${jobId}` : ""}`);
  // Releases that do not know it look at everything.
  for (const [laneId, { isNew }] of lanes) if (!isNew) parts.push(`o${laneId}`);
  if (hasDue) parts.push("d");
  if (hasRollback) parts.push("r");
  if (admission) parts.push(`a${admission.stood}:${admission.gapMs}:${admission.isRush ? "rush" : "long"}`);
  for (const id of pools) parts.push(`p${id}`);
  const all = [self, ...parts, ...[...jobs].map((id) => `j${id}`)].join(" ");
  // Too many to name: hearers look at everything.
  return all.length <= LONGEST_PAYLOAD && !hasAll ? all : `${self} *`;
}

function decode(self: string, payload: string): readonly (Hint | undefined)[] {
  const [sender, ...parts] = payload.split(" ");
  if (sender === self) return [];
  const old = new Set(parts.filter((part) => part.startsWith("o")).map((part) => Number(part.slice(1))));
  return parts.filter((part) => !part.startsWith("o")).map((part) => hintOf(part, old));
}

/** `old`: lanes to which jobs came that were there before. */
function hintOf(part: string, old: ReadonlySet<number>): Hint | undefined {
  if (part === "d") return { kind: "due" };
  if (part === "r") return { kind: "rollback" };
  if (part.startsWith("p")) return { kind: "pool", poolId: Number(part.slice(1)) };
  if (part.startsWith("j")) return { kind: "job", id: part.slice(1) };
  const [what, more, last] = part.slice(1).split(":");
  if (part.startsWith("a"))
    return { kind: "admission", stood: Number(what), gapMs: Number(more), isRush: last === "rush" };
  const laneId = Number(what);
  return part.startsWith("l") && Number.isInteger(laneId)
    ? { kind: "lane", laneId, rank: Number(more ?? 0), jobId: last, isNew: !old.has(laneId) }
    : undefined;
}
