import { isCallsheetError, type JobAsset, TOKEN_PREFIX, type TransactionClient } from "@callsheet/contract";
import { tellFreed } from "../operations/tell-freed.ts";
import type { NewEntry } from "../store/journal.ts";
import type { Attempt, AttemptHost } from "./attempt.ts";
import { completeWithin } from "./complete-within.ts";
import type { NodeOptions } from "./node-options.ts";
import type { Part } from "./part.ts";
import { Publication } from "./publication.ts";
import { Stalls } from "./stalls.ts";
import { PUBLISHED } from "./take-back.ts";
import { readTargetAsset } from "./target-asset.ts";
import { whileAway } from "./while-away.ts";
import { createWords, type Words } from "./words.ts";

export interface KeeperOptions {
  readonly part: Part;
  readonly nodeId: () => number;
  readonly running: () => ReadonlyMap<string, Attempt>;
  /** Whether nobody can have taken over what the node runs. */
  readonly isCertain: () => boolean;
  /** Told when there is something to store. */
  readonly onHungry: () => void;
  /** Told of jobs that were completed in a transaction of their handlers. */
  readonly onStored: NonNullable<NodeOptions["onStored"]>;
  /** Told of members of claims that were given rows of their own. */
  readonly onRows: (ids: readonly string[]) => void;
}

const ANCHOR_MS = 1_000;
const CHECK_MS = 5_000;

/**
 * Looks after attempts that run longer than a moment: gives them rows of their own, stores their progress and log, and
 * hears when one was cancelled or superseded.
 */
export class Keeper implements AttemptHost {
  readonly #options: KeeperOptions;
  readonly #words: Words;
  readonly #stalls: Stalls;
  /** Attempts that have ended, until their last words are stored. */
  readonly #leaving = new Map<Attempt, (() => void) | undefined>();
  #checkAt: number;
  /** Something may have been done by then to attempts that had begun. */
  #lookedForAt = Number.NEGATIVE_INFINITY;
  #isIdle = false;

  constructor(options: KeeperOptions) {
    this.#options = options;
    this.#checkAt = options.part.environment.monotonic() + CHECK_MS;
    this.#words = createWords(options.part);
    this.#stalls = new Stalls(options.part);
  }

