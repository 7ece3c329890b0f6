import { JOB_STATES, type JobFilter, SETTLED } from "@callsheet/contract";
import { beforeAll, describe, expect, test } from "vitest";
import {
  admitJobs,
  becomeAdmitter,
  giveWay,
  guestHeads,
  liveByOwner,
  pendingHeads,
  queuedJobs,
} from "../../src/store/admission.ts";
import { claimJobs } from "../../src/store/claim.ts";
import { claimLone } from "../../src/store/claim-lone.ts";
import { addRow, insertJobs, jobsByKey, type NewJob, noRows } from "../../src/store/create.ts";
import type { Line, Queryable } from "../../src/store/database.ts";
import { comeDue, overdueJobs, readAgenda } from "../../src/store/due.ts";
import { anchorMembers, anchorRows, completeMembers } from "../../src/store/finish.ts";
import { readHistory } from "../../src/store/history.ts";
import { lockAttempts, lockJob } from "../../src/store/jobs.ts";
import { liveJobsOf } from "../../src/store/nodes.ts";
import { putProgress } from "../../src/store/progress.ts";
import { listJobs, readJobs, settledAmong } from "../../src/store/read.ts";
import { heldUnits, sizesOf } from "../../src/store/reservation.ts";
import { transition } from "../../src/store/transition.ts";
import { analyse, fill } from "./fill.ts";
import { databaseOfFile } from "./place.ts";
import { otherIndexes, plansOf, statementsOf, type Where, wholeScans, wholeSorts } from "./plan.ts";

const file = databaseOfFile();
const ID = "00000000-0000-7000-8000-000000000001";
const OTHER = "00000000-0000-7000-8000-000000000002";
const DEFAULTS = {
  actionId: 1,
  actionVersionId: 1,
  ownerId: 1,
  laneId: 1,
  rank: 3,
  kind: "job",
  origin: "library",
} as const;

interface Hot {
  readonly name: string;
  readonly on: Where;
  readonly act: (line: Line) => Promise<unknown>;
  /** What the made-up row says that the function reads. */
  readonly answer?: object;
  /** `ids`: rows that the caller named, read by their ids whatever else is asked of them. `lines`: a few of one job. */
  readonly of?: "ids" | "lines";
}

const none = { ids: null, marks: null };
const claimOf = (lanes: number) => (line: Line) =>
  claimJobs(line, { nodeId: 1, want: 100, lanes: Array.from({ length: lanes }, (_, n) => ({ id: n + 1 })) });
const mark = { rank: 3, dueAt: "2026-01-01T00:00:00Z", id: ID };
const creation = (job: Partial<NewJob>) => async (line: Queryable) => {
  const rows = noRows();
  addRow(rows, { id: ID, configuration: "{}", ...job });
  await line.query(insertJobs(rows, DEFAULTS));
};
const completion = { token: "1", size: 3, ordinals: [1, 3], results: [null, "{}"], offsets: [0, 9] };
const named = [{ id: ID, token: "1" }];

