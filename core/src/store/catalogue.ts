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

/** Actions, lanes, owners and settings: what every process knows by heart, and reads again when it has changed. */
export const CATALOGUE = {
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
};