  async round(): Promise<number | null> {
    const { part, nodeId, running } = this.#options;
    const attempts = [...running().values()];
    this.#isIdle = attempts.length === 0 && this.#leaving.size === 0;
    if (this.#isIdle) return null;
    const now = part.environment.monotonic();
    const rowless = [...attempts, ...this.#leaving.keys()].filter((attempt) => needsRow(attempt, now));
    try {
      if (rowless.length > 0) await this.#anchor(rowless);
    } finally {
      await this.#storeWords(attempts);
    }
    const isLookedFor = attempts.some(({ startedAt }) => startedAt <= this.#lookedForAt);
    if (isLookedFor || (attempts.length > 0 && now >= this.#checkAt)) {
      this.#lookedForAt = Number.NEGATIVE_INFINITY;
      this.#checkAt = now + CHECK_MS;
      await check(part, nodeId(), attempts, running());
    }
    await this.#stalls.look(attempts);
    return 100;
  }

  /** A handler was entered. */
  begun(): void {
    if (!this.#isIdle) return;
    this.#isIdle = false;
    this.#options.onHungry();
  }

  /** Something was done to this job; without an id: perhaps to any. */
  look(id?: string): void {
    const { part, running } = this.#options;
    if (id === undefined || running().has(id)) this.#lookedForAt = part.environment.monotonic();
  }

  /** The handler has ended, and said something that is not stored yet: calls once it is, or cannot be for now. */
  leave(attempt: Attempt, call: () => void): void {
    this.#leaving.set(attempt, call);
    this.#options.onHungry();
  }

  /** Whether the last words of this job's attempt are still to be stored; without an id: of any. */
  isLeaving(id?: string): boolean {
    return [...this.#leaving].some(
      ([attempt, call]) => call !== undefined && (id === undefined || attempt.job.id === id),
    );
  }

  async putVariable(attempt: Attempt, name: string, value: string): Promise<boolean> {
    await (attempt.anchoring ?? this.#anchor([attempt]));
    return this.#options.part.store.putVariable(attempt.job.id, attempt.claimed.token, name, value);
  }

  readAsset(attempt: Attempt): Promise<JobAsset> {
    return readTargetAsset(this.#options.part, attempt, async () => attempt.anchoring ?? this.#anchor([attempt]));
  }

  async makeWorkspace(attempt: Attempt): Promise<string> {
    try {
      return await this.#options.part.environment.files.makeWorkspace(`${attempt.job.id}-${attempt.attempt}`);
    } catch (error) {
      if (isCallsheetError(error)) throw error;
      const message = `No workspace could be made: ${(error as Error).message}`;
      throw Object.assign(new Error(message), { code: "no_workspace" });
    }
  }

  openPublication(attempt: Attempt): Publication {
    return new Publication(this.#options.part.environment.files, {
      jobId: attempt.job.id,
      attempt: attempt.attempt,
      token: attempt.claimed.token,
      journal: (staging) => attempt.journal(PUBLISHED, staging),
      workspace: () => attempt.workspaceMade,
      isSuperseded: () => attempt.isSuperseded,
      stands: async () => {
        if (!attempt.isSuperseded && !this.#options.isCertain() && !(await this.isStanding(attempt)))
          attempt.supersede();
        return !attempt.isSuperseded;
      },
    });
  }

  /** Whether an attempt still counts. Does not give up while the database is away. */
  isStanding(attempt: Attempt): Promise<boolean> {
    const { part } = this.#options;
    return whileAway(part, "publication", () => part.store.isStanding(attempt.job.id, attempt.claimed.token));
  }

  /** Does not give up while the database is away: the handler must not go on before its entry is stored. */
  journal(attempt: Attempt, entry: NewEntry): Promise<boolean> {
    const { part } = this.#options;
    const store = async () => {
      await (attempt.anchoring ?? this.#anchor([attempt]));
      return part.store.addEntry(entry);
    };
    return whileAway(part, "undo", store, () => !attempt.isSuperseded);
  }

  /** Does not give up while the database is away: what is given out must be known. Undefined: the attempt was superseded. */
  openToken(attempt: Attempt): Promise<string | undefined> {
    const { part } = this.#options;
    const token = TOKEN_PREFIX + Buffer.from(part.environment.randomBytes(32)).toString("base64url");
    const { id, token: fencing } = attempt.claimed;
    const store = async () => {
      await (attempt.anchoring ?? this.#anchor([attempt]));
      return (await part.store.promiseElsewhere({ id, token: fencing }, token)) ? token : undefined;
    };
    return whileAway(part, "token", store, () => !attempt.isSuperseded);
  }

  async complete<Result>(attempt: Attempt, write: (client: TransactionClient) => Promise<Result>): Promise<Result> {
    const { part, onStored } = this.#options;
    const { end, value } = await completeWithin(part, attempt, write);
    onStored([attempt.job.id], { changes: end.changed, refused: end.refused });
    tellFreed(part.bus, end.changed, end.pools);
    if (end.leftJournals) part.bus.publish({ kind: "rollback" });
    return value;
  }

  #anchor(attempts: readonly Attempt[]): Promise<void> {
    const anchoring = giveRows(this.#options, attempts).catch((error: unknown) => {
      for (const attempt of attempts) attempt.isAnchored = false;
      for (const attempt of attempts) attempt.anchoring = undefined;
      throw error;
    });
    for (const attempt of attempts) {
      // From here on the reporter ends it by its row, also while the statement is under way.
      attempt.isAnchored = true;
      attempt.anchoring = anchoring;
    }
    return anchoring;
  }

  async #storeWords(attempts: readonly Attempt[]): Promise<void> {
    const ended = [...this.#leaving.keys()];
    try {
      await this.#words.store([...attempts, ...ended]);
    } catch (error) {
      // Their end is not held up; the words stay here for the next round.
      for (const attempt of ended) this.#release(attempt);
      throw error;
    }
    for (const attempt of ended) {
      this.#release(attempt);
      this.#leaving.delete(attempt);
    }
  }

  #release(attempt: Attempt): void {
    const call = this.#leaving.get(attempt);
    this.#leaving.set(attempt, undefined);
    call?.();
  }
}

function needsRow(attempt: Attempt, now: number): boolean {
  if (attempt.isAnchored) return false;
  const { timeoutMs } = attempt.definition;
  const patience = timeoutMs === null ? ANCHOR_MS : Math.min(ANCHOR_MS, timeoutMs / 2);
  return attempt.latest !== undefined || now - attempt.startedAt >= patience;
}

/** Gives attempts rows of their own, with the line `start` in their history. */
async function giveRows({ part: { store }, onRows }: KeeperOptions, attempts: readonly Attempt[]): Promise<void> {
  const tokens = new Map<string, { members: string[]; rows: string[] }>();
  for (const { claimed } of attempts) {
    const { id, token, ordinal } = claimed;
    const ids = tokens.get(token) ?? { members: [], rows: [] };
    tokens.set(token, ids);
    (ordinal > 0 ? ids.members : ids.rows).push(id);
  }
  for (const [token, { members, rows }] of tokens) {
    if (members.length > 0) await store.transaction((tx) => tx.anchorMembers(token, members));
    onRows(members);
    if (rows.length > 0) await store.anchorRows(token, rows);
  }
}

/** Reads what stands as the node's: one that is cancelling is told, one that stands no more was superseded. */
async function check(
  { store }: Part,
  nodeId: number,
  attempts: readonly Attempt[],
  running: ReadonlyMap<string, Attempt>,
): Promise<void> {
  // Members first: a job may move from its claim to a row of its own in between, never back.
  const members = new Map((await store.claimsLeftBy(nodeId)).flatMap(({ token, ids }) => ids.map((id) => [id, token])));
  const live = new Map((await store.liveJobsOf(nodeId)).map((job) => [job.id, job]));
  for (const attempt of attempts) {
    const { id, token, ordinal } = attempt.claimed;
    if (running.get(id) !== attempt) continue;
    const job = live.get(id);
    if (job?.token === token) {
      // Somebody gave it a row of its own; one that always had one still lacks its line `start`.
      if (ordinal > 0) attempt.isAnchored = true;
      if (job.state === "cancelling") attempt.abort();
    } else if (members.get(id) !== token) {
      attempt.supersede();
    }
  }
}
