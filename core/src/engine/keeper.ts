import { isCallsheetError } from "@callsheet/contract";
import type { Attempt, AttemptHost } from "./attempt.ts";
import type { Part } from "./part.ts";

export interface KeeperOptions {
  readonly part: Part;
  readonly nodeId: () => number;
  readonly running: () => ReadonlyMap<string, Attempt>;
}

/**
 * Looks after attempts that run longer than a moment: gives them rows of their own, stores their progress and log, and
 * hears when one was cancelled or superseded.
 */
export interface Keeper extends AttemptHost {
  round(): Promise<number | null>;
  /** Something was done to this job. */
  look(id: string): void;
  /** The handler has ended; its last lines are stored. */
  ended(attempt: Attempt): void;
}

const ANCHOR_MS = 1_000;
const CHECK_MS = 5_000;

export function createKeeper({ part, nodeId, running }: KeeperOptions): Keeper {
  const { store, environment } = part;
  const leftovers: Attempt[] = [];
  let checkAt = 0;
  let isLookedFor = false;

  const needsRow = (attempt: Attempt, now: number) => {
    const { timeoutMs } = attempt.definition;
    const patience = timeoutMs === null ? ANCHOR_MS : Math.min(ANCHOR_MS, timeoutMs / 2);
    return attempt.latest !== undefined || now - attempt.startedAt >= patience;
  };
  const anchor = async (attempts: readonly Attempt[]) => {
    const tokens = new Map<string, { members: string[]; rows: string[] }>();
    for (const attempt of attempts) {
      const { id, token, ordinal } = attempt.claimed;
      const ids = tokens.get(token) ?? { members: [], rows: [] };
      tokens.set(token, ids);
      (ordinal > 0 ? ids.members : ids.rows).push(id);
      // From here on the reporter ends it by its row, also while the statement is under way.
      attempt.isAnchored = true;
    }
    for (const [token, { members, rows }] of tokens) {
      if (members.length > 0) await store.transaction((tx) => tx.anchorMembers(token, members));
      if (rows.length > 0) await store.anchorRows(token, rows);
    }
  };
  const storeProgress = async (attempts: readonly Attempt[]) => {
    const reports = attempts.flatMap((attempt) => {
      const { latest, claimed } = attempt;
      if (!latest) return [];
      attempt.latest = undefined;
      const stats = latest.stats === null ? null : JSON.stringify(latest.stats);
      return [{ id: claimed.id, token: claimed.token, ...latest, stats }];
    });
    if (reports.length > 0) await store.putProgress(reports);
  };
  const storeLines = async (attempts: readonly Attempt[]) => {
    const at = new Date(environment.now()).toISOString();
    const taken = attempts.flatMap((attempt) =>
      attempt.lines === undefined ? [] : [{ attempt, lines: attempt.lines }],
    );
    if (taken.length === 0) return;
    for (const { attempt } of taken) attempt.lines = undefined;
    try {
      await store.putLogLines(
        taken.flatMap(({ attempt, lines }) =>
          lines.map((line) => ({ id: attempt.job.id, attempt: attempt.attempt, at, ...line })),
        ),
      );
    } catch (error) {
      for (const { attempt, lines } of taken) attempt.lines = [...lines, ...(attempt.lines ?? [])];
      leftovers.push(...taken.map(({ attempt }) => attempt).filter((attempt) => !running().has(attempt.job.id)));
      throw error;
    }
  };
  /** Reads what stands as ours: one that is cancelling is told, one that stands no more was superseded. */
  const check = async (attempts: readonly Attempt[]) => {
    const anchored = attempts.filter((attempt) => attempt.isAnchored || attempt.claimed.ordinal === 0);
    const live = new Map((await store.liveJobsOf(nodeId())).map((job) => [job.id, job]));
    const members = new Set((await store.claimsLeftBy(nodeId())).flatMap(({ ids }) => ids));
    for (const attempt of [...anchored, ...attempts.filter((one) => !one.isAnchored)]) {
      const job = live.get(attempt.job.id);
      if (!running().has(attempt.job.id)) continue;
      if (job?.token === attempt.claimed.token) {
        // Somebody gave it a row of its own; one that always had one still lacks its line `start`.
        if (attempt.claimed.ordinal > 0) attempt.isAnchored = true;
        if (job.state === "cancelling") attempt.abort();
      } else if (!members.has(attempt.job.id)) {
        attempt.isSuperseded = true;
        attempt.abort();
      }
    }
  };

  return {
    round: async () => {
      const attempts = [...running().values()];
      const ended = leftovers.splice(0);
      if (attempts.length === 0 && ended.length === 0) return 250;
      const now = environment.monotonic();
      await anchor(attempts.filter((attempt) => !attempt.isAnchored && needsRow(attempt, now)));
      await storeProgress(attempts);
      await storeLines([...attempts, ...ended]);
      if (attempts.length > 0 && (isLookedFor || now >= checkAt)) {
        isLookedFor = false;
        checkAt = now + CHECK_MS;
        await check(attempts);
      }
      return 100;
    },
    look: (id) => {
      if (running().has(id)) isLookedFor = true;
    },
    ended: (attempt) => {
      if (attempt.lines !== undefined) leftovers.push(attempt);
    },
    putVariable: async (attempt, name, value) => {
      if (!attempt.isAnchored) await anchor([attempt]);
      return store.putVariable(attempt.job.id, attempt.claimed.token, name, value);
    },
    makeWorkspace: async (attempt) => {
      try {
        attempt.workspacePath ??= await environment.files.makeWorkspace(`${attempt.job.id}-${attempt.attempt}`);
        return attempt.workspacePath;
      } catch (error) {
        if (isCallsheetError(error)) throw error;
        throw Object.assign(new Error(`No workspace could be made: ${(error as Error).message}`), {
          code: "no_workspace",
        });
      }
    },
  };
}
