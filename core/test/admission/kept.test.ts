import { afterEach, beforeEach, expect, test } from "vitest";
import type { Callsheet } from "../../src/index.ts";
import type { Claimed } from "../../src/store/claim.ts";
import { type Candidates, lockCandidates } from "../../src/store/contended.ts";
import type { LineTransaction, Queryable } from "../../src/store/database.ts";
import { isOvertaken } from "../../src/store/failure.ts";
import type { HotPath } from "../../src/store/hot-path.ts";
import { takeAlone } from "../../src/store/take-alone.ts";
import { aNode, openTestDatabase, type TestDatabase, until } from "../../src/testing/index.ts";
import { watchHoldings } from "./guards.ts";
import { checkHoldings, checkRest } from "./holdings.ts";

/** A node that keeps what it takes: its number, that by which it takes, and what it remembers of objects. */
interface Keeper {
  readonly nodeId: number;
  readonly changes: string;
  readonly keys: Set<string>;
  readonly hot: HotPath;
}

let database: TestDatabase;
let cs: Callsheet;
let here: Keeper;
const keepers: Keeper[] = [];
beforeEach(async () => {
  database = await openTestDatabase();
  cs = await database.open();
  await watchHoldings(database);
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  await cs.actions.put({ name: "free", type: "test" });
  here = await aKeeper("here");
});
afterEach(async () => {
  for (const { hot } of keepers.splice(0)) await hot.close();
  await database.close();
});

async function aKeeper(name: string): Promise<Keeper> {
  const nodeId = await aNode(database, name);
  const hot = await database.store.openHotPath(name);
  const keeper = { nodeId, hot, changes: await database.store.openKeeper(nodeId), keys: new Set<string>() };
  keepers.push(keeper);
  return keeper;
}

const asset = (id: string) => ({ type: "asset", id });
const create = async (id: string) => (await cs.jobs.create("edit", { target: asset(id) })).id;
const rows = async (text: string) => (await database.db.query<Record<string, unknown>>({ text, values: [] })).rows;
const object = async (id: string) => {
  const what = "key, token::text, job_id as id, keeper_id as keeper, ctid::text, xmin::text";
  return (await rows(`select ${what} from callsheet.object where key = 'asset/${id}'`))[0]!;
};
const kept = () => rows("select ids, kept from callsheet.claim order by token");
const changes = async ({ nodeId }: Keeper) =>
  (await rows(`select changes::text as changes from callsheet.keeper where node_id = ${nodeId}`))[0]?.changes;
const holders = () =>
  rows("select object_key as key, job_id as id, token::text, mode from callsheet.line where held order by object_key");
const takeBack = (keys: readonly string[], newKeeper?: number) =>
  database.store.transaction((tx) => tx.takeBack(keys, newKeeper));
const someoneWaits = () =>
  until(async () => {
    const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    return (await rows(waiting)).length > 0;
  });
const isTold = ({ id, token }: Claimed) => ({ id, token, keeper: null });
const isKeptIdle = ({ nodeId }: Keeper) => ({ id: null, keeper: nodeId });
const FREE = { id: null, token: null, keeper: null };

async function candidatesOf(db: Queryable, { nodeId }: Pick<Keeper, "nodeId">): Promise<Candidates> {
  const { rows: lanes } = await db.query<{ id: number }>({
    text: "select distinct lane_id as id from callsheet.work",
    values: [],
  });
  const asked = lanes.map(({ id }) => ({ id, quota: 10, isShared: false, hasNews: false }));
  return lockCandidates(db, { nodeId, lanes: asked, want: 10, running: new Map(), seesObjects: false });
}

/** `keeps`: whether it takes as one that keeps objects. */
type Taking = { readonly most?: number; readonly keeps?: boolean };

/** A transaction that what is sent last leaves open. */
const within = (tx: Queryable): LineTransaction => ({
  query: (statement) => tx.query(statement),
  last: (statements) => Promise.all(statements.map((one) => tx.query(one))),
});

async function take(tx: LineTransaction, keeper: Keeper, { most = 10, keeps = true }: Taking = {}) {
  const { jobs } = await candidatesOf(tx, keeper);
  const starts = jobs.map((candidate) => ({ candidate, units: [] }));
  const notMade = jobs.flatMap(({ locks }) => locks.map(({ key }) => key));
  const keeping = { changes: keeper.changes, isKept: (key: string) => keeper.keys.has(key) };
  return takeAlone(tx, keeper.nodeId, { starts, most, notMade, ...(keeps ? { keeping } : {}) });
}

/** Jobs that wait start on a node, at objects which it remembers not to be held. */
async function claim(keeper: Keeper, taking: Taking = {}): Promise<readonly Claimed[]> {
  const line = await database.db.line("takes");
  try {
    const taken = await line.transaction((tx) => take(tx, keeper, taking));
    for (const { isKept, locks } of taken) if (isKept) for (const { key } of locks) keeper.keys.add(key);
    return taken;
  } finally {
    await line.close();
  }
}

