import type { TransactionClient } from "@callsheet/contract";
import { admitJobs, becomeAdmitter, giveWay, guestHeads, liveByOwner, pendingHeads, queuedJobs } from "./admission.ts";
import { ATTEMPT } from "./attempt.ts";
import { rulesNumber } from "./barrier.ts";
import { type ClaimAnswer, type ClaimRequest, claimJobs } from "./claim.ts";
import { lockCandidates } from "./contended.ts";
import { type BatchDefaults, type EncodedRows, insertJobs, jobsByKey } from "./create.ts";
import type { CallerTransaction, Database, Queryable, Statement } from "./database.ts";
import { declaredPools, endedJobs, nodesIn } from "./day.ts";
import {
  actionVersions,
  addVersion,
  allActions,
  currentAction,
  databaseNow,
  deleteAction,
  findLane,
  insertAction,
  lanesFor,
  ownerId,
  ownerNames,
  putSetting,
  shareLane,
} from "./dictionary.ts";
import { comeDue, overdueJobs, readAgenda } from "./due.ts";
import { addDurations, readDurations } from "./durations.ts";
import {
  anchorMembers,
  anchorRows,
  type Completion,
  claimHolding,
  completeHolders,
  completeMembers,
  type HoldersCompleted,
} from "./finish.ts";
import { type Free, free, insistOnLines, leaveRemnants, remnantsOf } from "./freeing.ts";
import { readAmendments, readHistory, readLog } from "./history.ts";
import {
  amendConfiguration,
  changeLane,
  changePlan,
  changePriority,
  hasLeftLine,
  lockAttempts,
  lockJob,
  rememberRetry,
} from "./jobs.ts";
import { releaseObject } from "./locks.ts";
import {
  announcedSchemas,
  beat,
  claimsLeftBy,
  endNode,
  liveJobsOf,
  orphaningNodes,
  registerNode,
  setDraining,
  standingNodes,
} from "./nodes.ts";
import { makeObjects, readObjects, tryObjects } from "./objects.ts";
import { OPERATOR } from "./operator.ts";
import { lockPools, poolsNow, readPools, readPoolsInSight } from "./pool-facts.ts";
import { QUEUE } from "./queue.ts";
import { countStates, listJobs, readJobs, settledAmong } from "./read.ts";
import { allPools, heldUnits, openNodes, putReservations, sizesOf, unitsLanes } from "./reservation.ts";
import { endSession, type Session } from "./session.ts";
import { countAhead, needsOf, readNeighbours, readSurroundings } from "./situation.ts";
import { clientOf } from "./statement.ts";
import { standInLine, takeJobs } from "./take.ts";
import { type Changed, note, removeJobs, transition } from "./transition.ts";
import { settleTurns } from "./turns.ts";

/** Every statement that runs wherever it is sent: on the pool, in a transaction, in a caller's transaction. */
const STATEMENTS = {
  ...ATTEMPT,
  ...OPERATOR,
  ...QUEUE,
  actionVersions,
  addDurations,
  addVersion,
  admitJobs,
  allActions,
  allPools,
  amendConfiguration,
  anchorMembers,
  anchorRows,
  announcedSchemas,
  beat,
  becomeAdmitter,
  changeLane,
  changePlan,
  changePriority,
  claimHolding,
  claimsLeftBy,
  comeDue,
  countAhead,
  countStates,
  currentAction,
  databaseNow,
  declaredPools,
  deleteAction,
  endNode,
  endedJobs,
  findLane,
  giveWay,
  guestHeads,
  hasLeftLine,
  heldUnits,
  insertAction,
  jobsByKey,
  lanesFor,
  leaveRemnants,
  listJobs,
  liveByOwner,
  liveJobsOf,
  lockAttempts,
  lockJob,
  needsOf,
  note,
  nodesIn,
  openNodes,
  orphaningNodes,
  overdueJobs,
  ownerId,
  ownerNames,
  pendingHeads,
  putReservations,
  putSetting,
  queuedJobs,
  readAgenda,
  readAmendments,
  readDurations,
  readHistory,
  readJobs,
  readLog,
  readNeighbours,
  readObjects,
  readPools,
  readPoolsInSight,
  readSurroundings,
  registerNode,
  rememberRetry,
  remnantsOf,
  removeJobs,
  setDraining,
  settledAmong,
  shareLane,
  sizesOf,
  standingNodes,
  transition,
  unitsLanes,
  createJobs: (db: Queryable, rows: EncodedRows, defaults: BatchDefaults) =>
    db.query<{ id: string }>(insertJobs(rows, defaults)),
};

