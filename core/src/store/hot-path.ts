import { rulesNumber } from "./barrier.ts";
import { type Bound, bindAll } from "./bound.ts";
import { type ClaimAnswer, type ClaimRequest, claimJobs } from "./claim.ts";
import { lockCandidates } from "./contended.ts";
import type { Database, LineTransaction } from "./database.ts";
import { actionVersions } from "./dictionary.ts";
import { type Completion, completeHolders, completeMembers, type HoldersCompleted } from "./finish.ts";
import { hasLostHistory } from "./history-of-server.ts";
import { makeObjects, readObjects, tryObjects } from "./objects.ts";
import { lockPools, poolsNow } from "./pool-facts.ts";
import { endSession, type Session } from "./session.ts";
import { standInLine, takeJobs } from "./take.ts";
import { takeAlone } from "./take-alone.ts";
import { transition } from "./transition.ts";

/** What a claim of contended jobs consists of. */
const CONTENTION = {
  actionVersions,
  lockCandidates,
  makeObjects,
  tryObjects,
  readObjects,
  poolsNow,
  lockPools,
  takeJobs,
  takeAlone,
  standInLine,
  rulesNumber,
  transition,
};
export type Contention = Bound<typeof CONTENTION>;

/** Connections of the hot path: their statements are prepared, their plans pinned. */
export interface HotPath {
  /** What the server knows the connection of claims by. */
  readonly session: Session;
  /** The server has lost a part of what it had committed, and nobody has said so yet. */
  readonly hasLostHistory: boolean;
  claim(request: ClaimRequest): Promise<ClaimAnswer>;
  /** Decides on jobs that contend, and starts those that may, in one transaction. */
  contend<T>(work: (tx: Contention) => Promise<T>): Promise<T>;
  /** Completes members that hold units or objects, which go back in the same transaction. */
  completeHolders(completions: readonly Completion[]): Promise<HoldersCompleted>;
  complete(completions: readonly Completion[]): Promise<readonly (readonly number[])[]>;
  close(): Promise<void>;
}

/** Two connections: while one commits what ended, the other takes what comes next. */
export async function openHotPath(db: Database, name: string, before: Session | undefined): Promise<HotPath> {
  const opening = [db.line(`claim ${name}`), db.line(`finish ${name}`)] as const;
  let planning: Promise<unknown> | undefined;
  const close = async () => {
    await planning;
    await Promise.allSettled(opening.map(async (line) => (await line).close()));
  };
  try {
    const [claims, ends] = await Promise.all(opening);
    if (before) await endSession(claims, before);
    const hasLost = await hasLostHistory(claims);
    // Planned while the first claim is under way, not when the first jobs have ended.
    planning = completeMembers(ends, [NOTHING]).catch(() => {});
    return {
      session: claims.session,
      hasLostHistory: hasLost,
      claim: (request) => claimJobs(claims, request),
      contend: (work) => claims.transaction((tx) => work(bindAll<LineTransaction, typeof CONTENTION>(CONTENTION, tx))),
      completeHolders: (completions) => completeHolders(ends, completions),
      complete: (completions) => completeMembers(ends, completions),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Of no claim: there is nothing to complete. */
const NOTHING: Completion = { token: "0", size: 0, ordinals: [], results: [], offsets: [] };
