import { afterEach, beforeEach, expect, test } from "vitest";
import type { Attempt } from "../../src/engine/attempt.ts";
import { systemEnvironment } from "../../src/engine/environment.ts";
import { Keeping } from "../../src/engine/keeping.ts";
import { COMPLETED } from "../../src/engine/outcome.ts";
import type { Part } from "../../src/engine/part.ts";
import { Reporter } from "../../src/engine/reporter.ts";
import type { Callsheet } from "../../src/index.ts";
import { createCatalogue } from "../../src/operations/catalogue.ts";
import type { Claimed } from "../../src/store/claim.ts";
import { lockCandidates } from "../../src/store/contended.ts";
import { isTransient } from "../../src/store/failure.ts";
import { objectHash } from "../../src/store/keeping.ts";
import { openTestDatabase, type TestDatabase, until } from "../../src/testing/index.ts";
import { aDispatcher, type Dispatcher } from "./dispatcher.ts";
import { watchHoldings } from "./guards.ts";
import { checkHoldings, checkRest } from "./holdings.ts";

let database: TestDatabase;
let cs: Callsheet;
let here: Dispatcher;
let there: Dispatcher;
beforeEach(async () => {
  database = await openTestDatabase();
  cs = await database.open();
  await watchHoldings(database);
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  here = await aDispatcher(database, "here", database.store, { keepsFrom: 1 });
  there = await aDispatcher(database, "there");
});
afterEach(async () => {
  await here.close();
  await there.close();
  await database.close();
});

const asset = (id: string) => ({ type: "asset", id });
const create = async (id: string) => (await cs.jobs.create("edit", { target: asset(id) })).id;
const rows = async (text: string) => (await database.db.query<Record<string, unknown>>({ text, values: [] })).rows;
const object = async (id: string) => {
  const what = "job_id as id, token::text, keeper_id as keeper";
  return (await rows(`select ${what} from callsheet.object where key = 'asset/${id}'`))[0]!;
};
const keepers = () => rows("select node_id as id from callsheet.keeper");
const endKeeping = ({ nodeId }: Dispatcher) => database.store.transaction((tx) => tx.endKeeping(nodeId));
const anchor = ({ token, id }: Claimed) => database.store.transaction((tx) => tx.anchorMembers(token, [id]));
const isKept = ({ nodeId }: Dispatcher) => ({ id: null, keeper: nodeId });
const isTold = ({ id, token }: Claimed) => ({ id, token, keeper: null });
const FREE = { id: null, token: null, keeper: null };
const BROKEN = { kind: "failed", error: { code: "broken", message: "It broke." } } as const;

/** Jobs of one claim hold these objects, which their node keeps since it had them before. */
async function keepsHeld(node: Dispatcher, ...ids: string[]): Promise<readonly Claimed[]> {
  for (let round = 0; round < 20; round++) {
    for (const id of ids) await create(id);
    const jobs = await node.claim(ids.length);
    if (jobs.length === ids.length && jobs.every((job) => job.isKept)) return jobs;
    for (const job of jobs) await node.complete(job);
  }
  throw new Error("The node keeps none.");
}

async function keepsIdle(node: Dispatcher, ...ids: string[]) {
  for (const job of await keepsHeld(node, ...ids)) await node.complete(job);
  for (const id of ids) expect(await object(id)).toMatchObject(isKept(node));
}

/** What a node gets that looks again and again. */
async function claimed(node: Dispatcher): Promise<readonly Claimed[]> {
  for (let round = 0; round < 20; round++) {
    const jobs = await node.claim();
    if (jobs.length > 0) return jobs;
  }
  return [];
}

/** Completes a job while others stand at an object, which it leaves alone. */
const completeBeside = (id: string, node: Dispatcher, job: Claimed) =>
  database.db.transaction(async (tx) => {
    await tx.query({ text: "select from callsheet.object where key = $1 for update", values: [`asset/${id}`] });
    await node.complete(job);
  });

test("what a node keeps and holds another waits for: it is taken back from it, and had when it is free", async () => {
  const [job] = await keepsHeld(here, "a");
  const id = await create("a");
  expect(await claimed(there)).toEqual([]);
  expect(await object("a")).toMatchObject({ keeper: null });
  await checkHoldings(database);
  await here.complete(job!);
  expect(await claimed(there)).toMatchObject([{ id }]);
  await checkHoldings(database);
});

test("what a node keeps and nobody holds another leaves there at first, and has when it has waited for it", async () => {
  await keepsIdle(here, "a");
  const id = await create("a");
  expect(await there.claim()).toEqual([]);
  expect(await claimed(there)).toMatchObject([{ id }]);
  expect(await object("a")).toMatchObject({ id, keeper: null });
  await create("a");
  expect(await here.claim()).toEqual([]);
  await checkHoldings(database);
});

