import { addEntry, changeEntries, entriesToDo, keepEntries, openEntries, readJournal } from "./journal.ts";
import { quarantineObjectsOf, releaseObjectsOf } from "./locks.ts";
import { putLogLines, putProgress, putVariable } from "./progress.ts";
import {
  changeNext,
  closeRollback,
  heldByRollbacks,
  leaveToOperator,
  lockRollback,
  markRollback,
  openRollbacks,
  putOffRollback,
  readRollback,
  resumeRollback,
  settleEntry,
  takeRollbacks,
} from "./rollback.ts";
import { isStanding } from "./standing.ts";

/** What an attempt stores of itself while it lives, and what is done with its journal when it has ended. */
export const ATTEMPT = {
  addEntry,
  changeEntries,
  changeNext,
  closeRollback,
  entriesToDo,
  heldByRollbacks,
  isStanding,
  keepEntries,
  leaveToOperator,
  lockRollback,
  markRollback,
  openEntries,
  openRollbacks,
  putLogLines,
  putOffRollback,
  putProgress,
  putVariable,
  quarantineObjectsOf,
  readJournal,
  readRollback,
  releaseObjectsOf,
  resumeRollback,
  settleEntry,
  takeRollbacks,
};