/** Completes members of one claim of so many together. */
const end = ({ hot }: Keeper, jobs: readonly Claimed[], size = jobs.length) =>
  hot.completeHolders([
    {
      ...{ token: jobs[0]!.token, size, ids: jobs.map(({ id }) => id), ordinals: jobs.map(({ ordinal }) => ordinal) },
      ...{ results: jobs.map(() => null), offsets: jobs.map(() => 0), isKept: true },
      locks: jobs.flatMap(({ id, locks }) => locks.map(({ key }) => ({ jobId: id, key }))),
    },
  ]);

/** Completes them while others stand at these objects: nothing waits that leaves the objects alone. */
const endBeside = (keys: readonly string[], keeper: Keeper, jobs: readonly Claimed[], size?: number) =>
  database.db.transaction(async (tx) => {
    await tx.query({ text: "select from callsheet.object where key = any($1) for update", values: [keys] });
    expect((await end(keeper, jobs, size)).refused).toEqual([[]]);
  });

/** The node keeps these objects, and nobody holds them. */
async function keepsIdle(keeper: Keeper, ...ids: string[]) {
  for (const id of ids) await create(id);
  const jobs = await claim(keeper);
  await end(keeper, jobs);
  for (const id of ids) expect(await object(id)).toMatchObject(isKeptIdle(keeper));
}

/** The node keeps these objects, and jobs of one claim hold them. */
async function keepsHeld(keeper: Keeper, ...ids: string[]): Promise<readonly Claimed[]> {
  for (const id of ids) await create(id);
  const jobs = await claim(keeper);
  expect(jobs).toHaveLength(ids.length);
  expect(jobs.every(({ isKept }) => isKept)).toBe(true);
  return jobs;
}

test("what a claim keeps stands in the claim, where its holders are seen, and is taken again without a write", async () => {
  const jobs = await keepsHeld(here, "a", "b");
  const ids = jobs.map(({ id }) => id);
  const token = jobs[0]!.token;
  expect(await kept()).toEqual([{ ids, kept: ["asset/a", "asset/b"] }]);
  const before = [await object("a"), await object("b")];
  expect(before).toMatchObject([isKeptIdle(here), isKeptIdle(here)]);
  const held = ids.map((id, n) => ({ key: `asset/${"ab"[n]}`, id, token, mode: "exclusive" }));
  expect(await holders()).toEqual(held);
  const listed = held.map(({ key, id }) => ({ key, holders: [{ jobId: id, fencing: token, node: "here" }] }));
  expect(await cs.locks.list()).toMatchObject(listed);
  expect(await cs.locks.list({ jobId: ids[1]! })).toMatchObject([listed[1]]);
  expect(await cs.locks.get(asset("a"))).toMatchObject(listed[0]!);
  await checkHoldings(database);
  await endBeside(["asset/a", "asset/b"], here, [jobs[0]!], 2);
  expect(await holders()).toEqual([held[1]]);
  expect(await cs.locks.get(asset("a"))).toMatchObject({ holders: [] });
  await endBeside(["asset/a", "asset/b"], here, [jobs[1]!], 2);
  await checkRest(database);
  expect(await cs.locks.list()).toEqual([]);
  const again = await keepsHeld(here, "a", "b");
  expect(BigInt(again[0]!.token)).toBeGreaterThan(BigInt(token));
  expect(await holders()).toMatchObject(again.map(({ id }) => ({ id, token: again[0]!.token })));
  await checkHoldings(database);
  await endBeside(["asset/a", "asset/b"], here, again);
  expect([await object("a"), await object("b")]).toEqual(before);
});

test("of jobs that are tried in one claim those that start are told beside what each of them locks", async () => {
  const there = await aKeeper("there");
  await create("b");
  await claim(there, { keeps: false });
  const [a, , free, c] = [await create("a"), await create("b"), (await cs.jobs.create("free")).id, await create("c")];
  await create("d");
  const jobs = await claim(here, { most: 3 });
  const keys = new Map([
    [a, "asset/a"],
    [free, null],
    [c, "asset/c"],
  ]);
  const ids = jobs.map(({ id }) => id);
  expect(new Set(ids)).toEqual(new Set(keys.keys()));
  expect((await kept()).at(-1)).toEqual({ ids, kept: ids.map((id) => keys.get(id)) });
  expect(await object("d")).toMatchObject(FREE);
  await checkHoldings(database);
  await endBeside(["asset/a", "asset/c"], here, jobs);
});

test.each(["held", "idle"])("what a node keeps, %s, no other takes", async (how) => {
  const there = await aKeeper("there");
  const jobs = await keepsHeld(here, "a");
  if (how === "idle") await end(here, jobs);
  const id = await create("a");
  for (const keeps of [false, true]) expect(await claim(there, { keeps })).toEqual([]);
  expect(await object("a")).toMatchObject(isKeptIdle(here));
  await checkHoldings(database);
  if (how === "held") await end(here, jobs);
  expect(await claim(here)).toMatchObject([{ id, isKept: true }]);
});