test.each([
  ["failed", BROKEN],
  ["handed back", { kind: "handed_back" }],
] as const)(
  "a job with a row of its own that is %s frees its object, and the rest of its claim stays kept",
  async (_, how) => {
    const [first, second] = await keepsHeld(here, "a", "b");
    const before = await object("b");
    await anchor(first!);
    expect(await object("a")).toMatchObject(isTold(first!));
    expect(await object("b")).toEqual(before);
    await checkHoldings(database);
    await here.end(first!, how);
    expect(await object("a")).toMatchObject(FREE);
    await completeBeside("b", here, second!);
    expect(await object("b")).toEqual(before);
    await checkRest(database);
    await create("a");
    expect(await there.claim()).toHaveLength(1);
  },
);

test("a member that fails, or completes after it was given a row, frees what its node kept", async () => {
  const [first, second] = await keepsHeld(here, "a", "b");
  await here.end(first!, BROKEN);
  expect(await object("a")).toMatchObject(FREE);
  await anchor(second!);
  await here.complete(second!);
  expect(await object("b")).toMatchObject(FREE);
  await checkRest(database);
  for (const id of ["a", "b"]) await create(id);
  expect(await there.claim(2)).toHaveLength(2);
  expect(await here.claim(2)).toEqual([]);
  await checkHoldings(database);
});

test.each(["idle", "held"])(
  "no further job starts at an object that was kept, %s, and is in quarantine",
  async (how) => {
    const [job] = await keepsHeld(here, "a");
    if (how === "idle") await here.complete(job!);
    expect(await object("a")).toMatchObject(isKept(here));
    const holders = how === "held" ? [{ jobId: job!.id }] : [];
    expect(await cs.locks.quarantine(asset("a"))).toMatchObject({ holders, quarantine: { actor: expect.any(String) } });
    const id = await create("a");
    expect(await here.claim()).toEqual([]);
    if (how === "held") await here.complete(job!);
    expect(await here.claim()).toEqual([]);
    expect(await cs.locks.get(asset("a"))).toMatchObject({ holders: [] });
    await checkHoldings(database);
    await cs.locks.release(asset("a"));
    expect(await here.claim()).toMatchObject([{ id }]);
    await checkHoldings(database);
  },
);

test("objects of a failed rollback are in quarantine when that is tried again, if a node came to keep them", async () => {
  const id = await create("a");
  for (const job of await there.claim()) await there.complete(job);
  const quarantine = () => database.store.transaction((tx) => tx.quarantineObjectsOf(id, "It was not undone."));
  let first: Promise<unknown> | undefined;
  await database.db.transaction(async (tx) => {
    const keep = "update callsheet.object set token = nextval('callsheet.token_number'), keeper_id = $1";
    await tx.query({ text: keep, values: [here.nodeId] });
    first = quarantine().catch((thrown: unknown) => thrown);
    const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    await until(async () => (await rows(waiting)).length > 0);
  });
  const error = await first;
  expect(error === undefined || isTransient(error), String(error)).toBe(true);
  await quarantine();
  expect(await rows("select quarantined, keeper_id from callsheet.object")).toEqual([
    { quarantined: true, keeper_id: null },
  ]);
});

test("a node that keeps no more has told who holds what it kept, let go of the rest, and left no row", async () => {
  const [held, idle] = await keepsHeld(here, "a", "b");
  await here.complete(idle!);
  expect(await keepers()).toEqual([{ id: here.nodeId }]);
  await endKeeping(here);
  expect(await object("a")).toMatchObject(isTold(held!));
  expect(await object("b")).toMatchObject(FREE);
  expect(await keepers()).toEqual([]);
  await endKeeping(here);
  await checkHoldings(database);
  const ids = [await create("a"), await create("b")];
  expect(await there.claim(2)).toMatchObject([{ id: ids[1] }]);
  expect(await here.claim(2)).toEqual([]);
  await here.complete(held!);
  expect(await here.claim(2)).toMatchObject([{ id: ids[0] }]);
  await checkHoldings(database);
});

test("what a job holds is told when it is taken over, and its new keeper keeps what nobody holds only", async () => {
  const [held, idle] = await keepsHeld(here, "a", "b");
  await here.complete(idle!);
  const takeOver = ["asset/a", "asset/b"];
  expect(await database.store.transaction((tx) => tx.takeBack(takeOver, there.nodeId))).toEqual(["asset/b"]);
  expect(await object("a")).toMatchObject(isTold(held!));
  expect(await object("b")).toMatchObject(isKept(there));
  await here.complete(held!);
  expect(await object("a")).toMatchObject(FREE);
  await checkRest(database);
});