type Bound<All> = {
  readonly [Name in keyof All]: All[Name] extends (db: Queryable, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};
/** The statements, bound to where they run. */
export type Statements = Bound<typeof STATEMENTS>;

/** What a claim of contended jobs consists of. */
const CONTENTION = {
  lockCandidates,
  makeObjects,
  tryObjects,
  readObjects,
  poolsNow,
  lockPools,
  takeJobs,
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

/** A connection for creating jobs. */
interface Creation {
  createJobs(rows: EncodedRows, defaults: BatchDefaults, hint?: string): ReturnType<Statements["createJobs"]>;
  close(): Promise<void>;
}

/** All that the operations and the engine know of the database. */
export interface Store extends Statements {
  transaction<T>(work: (tx: Statements) => Promise<T>): Promise<T>;
  /** A transaction in which attempts, or waiting jobs, give back what they hold. */
  freeing<T>(work: (tx: Statements, free: Free, client: TransactionClient) => Promise<T>): Promise<T>;
  /** Lets jobs have a quarantined object again; answers who got it, or undefined: it was not quarantined. */
  releaseObject(key: string): Promise<readonly Changed[] | undefined>;
  /** Looks after whose turn it is at objects where that depends on nodes and pauses; answers who was handed theirs. */
  settleTurns(): Promise<readonly Changed[]>;
  within(tx: CallerTransaction): Statements;
  /** Creation on a connection of its own, with prepared statements. A hint is sent right behind the rows, once they are committed. */
  openCreation(): Promise<Creation>;
  /** `before`: the session of an earlier path, which is ended first: a claim that is still on its way to it takes nothing any more. */
  openHotPath(name: string, before?: Session): Promise<HotPath>;
  /** Tells other processes that there may be something to do; lost hints cost time, never jobs. */
  notify(payload: string): Promise<void>;
  listen(onMessage: (payload: string) => void, onLoss: () => void): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
}

const bind = (db: Queryable): Statements => bindAll(STATEMENTS, db);

function bindAll<All extends object>(statements: All, db: Queryable): Bound<All> {
  const bound = Object.entries(statements).map(([name, statement]) => [
    name,
    (...rest: unknown[]) => (statement as (db: Queryable, ...rest: unknown[]) => unknown)(db, ...rest),
  ]);
  return Object.fromEntries(bound) as Bound<All>;
}

export function createStore(db: Database): Store {
  const channel = `${db.schema}_hint`;
  return {
    ...bind(db),
    comeDue: (limit) => db.transaction((tx) => comeDue(tx, limit)),
    overdueJobs: (limit) => db.transaction((tx) => overdueJobs(tx, limit)),
    transaction: (work) => db.transaction((tx) => work(bind(tx))),
    freeing: (work) =>
      insistOnLines(db, (also) =>
        db.transaction((tx) => work(bind(tx), (freed) => free(tx, freed, also), clientOf(tx))),
      ),
    releaseObject: (key) => insistOnLines(db, (also) => db.transaction((tx) => releaseObject(tx, key, also))),
    settleTurns: () => insistOnLines(db, (also) => db.transaction((tx) => settleTurns(tx, also))),
    within: (tx) => bind(db.within(tx)),
    openCreation: async () => {
      const line = await db.line("create");
      return {
        createJobs: (rows, defaults, hint) => {
          const created = line.query<{ id: string }>(insertJobs(rows, defaults));
          // Made while the server is at work, which takes it up when the rows are committed. Should it fail, the poll finds them.
          if (hint !== undefined) line.query(notification(channel, hint)).catch(() => {});
          return created;
        },
        close: () => line.close(),
      };
    },
    openHotPath: (name, before) => openHotPath(db, name, before),
    notify: async (payload) => {
      await db.query(notification(channel, payload));
    },
    listen: (onMessage, onLoss) => db.listen({ channel, onMessage, onLoss }),
    close: () => db.close(),
  };
}

/** Two connections: while one commits what ended, the other takes what comes next. */
async function openHotPath(db: Database, name: string, before: Session | undefined): Promise<HotPath> {
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
    return {
      session: claims.session,
      claim: (request) => claimJobs(claims, request),
      contend: (work) => claims.transaction((tx) => work(bindAll(CONTENTION, tx))),
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

/** A hint need not survive a crash, so its commit does not wait for the disk. */
const notification = (channel: string, payload: string): Statement => ({
  name: "notify",
  text: "select pg_notify($1, $2), set_config('synchronous_commit', 'off', true)",
  values: [channel, payload],
  patience: "hot",
});