const STATEMENTS: readonly Hot[] = [
  { name: "claim of one lane", on: "hot", act: claimOf(1), answer: none },
  { name: "claim of many lanes", on: "hot", act: claimOf(20), answer: none },
  {
    name: "claim from a watermark",
    on: "hot",
    act: (line) => claimJobs(line, { nodeId: 1, want: 100, lanes: [{ id: 1, after: mark }] }),
    answer: none,
  },
  {
    name: "claim of a lone job",
    on: "hot",
    act: (line) => claimLone(line, { nodeId: 1, laneIds: [1, 2, 3], jobId: ID }),
    answer: { token: null },
  },
  {
    name: "completion",
    on: "hot",
    act: (line) => completeMembers(line, [completion]),
    answer: { count: 2, accepted: null },
  },
  { name: "creation", on: "hot", act: creation({}) },
  {
    name: "creation of a lone job",
    on: "hot",
    act: (line) =>
      line.query(
        insertJobs({ ...noRows(), ids: [ID], configurations: ["{}"] }, DEFAULTS, { channel: "c", payload: "p" }),
      ),
  },
  { name: "creation with a key", on: "hot", act: creation({ idempotencyKey: "k", requestHash: "h" }) },
  { name: "creation with a start time", on: "hot", act: creation({ startAt: new Date(0), tags: ["a"] }) },
  { name: "jobs by key", on: "pool", act: (db) => jobsByKey(db, 1, ["key 2", "key 12"]) },
  { name: "come due", on: "duty", act: (db) => comeDue(db, 500) },
  { name: "overdue jobs", on: "duty", act: (db) => overdueJobs(db, 500) },
  { name: "the internal queue", on: "duty", act: queuedJobs },
  { name: "becoming the one who admits", on: "duty", act: becomeAdmitter, answer: { isMine: true } },
  { name: "heads of admission", on: "duty", act: (db) => pendingHeads(db, 1_000, [1]) },
  {
    name: "heads of guests",
    on: "duty",
    act: (db) => guestHeads(db, { limit: 20, owners: 100, seen: [{ laneId: 1, rank: 3, ownerId: 2 }] }),
  },
  { name: "live jobs by owner", on: "duty", act: liveByOwner },
  { name: "units that attempts hold", on: "duty", act: heldUnits },
  { name: "sizes of jobs", on: "duty", act: (db) => sizesOf(db, [ID, OTHER]), of: "ids" },
  { name: "admit", on: "duty", act: (db) => admitJobs(db, [{ id: ID, turn: 1 }]), of: "ids" },
  { name: "give way", on: "duty", act: (db) => giveWay(db, [ID, OTHER]), of: "ids" },
  { name: "lock attempts", on: "pool", act: (db) => lockAttempts(db, named), of: "ids" },
  { name: "lock a job", on: "pool", act: (db) => lockJob(db, ID) },
  { name: "anchor members", on: "pool", act: (db) => anchorMembers(db, "1", [ID]), of: "ids" },
  { name: "anchor rows", on: "pool", act: (db) => anchorRows(db, "1", [ID]), of: "ids" },
  { name: "live jobs of a node", on: "pool", act: (db) => liveJobsOf(db, 7), of: "lines" },
  {
    name: "progress",
    on: "pool",
    act: (db) => putProgress(db, [{ id: ID, token: "1", percent: 1, message: null, stats: null }]),
  },
  ...(["failed", "completed", "retrying", "pending"] as const).map((to): Hot => {
    const event = ({ failed: "fail", completed: "complete", retrying: "back_off", pending: "retry" } as const)[to];
    const act = (db: Queryable) => transition(db, { event, changes: [{ id: ID, to }] });
    return { name: `transition ${event}`, on: "pool", act, of: "ids" };
  }),
  {
    name: "cancel of what has failed",
    on: "pool",
    act: (db) => transition(db, { event: "cancel", changes: [{ id: ID, to: "cancelled" }] }),
    of: "ids",
  },
  { name: "read jobs", on: "pool", act: (db) => readJobs(db, [ID, OTHER]), of: "ids" },
  { name: "read histories", on: "pool", act: (db) => readHistory(db, [ID, OTHER]), of: "ids" },
  { name: "settled among", on: "pool", act: (db) => settledAmong(db, [ID, OTHER]) },
];

const FILTERS: readonly JobFilter[] = [
  {},
  { after: OTHER },
  { limit: 1_000 },
  { action: "action-1" },
  { owner: "somebody" },
  { owner: "nobody" },
  { target: { type: "file", id: "target 10" } },
  { tag: "tag 1" },
  { parentId: ID },
  ...JOB_STATES.map((state) => ({ states: [state] })),
  { states: ["running", "timed_out", "cancelling"] },
  { states: ["failed", "partial"] },
  { states: JOB_STATES },
  { states: SETTLED },
  { states: ["completed", "failed"] },
  { states: ["running"], owner: "somebody" },
];

const stages = [
  { stage: "empty", prepare: async () => {} },
  { stage: "filled", prepare: () => fill(file.get()) },
  { stage: "analysed", prepare: () => analyse(file.get()) },
];

describe.each(stages)("on $stage tables", ({ prepare }) => {
  beforeAll(prepare);

  test.each(STATEMENTS)("$name reads no big table whole and sorts none", async ({ on, act, answer, of }) => {
    const plans = await plansOf(file.get(), await statementsOf(act, answer), on);
    expect(plans.flatMap(wholeScans)).toEqual([]);
    if (of === undefined) expect(plans.flatMap(wholeSorts)).toEqual([]);
    if (of === "ids") expect(plans.flatMap(otherIndexes)).toEqual([]);
  });

  test("what the time asks for never reads the work table whole", async () => {
    const plans = await plansOf(file.get(), await statementsOf(readAgenda, {}), "pool");
    expect(plans.flatMap(wholeScans)).not.toContain("work");
  });

  test.each(FILTERS)("a list by %j need read no big table whole", async (filter) => {
    const statements = await statementsOf((db) => listJobs(db, filter).catch(() => []));
    const plans = await plansOf(file.get(), statements, "list");
    expect(plans.flatMap(wholeScans)).toEqual([]);
  });
});
