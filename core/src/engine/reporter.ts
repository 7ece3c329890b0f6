import { isCallsheetError } from "@callsheet/contract";
import { type EndedAttempt, endAttempts } from "../operations/end.ts";
import type { HotPath } from "../store/store.ts";
import type { Attempt } from "./attempt.ts";
import type { HandlerEnd } from "./outcome.ts";
import type { Part } from "./part.ts";

/** Stores how attempts ended: those that end while a statement is under way share the next one. */
export interface Reporter {
  report(attempt: Attempt, size: number, end: HandlerEnd): void;
  /** Attempts that ended and are not stored yet. */
  readonly backlog: number;
  /** Whether the end of this job's attempt is still to be stored. */
  isPending(id: string): boolean;
  /** How many words of superseded attempts were refused. */
  readonly refused: number;
  /** Waits until everything is stored. */
  flush(): Promise<void>;
  /** Takes no more, and gives up what could not be stored: the node has ended. */
  close(): void;
}

export interface ReporterOptions {
  readonly part: Part;
  /** The hot connections, opened again after a loss. */
  readonly hot: () => Promise<HotPath>;
  readonly onLoss: (error: unknown) => void;
  /** Told of jobs whose end is stored. */
  readonly onStored: (ids: readonly string[]) => void;
}

interface Members {
  readonly size: number;
  readonly ids: string[];
  readonly ordinals: number[];
  readonly results: (string | null)[];
  readonly offsets: number[];
}

const PAUSE_MS = 200;

export function createReporter({ part, hot, onLoss, onStored }: ReporterOptions): Reporter {
  let members = new Map<string, Members>();
  let others: EndedAttempt[] = [];
  const pending = new Set<string>();
  let refused = 0;
  let running: Promise<void> | undefined;
  let isScheduled = false;
  let isClosed = false;

  const store = async (taken: ReadonlyMap<string, Members>, ended: readonly EndedAttempt[]): Promise<void> => {
    const late = await storeMembers(taken);
    const all = [...ended, ...late];
    if (all.length > 0) await storeOthers(all);
  };

  /** Completes members; answers those that are none any more, as attempts with rows of their own. */
  const storeMembers = async (taken: ReadonlyMap<string, Members>): Promise<readonly EndedAttempt[]> => {
    if (taken.size === 0) return [];
    const tokens = [...taken.keys()];
    const left = await (await hot()).complete(tokens.map((token) => ({ token, ...taken.get(token)! })));
    const late: EndedAttempt[] = [];
    for (const [index, ordinals] of left.entries()) {
      const { ids, ordinals: all, results } = taken.get(tokens[index]!)!;
      const gone = new Set(ordinals);
      for (const [place, ordinal] of all.entries()) {
        if (gone.has(ordinal)) late.push(asEnded(ids[place]!, tokens[index]!, results[place]!));
      }
      onStored(gone.size === 0 ? ids : ids.filter((_, place) => !gone.has(all[place]!)));
    }
    return late;
  };

  const storeOthers = async (ended: readonly EndedAttempt[]): Promise<void> => {
    const result = await endAttempts(part.store, part.catalogue, ended, part.environment.random);
    refused += result.refused.length;
    onStored(ended.map((attempt) => attempt.id));
    for (const { to, laneId, rank } of result.changed) {
      if (to === "queued" || to === "pending") part.bus.publish({ kind: "lane", laneId, rank });
      else if (to === "retrying" || to === "scheduled") part.bus.publish({ kind: "due" });
    }
  };

  /** A batch that fails is done again one by one; an end that cannot be stored fails its own job. */
  const storeSingly = async (taken: ReadonlyMap<string, Members>, ended: readonly EndedAttempt[]): Promise<void> => {
    const singles = [...taken].flatMap(([token, { ids, results }]) =>
      ids.map((id, place) => asEnded(id, token, results[place]!, true)),
    );
    for (const attempt of [...singles, ...ended]) {
      try {
        await storeOthers([attempt]);
      } catch (error) {
        if (isLoss(error)) throw error;
        part.log.error("finish", error);
        const { id, token, isMember } = attempt;
        const failure = {
          code: "unstorable_result",
          message: `The end of the attempt could not be stored: ${(error as Error).message}`,
        };
        await storeOthers([{ id, token, isMember, ending: { kind: "failed", error: failure } }]);
      }
    }
  };

  const turn = async (): Promise<void> => {
    while (members.size > 0 || others.length > 0) {
      const [taken, ended] = [members, others];
      members = new Map();
      others = [];
      await persist(taken, ended);
      for (const { id } of ended) pending.delete(id);
      for (const { ids } of taken.values()) for (const id of ids) pending.delete(id);
    }
  };

  /** Does not give up: what ended is stored, however long the database is away. */
  const persist = async (taken: ReadonlyMap<string, Members>, ended: readonly EndedAttempt[]): Promise<void> => {
    for (let work = store; ; ) {
      try {
        return await work(taken, ended);
      } catch (error) {
        if (isClosed) return;
        if (isLoss(error)) {
          onLoss(error);
          await new Promise<void>((resolve) => void part.environment.timers.after(PAUSE_MS, resolve));
        } else {
          part.log.error("finish", error);
          work = storeSingly;
        }
      }
    }
  };

  const start = (): void => {
    isScheduled = false;
    running ??= turn().finally(() => {
      running = undefined;
      if (members.size > 0 || others.length > 0) start();
    });
  };

  return {
    get backlog() {
      return pending.size;
    },
    isPending: (id) => pending.has(id),
    get refused() {
      return refused;
    },
    report: (attempt, size, end) => {
      if (isClosed) return;
      const { id, token, ordinal } = attempt.claimed;
      pending.add(id);
      if (ordinal > 0 && !attempt.isAnchored && end.ending.kind === "completed") {
        let claim = members.get(token);
        if (!claim) {
          claim = { size, ids: [], ordinals: [], results: [], offsets: [] };
          members.set(token, claim);
        }
        claim.ids.push(id);
        claim.ordinals.push(ordinal);
        claim.results.push(end.result);
        claim.offsets.push(attempt.offsetMs);
      } else {
        others.push({
          id,
          token,
          isMember: ordinal > 0,
          ending: end.ending,
          ...(end.result === null ? {} : { result: end.result }),
        });
      }
      if (running !== undefined || isScheduled) return;
      // Everything that ends in this turn of the event loop goes together.
      isScheduled = true;
      part.environment.timers.soon(start);
    },
    flush: async () => {
      while (pending.size > 0) {
        start();
        await running;
      }
    },
    close: () => {
      isClosed = true;
    },
  };
}

function asEnded(id: string, token: string, result: string | null, isMember = false): EndedAttempt {
  return { id, token, isMember, ending: { kind: "completed" }, ...(result === null ? {} : { result }) };
}

const isLoss = (error: unknown) => isCallsheetError(error) && error.code === "database_lost";
