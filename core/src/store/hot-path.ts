import { rulesNumber } from "./barrier.ts";
import { type Bound, bindAll } from "./bound.ts";
import { type ClaimAnswer, type ClaimRequest, claimJobs } from "./claim.ts";
import { claimLone, type LoneAnswer, type LoneRequest } from "./claim-lone.ts";
import { lockCandidates } from "./contended.ts";
import type { Database, Line, LineTransaction } from "./database.ts";
import { actionVersions } from "./dictionary.ts";
import { type Completion, completeMembers } from "./finish.ts";
import { HolderEnds, type HoldersCompleted } from "./finish-holders.ts";
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
  claimLone(request: LoneRequest): Promise<LoneAnswer>;
  /** Decides on jobs that contend, and starts those that may, in one transaction. */
  contend<T>(work: (tx: Contention) => Promise<T>): Promise<T>;
  /** Completes members that hold units or objects, which go back in the same transaction. */
  completeHolders(completions: readonly Completion[]): Promise<HoldersCompleted>;
  complete(completions: readonly Completion[]): Promise<readonly (readonly number[])[]>;
  close(): Promise<void>;
}

/** How many connections a hot path consists of. */
export const HOT_LINES = 2;
/** So many jobs taken at once are worth a connection for their ends right away. */
const MANY_JOBS = 8;

/**
 * Two connections: while one commits what ended, the other takes what comes next. A session costs the server as much as a
 * lone job several times over, so a first end goes with the claims, and the second connection is opened behind it; or
 * before, where there is more to do. It is opened again when it could not be.
 */
export async function openHotPath(db: Database, name: string, before: Session | undefined): Promise<HotPath> {
  const claims = await openClaims(db, name, before);
  let opening: Promise<EndsLine> | undefined;
  const ends = async () => {
    opening ??= openEnds(db, name);
    const trying = opening;
    trying.catch(() => {
      if (opening === trying) opening = undefined;
    });
    return trying;
  };
  const openSoon = () => void ends().catch(() => {});
  /** Settled when nothing is under way on the line of claims that a transaction there would be mixed up with. */
  let shared: Promise<unknown> = Promise.resolve();
  let isFirst = true;
  const endFirst = (completions: readonly Completion[]) => {
    isFirst = false;
    const ended = completeMembers(claims.line, completions);
    shared = ended.then(openSoon, () => {});
    return ended;
  };
  return {
    session: claims.line.session,
    hasLostHistory: claims.hasLostHistory,
    claim: async (request) => {
      const answer = await claimJobs(claims.line, request);
      if (answer.jobs.length >= MANY_JOBS) openSoon();
      return answer;
    },
    claimLone: (request) => claimLone(claims.line, request),
    contend: async (work) => {
      isFirst = false;
      openSoon();
      await shared;
      return claims.line.transaction((tx) => work(bindAll<LineTransaction, typeof CONTENTION>(CONTENTION, tx)));
    },
    completeHolders: async (completions) => (await ends()).holders.complete(completions),
    complete: async (completions) => {
      if (isFirst && opening === undefined) return endFirst(completions);
      return completeMembers((await ends()).line, completions);
    },
    close: async () => {
      await Promise.allSettled([claims.close(), opening?.then((one) => one.close())]);
    },
  };
}

/** A line on which a statement was sent that plans what it is for, while nothing waits for it yet. */
interface PlannedLine {
  readonly line: Line;
  close(): Promise<void>;
}

async function openClaims(db: Database, name: string, before: Session | undefined) {
  const line = await db.line(`claim ${name}`);
  try {
    if (before) await endSession(line, before);
    const looking = hasLostHistory(line);
    // Sent together: these draw no token.
    const claims = planned(line, Promise.all([claimJobs(line, NOBODY), completeMembers(line, [NOTHING])]));
    return { ...claims, hasLostHistory: await looking };
  } catch (error) {
    await line.close();
    throw error;
  }
}

interface EndsLine extends PlannedLine {
  readonly holders: HolderEnds;
}

async function openEnds(db: Database, name: string): Promise<EndsLine> {
  const line = await db.line(`finish ${name}`);
  return { ...planned(line, completeMembers(line, [NOTHING])), holders: new HolderEnds(line) };
}

function planned(line: Line, planning: Promise<unknown>): PlannedLine {
  const isPlanned = planning.catch(() => {});
  return { line, close: () => isPlanned.then(() => line.close()) };
}

/** Of a node that there is not: it takes nothing. */
const NOBODY: ClaimRequest = { nodeId: 0, want: 0, lanes: [] };
/** Of no claim: there is nothing to complete. */
const NOTHING: Completion = { token: "0", size: 0, ordinals: [], results: [], offsets: [] };