test.each([
  ["of one owner", false, false],
  ["of the host", true, false],
  ["of guests", true, true],
])(
  "jobs %s whose first object is in use are passed over, but not who was handed his; those that come first are told in any case",
  async (_, isShared, isGuest) => {
    const [job] = await Promise.all([create("d").then(() => there.claim())]).then(([jobs]) => jobs);
    const handed = await create("d");
    expect(await there.claim()).toEqual([]);
    await there.complete(job!);
    const [a, b, unknown, queued] = [await create("a"), await create("b"), await create("a"), await create("a")];
    await rows(`update callsheet.work set object_hash = null where job_id = '${unknown}'`);
    await rows(`update callsheet.work set state = 'queued', turn = 5 where job_id = '${queued}'`);
    if (isGuest) await rows("update callsheet.work set guest = true");
    const [lane] = await rows("select distinct lane_id as id from callsheet.work");
    const lanes = [{ id: lane!.id as number, quota: 10, isShared, hasNews: false }];
    const look = { nodeId: here.nodeId, lanes, want: 10, running: new Map(), seesObjects: true };
    const seen = (...keys: string[]) => lockCandidates(database.db, { ...look, inUse: keys.map(objectHash) });
    const found = async (...keys: string[]) => (await seen(...keys)).jobs.map(({ id }) => id);
    expect(await found()).toHaveLength(5);
    expect(await found("asset/a", "asset/d")).toEqual([handed, b, unknown]);
    expect(await found("asset/b", "asset/x")).toHaveLength(4);
    const first = (await seen("asset/a")).heads.map(({ id, isQueued }) => [id, isQueued]);
    expect([first, (await seen()).heads]).toEqual([
      [
        [a, false],
        [queued, true],
      ],
      [],
    ]);
  },
);

test("jobs that lock several objects, or share one, start on a node that keeps objects without being kept", async () => {
  await cs.actions.put({ name: "view", type: "test", lock: "shared" });
  const [held] = await keepsHeld(here, "a");
  const several = await cs.jobs.create("edit", { locks: [asset("b"), asset("c")] });
  const [first] = await here.claim(5);
  const shared = await cs.jobs.create("view", { target: asset("d") });
  const [second] = await here.claim(5);
  expect([first?.id, second?.id]).toEqual([several.id, shared.id]);
  for (const job of [first!, second!]) expect(job.isKept ?? false).toBe(false);
  const claims = await rows("select kept from callsheet.claim where 'asset/a' <> all(coalesce(kept, '{}'))");
  expect(claims.every(({ kept }) => kept === null)).toBe(true);
  for (const id of ["b", "c"]) expect(await object(id)).toMatchObject({ id: several.id, keeper: null });
  await checkHoldings(database);
  for (const job of [held!, first!, second!]) await here.complete(job);
  await checkRest(database);
});

test("a job that locks two objects starts, though its node keeps one of them and has others to start", async () => {
  await keepsIdle(here, "a", "b");
  const { id } = await cs.jobs.create("edit", { locks: [asset("a"), asset("c")] });
  await until(async () => {
    await create("b");
    const jobs = await here.claim(5);
    for (const job of jobs) await here.complete(job);
    return jobs.some((job) => job.id === id);
  });
  await checkHoldings(database);
});

test("the checker finds nothing wrong with what is kept, held or idle", async () => {
  const jobs = await keepsHeld(here, "a", "b");
  await here.complete(jobs[1]!);
  for (const id of ["a", "b"]) expect(await object(id)).toMatchObject(isKept(here));
  expect((await cs.verify({ most: 1_000 })).findings).toEqual([]);
  await here.complete(jobs[0]!);
  expect((await cs.verify({ most: 1_000 })).findings).toEqual([]);
});

test("a node forgets what a member held that another gave a row of its own while it completed", async () => {
  const { store } = database;
  const environment = systemEnvironment();
  const part = { store, environment, catalogue: createCatalogue(store, environment.monotonic, () => {}) } as Part;
  const keeping = new Keeping(part, () => here.nodeId, { from: 1 });
  const [job] = await keepsHeld(here, "a");
  await keeping.started([job!], 1);
  expect(keeping.alone?.isKept("asset/a")).toBe(true);
  const hot = await store.openHotPath("reports");
  const bus = { publish: () => {}, tellHere: () => {} };
  const onStored = (ids: readonly string[]) => keeping.lose(ids);
  const ends = { part: { ...part, bus } as unknown as Part, keeping, onStored, hot: async () => hot, onLoss: () => {} };
  const reporter = new Reporter(ends);
  await anchor(job!);
  reporter.report({ claimed: job!, id: job!.id, isAnchored: false, offsetMs: 0 } as unknown as Attempt, 1, COMPLETED);
  await reporter.flush();
  await hot.close();
  expect(await object("a")).toMatchObject(FREE);
  expect(keeping.alone?.isKept("asset/a")).toBe(false);
});
