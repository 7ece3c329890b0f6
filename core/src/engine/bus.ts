import type { Store } from "../store/store.ts";
import type { Environment, Timer } from "./environment.ts";
import type { EngineLog } from "./service.ts";

/** Something that may be worth a look: a lane with new jobs, a new start time, a live job with news, a settled job. */
export type Hint =
  | { readonly kind: "lane"; readonly laneId: number; readonly rank: number }
  | { readonly kind: "due" }
  | { readonly kind: "job"; readonly id: string };

/** Carries hints within a process at once, and to other processes by NOTIFY. A lost hint costs time, never a job. */
export interface Bus {
  publish(hint: Hint): void;
  /** Hears hints of this process and of others; `undefined`: some may have been missed. */
  subscribe(hear: (hint: Hint | undefined) => void): () => void;
  /** Begins to hear other processes. */
  listen(): Promise<void>;
  close(): Promise<void>;
}

/** NOTIFY takes a lock at commit that all commits share: at most one per process in this time. */
const GAP_MS = 5;
const LONGEST_PAYLOAD = 7_000;

export function createBus(store: Store, environment: Environment, log: EngineLog): Bus {
  const self = environment.newIncarnation().slice(0, 8);
  const hearers = new Set<(hint: Hint | undefined) => void>();
  const lanes = new Map<number, number>();
  const jobs = new Set<string>();
  let hasDue = false;
  let timer: Timer | undefined;
  let lastSent = Number.NEGATIVE_INFINITY;
  let sending: Promise<void> | undefined;
  let listener: { close(): Promise<void> } | undefined;
  let again: Timer | undefined;
  let isClosed = false;

  const tell = (hint: Hint | undefined) => {
    for (const hear of hearers) hear(hint);
  };
  const flush = () => {
    timer = undefined;
    lastSent = environment.monotonic();
    const payload = encode(self, lanes, jobs, hasDue);
    lanes.clear();
    jobs.clear();
    hasDue = false;
    sending = store.notify(payload).catch((error: unknown) => {
      if (!isClosed) log.error("hints", error);
    });
  };
  /** The first hint goes at once, after all that is said in this turn of the event loop; those that follow it wait. */
  const planFlush = (): Timer => {
    const waitMs = lastSent + GAP_MS - environment.monotonic();
    if (waitMs > 0) return environment.timers.after(waitMs, flush);
    let isCancelled = false;
    environment.timers.soon(() => {
      if (!isCancelled) flush();
    });
    return {
      cancel: () => {
        isCancelled = true;
      },
    };
  };
  const listen = async (): Promise<void> => {
    if (isClosed) return;
    let isLost = false;
    const opened = await store.listen(
      (payload) => {
        for (const hint of decode(self, payload)) tell(hint);
      },
      () => {
        // A connection may tell of its loss more than once.
        if (isLost) return;
        isLost = true;
        listener = undefined;
        reconnect(1);
      },
    );
    if (isClosed) return opened.close();
    if (!isLost) listener = opened;
    tell(undefined);
  };
  const reconnect = (tries: number) => {
    if (isClosed) return;
    again = environment.timers.after(Math.min(5_000, 100 * 2 ** tries), () => {
      listen().catch((error: unknown) => {
        log.error("hints", error);
        reconnect(tries + 1);
      });
    });
  };

  return {
    publish: (hint) => {
      tell(hint);
      if (hint.kind === "lane") lanes.set(hint.laneId, Math.min(hint.rank, lanes.get(hint.laneId) ?? hint.rank));
      else if (hint.kind === "job") jobs.add(hint.id);
      else hasDue = true;
      if (!isClosed) timer ??= planFlush();
    },
    subscribe: (hear) => {
      hearers.add(hear);
      return () => hearers.delete(hear);
    },
    listen,
    close: async () => {
      if (timer) {
        timer.cancel();
        flush();
      }
      isClosed = true;
      again?.cancel();
      await sending;
      await listener?.close();
    },
  };
}

function encode(self: string, lanes: ReadonlyMap<number, number>, jobs: ReadonlySet<string>, hasDue: boolean): string {
  const parts = [...lanes].map(([laneId, rank]) => `l${laneId}:${rank}`);
  if (hasDue) parts.push("d");
  const all = [self, ...parts, ...[...jobs].map((id) => `j${id}`)].join(" ");
  // Too many to name: hearers look at everything.
  return all.length <= LONGEST_PAYLOAD ? all : `${self} *`;
}

function decode(self: string, payload: string): readonly (Hint | undefined)[] {
  const [sender, ...parts] = payload.split(" ");
  if (sender === self) return [];
  return parts.map((part): Hint | undefined => {
    if (part === "d") return { kind: "due" };
    if (part.startsWith("j")) return { kind: "job", id: part.slice(1) };
    const [laneId, rank] = part.slice(1).split(":").map(Number);
    return part.startsWith("l") && Number.isInteger(laneId)
      ? { kind: "lane", laneId: laneId!, rank: rank ?? 0 }
      : undefined;
  });
}
