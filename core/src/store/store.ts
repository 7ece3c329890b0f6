import type { TransactionClient } from "@callsheet/contract";
import { admitJobs, becomeAdmitter, giveWay, guestHeads, liveByOwner, pendingHeads, queuedJobs } from "./admission.ts";
import { ATTEMPT } from "./attempt.ts";
import { type Bound, bindAll } from "./bound.ts";
import { CATALOGUE } from "./catalogue.ts";
import { type BatchDefaults, type EncodedRows, insertJobs, jobsByKey } from "./create.ts";
import { type Creation, createOnPool, openCreation } from "./creation.ts";
import type { CallerTransaction, Database, DatabaseAddress, Queryable } from "./database.ts";
import { declaredPools, endedJobs, nodesIn } from "./day.ts";
import { comeDue, overdueJobs, readAgenda } from "./due.ts";
import { addDurations, readDurations } from "./durations.ts";
import { ELSEWHERE } from "./elsewhere.ts";
import { anchorMembers, anchorRows, claimHolding, completedBefore } from "./finish.ts";
import { type Free, free, insistOnLines, leaveRemnants, remnantsOf, remnantsOfJob } from "./freeing.ts";
import { GROUP_CHANGES } from "./group-changes.ts";
import { GROUPS } from "./groups.ts";
import { readAmendments, readHistory, readLog } from "./history.ts";
import { type HotPath, openHotPath } from "./hot-path.ts";
import { HOUSE } from "./house.ts";
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
import { endKeeping, keptByNode, keptElsewhere, openKeeper, takeBack } from "./keeping.ts";
import { type Decision, quarantineObject, releaseObject } from "./locks.ts";
import { MEDIA } from "./media.ts";
import { NODES } from "./nodes.ts";
import { notification } from "./notification.ts";
import { readObjects } from "./objects.ts";
import { OCCASIONS } from "./occasions.ts";
import { OPERATOR } from "./operator.ts";
import { allPools, readPools, readPoolsInSight } from "./pool-facts.ts";
import { QUEUE } from "./queue.ts";
import { countStates, listJobs, readJobs, settledAmong } from "./read.ts";
import { once } from "./receipt.ts";
import { heldUnits, openNodes, putReservations, sizesOf, unitsLanes } from "./reservation.ts";
import type { Session } from "./session.ts";
import { countAhead, needsOf, readNeighbours, readSurroundings } from "./situation.ts";
import { clientOf } from "./statement.ts";
import { TIMED } from "./timed.ts";
import { type Changed, note, transition } from "./transition.ts";
import { settleTurns } from "./turns.ts";

/** Every statement that runs wherever it is sent: on the pool, in a transaction, in a caller's transaction. */
const STATEMENTS = {
  ...ATTEMPT,
  ...CATALOGUE,
  ...ELSEWHERE,
  ...GROUPS,
  ...GROUP_CHANGES,
  ...HOUSE,
  ...MEDIA,
  ...NODES,
  ...OPERATOR,
  ...QUEUE,
  ...OCCASIONS,
  ...TIMED,
  addDurations,
  admitJobs,
  allPools,
  amendConfiguration,
  anchorMembers,
  anchorRows,
  becomeAdmitter,
  changeLane,
  changePlan,
  changePriority,
  claimHolding,
  completedBefore,
  comeDue,
  countAhead,
  countStates,
  declaredPools,
  endKeeping,
  endedJobs,
  giveWay,
  guestHeads,
  hasLeftLine,
  heldUnits,
  jobsByKey,
  keptByNode,
  keptElsewhere,
  leaveRemnants,
  listJobs,
  liveByOwner,
  lockAttempts,
  lockJob,
  needsOf,
  note,
  nodesIn,
  openKeeper,
  openNodes,
  overdueJobs,
  pendingHeads,
  putReservations,
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
  rememberRetry,
  remnantsOf,
  remnantsOfJob,
  settledAmong,
  sizesOf,
  takeBack,
  transition,
  unitsLanes,
  createJobs: (db: Queryable, rows: EncodedRows, defaults: BatchDefaults) =>
    db.query<{ id: string }>(insertJobs(rows, defaults)),
};

/** The statements, bound to where they run. */
export type Statements = Bound<typeof STATEMENTS>;

/** All that the operations and the engine know of the database. */
export interface Store extends Statements {
  readonly address: DatabaseAddress;
  transaction<T>(work: (tx: Statements) => Promise<T>): Promise<T>;
  /** A transaction that leaves a receipt: it is done once, also where the answer to its COMMIT is lost. */
  once<T>(work: (tx: Statements) => Promise<T>): Promise<T>;
  /**
   * The same, in which attempts, or waiting jobs, give back what they hold. `asksForEver`: the caller does not go on without
   * knowing what became of it.
   */
  freeing<T>(
    work: (tx: Statements, free: Free, client: TransactionClient) => Promise<T>,
    options?: { readonly asksForEver?: boolean },
  ): Promise<T>;
  /** Lets jobs have a quarantined object again; answers who got it, or undefined: it was not quarantined. */
  releaseObject(release: Decision): Promise<readonly Changed[] | undefined>;
  quarantineObject(decision: Decision): Promise<void>;
  /** Looks after whose turn it is at objects where that depends on nodes and pauses; answers who was handed theirs. */
  settleTurns(): Promise<readonly Changed[]>;
  within(tx: CallerTransaction): Statements;
  /** Creation without a connection of its own, for a lone statement: the pool has one open already. */
  readonly createOnPool: Creation["createJobs"];
  /** Creation on a connection of its own, with prepared statements. A hint leaves once they are committed. */
  openCreation(): Promise<Creation>;
  /** `before`: the session of an earlier path, which is ended first: a claim that is still on its way to it takes nothing any more. */
  openHotPath(name: string, before?: Session): Promise<HotPath>;
  /** Tells other processes that there may be something to do; lost hints cost time, never jobs. */
  notify(payload: string): Promise<void>;
  listen(onMessage: (payload: string) => void, onLoss: () => void): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
}

const bind = (db: Queryable): Statements => bindAll(STATEMENTS, db);

export function createStore(db: Database): Store {
  const channel = `${db.schema}_hint`;
  return {
    ...bind(db),
    address: db.address,
    comeDue: (limit) => db.transaction((tx) => comeDue(tx, limit)),
    overdueJobs: (limit) => db.transaction((tx) => overdueJobs(tx, limit)),
    transaction: (work) => db.transaction((tx) => work(bind(tx))),
    once: (work) => once(db, (tx) => work(bind(tx))),
    freeing: (work, options) =>
      insistOnLines(db, (also) =>
        once(db, (tx) => work(bind(tx), (freed) => free(tx, freed, also), clientOf(tx)), options),
      ),
    releaseObject: (one) => insistOnLines(db, (also) => once(db, (tx) => releaseObject(tx, one, also))),
    quarantineObject: (one) => insistOnLines(db, () => once(db, (tx) => quarantineObject(tx, one))),
    settleTurns: () => insistOnLines(db, (also) => db.transaction((tx) => settleTurns(tx, also))),
    within: (tx) => bind(db.within(tx)),
    createOnPool: createOnPool(db, channel),
    openCreation: () => openCreation(db, channel),
    openHotPath: (name, before) => openHotPath(db, name, before),
    notify: async (payload) => {
      await db.query(notification(channel, payload));
    },
    listen: (onMessage, onLoss) => db.listen({ channel, onMessage, onLoss }),
    close: () => db.close(),
  };
}
