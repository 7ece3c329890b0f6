import { beforeAll, describe, expect, test } from "vitest";
import type { Queryable } from "../../src/store/database.ts";
import { OLD } from "../../src/store/old-occurrences.ts";
import { beginFeed, forgetTold, keepLines, readFeed } from "../../src/store/queue-feed.ts";
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
} from "../../src/store/queue-jobs.ts";
import { readQueueFacts } from "../../src/store/queue-summaries.ts";
import { analyse, fill } from "./fill.ts";
import { databaseOfFile } from "./place.ts";
import { nodesOf, otherIndexes, plansOf, statementsOf, type Where, wholeScans } from "./plan.ts";

const file = databaseOfFile();
const ID = "00000000-0000-7000-8000-000000000001";
const OTHER = "00000000-0000-7000-8000-000000000002";
const QUEUE = 1;

/** A look at the feed that comes after all that is there. */
async function lookAtFeed(db: Queryable) {
  const { rows } = await file.get().db.query<{ snapshot: string; at: Date }>({
    text: "select pg_current_snapshot()::text as snapshot, callsheet.now() as at",
    values: [],
  });
  const { snapshot, at } = rows[0]!;
  return readFeed(db, QUEUE, { snapshot, at, since: at });
}

interface Asked {
  readonly name: string;
  readonly act: (db: Queryable) => Promise<unknown>;
  /** What the made-up row says that the function reads. */
  readonly answer?: object;
  readonly on?: Where;
  /** Rows that the caller named, read by their ids whatever else is asked of them. */
  readonly byIds?: true;
}

const STATEMENTS: readonly Asked[] = [
  { name: "a look at the feed", act: lookAtFeed, answer: { event: "1:1:", at: new Date(0) } },
  { name: "the feed's beginning", act: (db) => beginFeed(db, QUEUE), answer: { snapshot: "1:1:", at: new Date(0) } },
  { name: "lines kept of removed jobs", act: (db) => keepLines(db, QUEUE, [ID, OTHER]), byIds: true },
  { name: "lines forgotten", act: (db) => forgetTold(db, QUEUE) },
  { name: "jobs by id", act: (db) => readQueueJobs(db, QUEUE, [ID, OTHER]), byIds: true },
  { name: "which are a queue's", act: (db) => idsOfQueue(db, QUEUE, [ID, OTHER]), byIds: true },
  { name: "claims of running jobs", act: (db) => claimsOf(db, [ID, OTHER]), byIds: true },
  { name: "a deadline that begins anew", act: (db) => restartDeadline(db, ID), byIds: true },
  { name: "another time", act: (db) => changeDue(db, ID, new Date(0)), byIds: true },
  { name: "a page of jobs", act: (db) => findQueueJobs(db, QUEUE, { after: ID, limit: 10 }) },
  { name: "a page by name", act: (db) => findQueueJobs(db, QUEUE, { name: "one", limit: 10 }) },
  { name: "some of its jobs", act: (db) => someQueueJobs(db, QUEUE, 10) },
  { name: "what was finished long ago", act: (db) => finishedQueueJobs(db, QUEUE, 86_400_000, 10) },
  { name: "whether anything is due", act: (db) => hasDueJobs(db, QUEUE), answer: { hasDue: true } },
  // It reads all that waits; what is asked is whether it need read anything else.
  { name: "facts of queues", act: (db) => readQueueFacts(db, [QUEUE]), on: "list" },
];

/** All of these jobs are a queue's: its indexes are no smaller than others. */
async function fillQueue(): Promise<void> {
  await fill(file.get());
  await file.get().db.query({ text: "update callsheet.job set kind = 'queue'", values: [] });
}

const stages = [
  { stage: "filled", prepare: fillQueue },
  { stage: "analysed", prepare: () => analyse(file.get()) },
];

describe.each(stages)("on $stage tables", ({ prepare }) => {
  beforeAll(prepare);

  test.each(STATEMENTS)("$name: no big table is read whole", async ({ act, answer, on = "pool", byIds }) => {
    const plans = await plansOf(file.get(), await statementsOf(act, answer), on);
    expect(plans.flatMap(wholeScans)).toEqual([]);
    if (byIds) expect(plans.flatMap(otherIndexes)).toEqual([]);
  });
});

test("whether jobs that repeat have old runs is asked of each by its key and of the days before, not of all that it did", async () => {
  const statement = await statementsOf((db) => OLD.repeatingWithOld(db));
  const run = (text: string) => file.get().db.query({ text, values: [] });
  await run("update callsheet.work set seq = 3");
  await run("update callsheet.event set event = 'rearm' where job_id in (select job_id from callsheet.work)");
  await analyse(file.get());
  const nodes = (await plansOf(file.get(), statement, "pool")).flatMap(nodesOf);
  const reads = nodes.filter((node) => node["Relation Name"] === "event_rest");
  expect(reads.map((node) => node["Index Cond"])).toEqual([expect.stringMatching(/job_id = .* AND \(at < /)]);
});
