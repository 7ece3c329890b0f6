import { takeBarrier } from "./barrier.ts";
import { deletePause, putPause, readPauses, settlePauses } from "./pauses.ts";
import {
  countDue,
  countUnstarted,
  holdersOf,
  lockPool,
  needyLanes,
  putPool,
  readResources,
  removePool,
  reportOutside,
  setPoolCapacity,
  setPoolState,
  windowedPools,
} from "./pools.ts";

/** What stands behind the desk of an operator: resources, limits, pauses, locks. */
export const OPERATOR = {
  countDue,
  countUnstarted,
  deletePause,
  holdersOf,
  lockPool,
  needyLanes,
  putPause,
  putPool,
  readPauses,
  readResources,
  removePool,
  reportOutside,
  setPoolCapacity,
  setPoolState,
  settlePauses,
  takeBarrier,
  windowedPools,
};
