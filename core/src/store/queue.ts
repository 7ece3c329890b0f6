import { importJobs } from "./import-jobs.ts";
import { changeData, lockPlaces } from "./jobs.ts";
import { deleteLanes } from "./lanes.ts";
import { resizeNode } from "./nodes.ts";
import { progressOf } from "./progress.ts";
import { beginFeed, forgetTold, keepLines, readFeed, tellQueue } from "./queue-feed.ts";
import {
  changeDue,
  claimsOf,
  findQueueJobs,
  finishedQueueJobs,
  hasDueJobs,
  idsOfQueue,
  readQueueJobs,
  restartDeadline,
  someQueueJobs,
} from "./queue-jobs.ts";
import { countQueueJobs, readQueueFacts } from "./queue-summaries.ts";

/** What only queues and their jobs need. */
export const QUEUE = {
  beginFeed,
  changeData,
  changeDue,
  claimsOf,
  countQueueJobs,
  deleteLanes,
  findQueueJobs,
  finishedQueueJobs,
  forgetTold,
  hasDueJobs,
  idsOfQueue,
  importJobs,
  keepLines,
  lockPlaces,
  progressOf,
  readFeed,
  readQueueFacts,
  readQueueJobs,
  resizeNode,
  restartDeadline,
  someQueueJobs,
  tellQueue,
};
