import { admitJobs, becomeAdmitter, giveWay, pendingHeads, queuedJobs } from "./admission.ts";
import { type ClaimAnswer, type ClaimRequest, claimJobs } from "./claim.ts";
import { type BatchDefaults, type EncodedRows, insertJobs, jobsByKey } from "./create.ts";
import type { CallerTransaction, Database, Queryable, Statement } from "./database.ts";
import {
  actionVersions,
  addVersion,
  allActions,
  currentAction,
  databaseNow,
  deleteAction,
  insertAction,
  laneId,
  lanesFor,
  ownerId,
  ownerNames,
  putSetting,
  settingNumber,
} from "./dictionary.ts";
import { comeDue, overdueJobs, readAgenda } from "./due.ts";
import { anchorMembers, anchorRows, type Completion, claimHolding, completeMembers } from "./finish.ts";
import { readAmendments, readHistory, readLog } from "./history.ts";
import { importJobs } from "./import-jobs.ts";
import {
  amendConfiguration,
  changeData,
  changeLane,
  changePlan,
  changePriority,
  lockAttempts,
  lockJob,
  lockPlaces,
  rememberRetry,
} from "./jobs.ts";
import { deleteLanes, setPaused } from "./lanes.ts";
import {
  announcedSchemas,
  beat,
  claimsLeftBy,
  endNode,
  liveJobsOf,
  orphaningNodes,
  registerNode,
  resizeNode,
  setDraining,
  standingNodes,
} from "./nodes.ts";
import { progressOf, putLogLines, putProgress, putVariable } from "./progress.ts";
import { beginFeed, forgetTold, keepLines, readFeed, tellQueue } from "./queue-feed.ts";
import {
  changeDue,
  claimsOf,
  countQueueJobs,
  findQueueJobs,
  finishedQueueJobs,
  hasDueJobs,
  idsOfQueue,
  readQueueJobs,
  restartDeadline,
  someQueueJobs,
} from "./queue-jobs.ts";
import { countStates, listJobs, readJobs, settledAmong } from "./read.ts";
import { endSession, type Session, sessionOf } from "./session.ts";
import { countAhead, needsOf, readSurroundings } from "./situation.ts";
import { isStanding } from "./standing.ts";
import { note, removeJobs, transition } from "./transition.ts";

/** Every statement that runs wherever it is sent: on the pool, in a transaction, in a caller's transaction. */
const STATEMENTS = {
  actionVersions,
  addVersion,
  admitJobs,
  allActions,
  amendConfiguration,
  anchorMembers,
  anchorRows,
  announcedSchemas,
  beat,
  becomeAdmitter,
  beginFeed,
  changeData,
  changeDue,
  changeLane,
  changePlan,
  changePriority,
  claimHolding,
  claimsLeftBy,
  claimsOf,
  comeDue,
  countAhead,
  countQueueJobs,
  countStates,
  currentAction,
  databaseNow,
  deleteAction,
  deleteLanes,
  endNode,
  findQueueJobs,
  finishedQueueJobs,
  forgetTold,
  giveWay,
  idsOfQueue,
  importJobs,
  insertAction,
  hasDueJobs,
  isStanding,
  jobsByKey,
  keepLines,
  laneId,
  lanesFor,
  listJobs,
  liveJobsOf,
  lockAttempts,
  lockJob,
  lockPlaces,
  needsOf,
  note,
  orphaningNodes,
  overdueJobs,
  ownerId,
  ownerNames,
  pendingHeads,
  progressOf,
  putLogLines,
  putProgress,
  putSetting,
  putVariable,
  queuedJobs,
  readAgenda,
  readAmendments,
  readFeed,
  readHistory,
  readJobs,
  readLog,
  readQueueJobs,
  readSurroundings,
  registerNode,
  rememberRetry,
  removeJobs,
  resizeNode,
  restartDeadline,
  setDraining,
  setPaused,
  settingNumber,
  settledAmong,
  someQueueJobs,
  standingNodes,
  tellQueue,
  transition,
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

/** Connections of the hot path: their statements are prepared, their plans pinned. */
export interface HotPath {
  /** What the server knows the connection of claims by. */
  readonly session: Session;
  claim(request: ClaimRequest): Promise<ClaimAnswer>;
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

function bind(db: Queryable): Statements {
  const bound = Object.entries(STATEMENTS).map(([name, statement]) => [
    name,
    (...rest: unknown[]) => (statement as (db: Queryable, ...rest: unknown[]) => unknown)(db, ...rest),
  ]);
  return Object.fromEntries(bound) as Statements;
}

export function createStore(db: Database): Store {
  const channel = `${db.schema}_hint`;
  return {
    ...bind(db),
    comeDue: (limit) => db.transaction((tx) => comeDue(tx, limit)),
    overdueJobs: (limit) => db.transaction((tx) => overdueJobs(tx, limit)),
    transaction: (work) => db.transaction((tx) => work(bind(tx))),
    within: (tx) => bind(db.within(tx)),
    openCreation: async () => {
      const line = await db.line("create");
      return {
        createJobs: (rows, defaults, hint) => {
          const created = line.query<{ id: string }>(insertJobs(rows, defaults));
          // Pipelined: the server takes it up when the rows are committed. Should it fail, the poll finds them.
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
  const close = async () => {
    await Promise.allSettled(opening.map(async (line) => (await line).close()));
  };
  try {
    const [claims, ends] = await Promise.all(opening);
    if (before) await endSession(claims, before);
    return {
      session: await sessionOf(claims),
      claim: (request) => claimJobs(claims, request),
      complete: (completions) => completeMembers(ends, completions),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** A hint need not survive a crash, so its commit does not wait for the disk. */
const notification = (channel: string, payload: string): Statement => ({
  name: "notify",
  text: "select pg_notify($1, $2), set_config('synchronous_commit', 'off', true)",
  values: [channel, payload],
  patience: "hot",
});