test("who holds what is taken back stands in its row until he ends, and the keeper takes nothing by its old number", async () => {
  const jobs = await keepsHeld(here, "a", "b");
  const ids = jobs.map(({ id }) => id);
  const before = await object("b");
  expect(await takeBack(["asset/a"])).toEqual([]);
  expect(await object("a")).toMatchObject(isTold(jobs[0]!));
  expect(await object("b")).toEqual(before);
  expect(await kept()).toEqual([{ ids, kept: [null, "asset/b"] }]);
  expect(await changes(here)).toBe(`${BigInt(here.changes) + 1n}`);
  await checkHoldings(database);
  await create("c");
  const error = await claim(here).catch((thrown: unknown) => thrown);
  expect(isOvertaken(error)).toBe(true);
  expect(await kept()).toHaveLength(1);
  expect((await end(here, jobs)).refused).toEqual([[]]);
  expect(await object("a")).toMatchObject(FREE);
  expect(await object("b")).toMatchObject(isKeptIdle(here));
  await checkRest(database);
});

test("what nobody holds is free when it is taken back, or kept by another, and what nobody keeps stays as it is", async () => {
  const there = await aKeeper("there");
  await keepsIdle(here, "a", "b", "c");
  await claim(there, { keeps: false });
  expect(await takeBack(["asset/unknown"])).toEqual([]);
  expect(await takeBack([])).toEqual([]);
  expect(await changes(here)).toBe(here.changes);
  expect(await takeBack(["asset/a", "asset/unknown"])).toEqual(["asset/a"]);
  expect(await object("a")).toMatchObject(FREE);
  expect(await takeBack(["asset/b", "asset/a"], there.nodeId)).toEqual(["asset/b"]);
  expect(await object("a")).toMatchObject(FREE);
  expect(await object("b")).toMatchObject(isKeptIdle(there));
  expect(await object("c")).toMatchObject(isKeptIdle(here));
  expect(await changes(here)).toBe(`${BigInt(here.changes) + 2n}`);
  expect(await changes(there)).toBe(there.changes);
  there.keys.add("asset/b");
  await keepsHeld(there, "b");
  await create("a");
  expect(await claim(there, { keeps: false })).toHaveLength(1);
  await takeBack(["asset/a"]);
  expect(await changes(here)).toBe(`${BigInt(here.changes) + 2n}`);
  await checkHoldings(database);
});

test("a node sees how many objects each other one keeps, and some of them", async () => {
  const there = await aKeeper("there");
  const elsewhere = (most: number) => database.store.keptElsewhere(here.nodeId, most);
  await keepsIdle(here, "a", "b");
  expect(await elsewhere(9)).toEqual([]);
  await keepsIdle(there, "c", "d", "e");
  const [all, some] = [(await elsewhere(9))[0]!, (await elsewhere(2))[0]!];
  expect(all).toMatchObject({ nodeId: there.nodeId, count: 3 });
  expect([...all.keys].sort()).toEqual(["asset/c", "asset/d", "asset/e"]);
  expect(some).toMatchObject({ nodeId: there.nodeId, count: 3 });
  expect(some.keys).toHaveLength(2);
});

test("a node whose row is gone takes nothing that it kept, and what it kept can be taken back", async () => {
  await keepsIdle(here, "b");
  const [job] = await keepsHeld(here, "a");
  await rows("delete from callsheet.keeper");
  await create("b");
  const error = await claim(here).catch((thrown: unknown) => thrown);
  expect(isOvertaken(error)).toBe(true);
  expect(await takeBack(["asset/a", "asset/b"])).toEqual(["asset/b"]);
  expect(await object("a")).toMatchObject(isTold(job!));
  await end(here, [job!]);
  for (const id of ["a", "b"]) expect(await object(id)).toMatchObject(FREE);
});

test("who takes an object back waits for a take that is under way, and tells the holder that it made", async () => {
  await keepsIdle(here, "a");
  const id = await create("a");
  let taking: Promise<readonly string[]> | undefined;
  const [job] = await database.db.transaction(async (tx) => {
    const taken = await take(within(tx), here);
    taking = takeBack(["asset/a"]);
    await someoneWaits();
    return taken;
  });
  expect(await taking).toEqual([]);
  expect(job).toMatchObject({ id, isKept: true });
  expect(await object("a")).toMatchObject(isTold(job!));
  await checkHoldings(database);
  await end(here, [job!]);
  expect(await object("a")).toMatchObject(FREE);
});

test("a take that begins while an object is taken back waits until it is, and fails", async () => {
  await keepsIdle(here, "a");
  await create("a");
  let taking: Promise<unknown> | undefined;
  await database.store.transaction(async (tx) => {
    await tx.takeBack(["asset/a"]);
    taking = claim(here).catch((thrown: unknown) => thrown);
    await someoneWaits();
  });
  expect(isOvertaken(await taking)).toBe(true);
  expect(await object("a")).toMatchObject(FREE);
  await checkRest(database);
});

test("a node that is told to keep no more, while it takes its first objects, keeps none of those either", async () => {
  await create("a");
  let ending: Promise<void> | undefined;
  await database.db.transaction(async (tx) => {
    await take(within(tx), here);
    ending = database.store.transaction((other) => other.endKeeping(here.nodeId));
    await someoneWaits();
  });
  await ending;
  expect(await rows("select key from callsheet.object where keeper_id is not null")).toEqual([]);
});
