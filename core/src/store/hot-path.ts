import { rulesNumber } from "./barrier.ts";
import { type Bound, bindAll } from "./bound.ts";
import { type ClaimAnswer, type ClaimRequest, claimJobs } from "./claim.ts";
import { lockCandidates } from "./contended.ts";
import type { Database, LineTransaction } from "./database.ts";
import { actionVersions } from "./dictionary.ts";
import { type Completion, completeMembers } from "./finish.ts";
import { HolderEnds, type HoldersCompleted } from "./finish-holders.ts";
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
    // Planned while the first claim is under way, not when the first jobs have ended.
    planning = completeMembers(ends, [NOTHING]).catch(() => {});
    const holders = new HolderEnds(ends);
    return {
      session: claims.session,
      claim: (request) => claimJobs(claims, request),
      contend: (work) => claims.transaction((tx) => work(bindAll<LineTransaction, typeof CONTENTION>(CONTENTION, tx))),
      completeHolders: (completions) => holders.complete(completions),
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
