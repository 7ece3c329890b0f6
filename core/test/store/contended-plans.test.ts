import type { JobLock, Units } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { claimJobs } from "../../src/store/claim.ts";
import { type Candidate, lockCandidates } from "../../src/store/contended.ts";
import type { Line } from "../../src/store/database.ts";
import { completeAlone, completeInLines } from "../../src/store/finish-holders.ts";
import { leaveLines, lockHeld, lockObjects, makeObjects, readObjects, tryObjects } from "../../src/store/objects.ts";
import { standInLine, takeJobs } from "../../src/store/take.ts";
import { takeAlone } from "../../src/store/take-alone.ts";
import { analyse, fill } from "./fill.ts";
import { databaseOfFile } from "./place.ts";
import { otherIndexes, plansOf, readsOfQueue, statementsOf, wholeJoins, wholeScans, wholeSorts } from "./plan.ts";

const file = databaseOfFile();
const ID = "00000000-0000-7000-8000-000000000001";
const KEY = "asset/1";

const candidate = (isPlain: boolean): Candidate => ({
  ...{
    id: ID,
    tid: "(0,1)",
    laneId: 1,
    parentId: null,
    turn: null,
    rank: 3,
    dueAt: "2026-01-01T00:00:00Z",
    isPlain,
    now: new Date(0),
  },
  ...{
    attempt: 1,
    retries: 0,
    ownerId: 1,
    actionVersionId: 1,
    configuration: {},
    mayReferToSecrets: false,
    target: null,
    tags: [],
    size: null,
    variables: null,
  },
  locks: [{ key: KEY, mode: "exclusive" }],
});
const lanes = (isShared: boolean) => [1, 2].map((id) => ({ id, quota: 100, isShared, hasNews: isShared }));
const look = (isShared: boolean, seesObjects: boolean) => (line: Line) =>
  lockCandidates(line, { nodeId: 1, lanes: lanes(isShared), want: 100, running: new Map([[1, 2]]), seesObjects });
const UNIT = { poolId: 1, units: 1 };
const OTHER: JobLock = { key: "asset/other", mode: "exclusive" };
const start = (isPlain: boolean, units: readonly Units[] = []) => ({ candidate: candidate(isPlain), units });
const alone = (further: readonly JobLock[]) => (line: Line) => {
  const { candidate: one, units } = start(true, [UNIT]);
  const starts = [{ candidate: { ...one, locks: [...one.locks, ...further] }, units }];
  return line.transaction((tx) => takeAlone(tx, 1, { starts, most: 1, notMade: [KEY] }));
};
const taking = (isPlain: boolean) => ({ starts: [start(isPlain)], arePoolsLocked: false });
const completion = {
  ...{ token: "1", size: 3, ordinals: [1], ids: [ID], results: [null], offsets: [0] },
  ...{ units: [UNIT], locks: [{ jobId: ID, key: KEY }] },
};

/** What the hot path runs for jobs that contend. */
const STATEMENTS: readonly { name: string; act: (line: Line) => Promise<unknown>; answer?: object; byIds?: true }[] = [
  { name: "candidates", act: look(false, false), answer: { ids: null } },
  { name: "candidates of lanes with guests", act: look(true, false), answer: { ids: null } },
  { name: "candidates and who stands at their objects", act: look(false, true), answer: { ids: null } },
  { name: "candidates of lanes with guests, and who stands", act: look(true, true), answer: { ids: null } },
  { name: "objects made", act: (line) => makeObjects(line, [KEY]) },
  { name: "objects tried", act: (line) => tryObjects(line, [KEY]), answer: { count: 1, locked: null } },
  { name: "objects locked", act: (line) => lockObjects(line, [KEY]) },
  { name: "objects locked where held alone", act: (line) => lockHeld(line, [KEY]), answer: { lined: null } },
  { name: "lines left", act: (line) => leaveLines(line, [KEY]) },
  { name: "lines read", act: (line) => readObjects(line, [KEY]), answer: { key: KEY, quarantine: null, tickets: [] } },
  { name: "members taken", act: (line) => takeJobs(line, 1, taking(true)), answer: { token: "1" }, byIds: true },
  { name: "rows taken", act: (line) => takeJobs(line, 1, taking(false)), answer: { token: "1" }, byIds: true },
  { name: "members taken where nobody stands", act: alone([]), answer: { token: "1", places: null }, byIds: true },
  {
    name: "members taken where nobody stands at several objects",
    act: alone([OTHER]),
    answer: { token: "1", places: null },
    byIds: true,
  },
  { name: "standing in line", act: (line) => standInLine(line, [candidate(true)]) },
  {
    name: "the end of what holds alone",
    act: (line) => completeAlone(line, [completion]),
    byIds: true,
  },
  {
    name: "the end of what stands in lines",
    act: (line) => completeInLines(line, [completion]),
    answer: { count: 1, accepted: null, lined: [KEY], id: ID, keys: [KEY], key: KEY, quarantine: null, tickets: [] },
    byIds: true,
  },
];

const stages = [
  { stage: "empty", prepare: async () => {} },
  { stage: "filled", prepare: () => fill(file.get()) },
  { stage: "analysed", prepare: () => analyse(file.get()) },
];

describe.each(stages)("on $stage tables", ({ prepare }) => {
  test("is prepared", prepare);

  test.each(STATEMENTS)("$name: no big table is read whole, nor all tickets for each job", async (hot) => {
    const plans = await plansOf(file.get(), await statementsOf(hot.act, hot.answer), "hot");
    expect(plans.flatMap(wholeScans)).toEqual([]);
    expect(plans.flatMap(wholeJoins)).toEqual([]);
    if (hot.byIds) expect(plans.flatMap(otherIndexes)).toEqual([]);
  });

  test.each([
    { name: "candidates", act: look(false, false), answer: { ids: null } },
    { name: "candidates and who stands at their objects", act: look(false, true), answer: { ids: null } },
    {
      name: "a claim of plain jobs",
      act: (line: Line) => claimJobs(line, { nodeId: 1, want: 100, lanes: [{ id: 1 }, { id: 2 }] }),
      answer: { ids: null, marks: null },
    },
  ])("$name: the index alone tells which queued jobs are of other lanes, where the server can", async (hot) => {
    const plans = await plansOf(file.get(), await statementsOf(hot.act, hot.answer), "hot");
    const reads = plans.flatMap(readsOfQueue);
    const text = "select current_setting('server_version_num')::int as version";
    const { rows } = await file.get().db.query<{ version: number }>({ text, values: [] });
    const byLane = reads.filter((condition) => condition.includes("lane_id = ANY"));
    expect(reads.length).toBeGreaterThan(0);
    expect(byLane).toHaveLength(rows[0]!.version >= 170_000 ? reads.length : 0);
    expect(plans.flatMap(wholeSorts).filter((table) => table === "work")).toEqual([]);
  });
});
