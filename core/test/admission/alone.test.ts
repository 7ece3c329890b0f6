import { afterEach, beforeEach, expect, test } from "vitest";
import type { Callsheet } from "../../src/index.ts";
import type { Claimed } from "../../src/store/claim.ts";
import { isOvertaken } from "../../src/store/failure.ts";
import { anchorMembers } from "../../src/store/finish.ts";
import { openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";
import { aDispatcher, type Dispatcher } from "./dispatcher.ts";
import { watchHoldings } from "./guards.ts";
import { checkHoldings, checkRest, poolOf } from "./holdings.ts";

let database: TestDatabase;
let cs: Callsheet;
let here: Dispatcher;
let there: Dispatcher;
beforeEach(async () => {
  database = await openTestDatabase();
  cs = await database.open();
  await watchHoldings(database);
  await poolOf(database, "licence", 10);
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive", needs: { licence: 1 } });
  [here, there] = [await aDispatcher(database, "here"), await aDispatcher(database, "there")];
});
afterEach(async () => {
  await here.close();
  await there.close();
  await database.close();
});

const create = async (id: string) => (await cs.jobs.create("edit", { target: { type: "asset", id } })).id;
const rows = async (text: string) => (await database.db.query<Record<string, unknown>>({ text, values: [] })).rows;
const tickets = () => rows("select object_key as key, job_id as id, held from callsheet.ticket order by number");
const alone = () => rows("select key, job_id as id, lined from callsheet.object where token is not null order by key");
const placesOf = async () => {
  const [pool] = await rows("select id from callsheet.pool");
  const lanes = await rows("select distinct lane_id as id from callsheet.work");
  return {
    poolId: pool!.id as number,
    lanes: lanes.map(({ id }) => ({ id: id as number, quota: 10, isShared: false, hasNews: false })),
  };
};
const used = async () => Number((await rows("select used from callsheet.pool"))[0]!.used);

test("who finds nobody at an object stands in its row, is listed as its holder, and leaves nothing behind", async () => {
  const id = await create("a");
  const [job] = await here.claim();
  expect(await alone()).toEqual([{ key: "asset/a", id, lined: false }]);
  expect(await tickets()).toEqual([]);
  expect(await used()).toBe(1);
  const items = await cs.locks.list();
  expect(items).toMatchObject([{ key: "asset/a", holders: [{ jobId: id, fencing: job!.token, node: "here" }] }]);
  await checkHoldings(database);
  await here.complete(job!);
  expect(await rows("select key, token, job_id, lined from callsheet.object")).toEqual([
    { key: "asset/a", token: null, job_id: null, lined: false },
  ]);
  await checkRest(database);
});

test("of two who ask at one moment for an object that was never asked for one has it, time and again", async () => {
  for (let round = 0; round < 30; round++) {
    const ids = [await create(`new-${round}`), await create(`new-${round}`)];
    const [first, second] = await Promise.all([here.claim(4), there.claim(4)]);
    await checkHoldings(database);
    expect([...first, ...second].filter(({ id }) => ids.includes(id)).length).toBeLessThan(2);
    for (const job of first) await here.complete(job);
    for (const job of second) await there.complete(job);
  }
});

test("a line begins behind who holds an object alone, and the object is taken alone again when it has ended", async () => {
  const ids = [await create("a"), await create("a"), await create("a")];
  const [first] = await here.claim();
  expect(await there.claim()).toEqual([]);
  expect(await alone()).toEqual([]);
  expect(await tickets()).toEqual([
    { key: "asset/a", id: ids[0], held: true },
    { key: "asset/a", id: ids[1], held: false },
    { key: "asset/a", id: ids[2], held: false },
  ]);
  await checkHoldings(database);
  const order: string[] = [];
  for (let job: Claimed | undefined = first; job; [job] = await there.claim()) {
    order.push(job.id);
    await there.complete(job);
    await checkHoldings(database);
  }
  expect(order).toEqual(ids);
  await create("a");
  const [last] = await here.claim();
  expect(await alone()).toMatchObject([{ id: last!.id }]);
  await here.end(last!, { kind: "failed", error: { code: "broken", message: "It broke." } });
  await checkHoldings(database);
});

test("a job whose object another transaction stands at is left, and the others of its claim start", async () => {
  const ids = [await create("a"), await create("b"), await create("c")];
  await here.complete((await here.claim())[0]!);
  const again = await create("a");
  await database.db.transaction(async (tx) => {
    await tx.query({ text: "select from callsheet.object where key = 'asset/a' for update", values: [] });
    expect((await here.claim(10)).map(({ id }) => id)).toEqual(ids.slice(1));
    expect(await used()).toBe(2);
  });
  expect((await here.claim(10)).map(({ id }) => id)).toEqual([again]);
  await checkHoldings(database);
});

test("units that others took meanwhile undo the whole claim, so that it is decided again", async () => {
  await create("a");
  await create("b");
  await rows("update callsheet.pool set capacity = 1");
  const { poolId, lanes } = await placesOf();
  const hot = await database.store.openHotPath("again");
  const taking = hot.contend(async (tx) => {
    const asked = { nodeId: here.nodeId, lanes, want: 10, running: new Map(), seesObjects: false };
    const { jobs } = await tx.lockCandidates(asked);
    const starts = jobs.map((candidate) => ({ candidate, units: [{ poolId, units: 1 }] }));
    return tx.takeAlone(here.nodeId, { starts, most: 10, notMade: ["asset/a", "asset/b"] });
  });
  const error = await taking.catch((thrown: unknown) => thrown);
  expect(isOvertaken(error)).toBe(true);
  expect(await alone()).toEqual([]);
  expect(await used()).toBe(0);
  expect(await here.claim(10)).toHaveLength(1);
  await checkHoldings(database);
  await hot.close();
});

test("ends that are stored together go through, though a line has formed at one of their objects", async () => {
  const ids = [await create("a"), await create("b")];
  const jobs = await here.claim(2);
  const waiting = await create("a");
  expect(await there.claim()).toEqual([]);
  const hot = await database.store.openHotPath("ends");
  const completion = {
    ...{ token: jobs[0]!.token, size: 2, ids, ordinals: [1, 2], results: [null, null], offsets: [0, 0] },
    ...{ units: jobs[0]!.units!, locks: jobs.flatMap(({ id, locks }) => locks.map(({ key }) => ({ jobId: id, key }))) },
  };
  const { refused, granted } = await hot.completeHolders([completion]);
  expect(refused).toEqual([[]]);
  expect(granted).toMatchObject([{ id: waiting, to: "queued" }]);
  expect(await used()).toBe(0);
  await checkHoldings(database);
  expect((await hot.completeHolders([completion])).refused).toEqual([[1, 2]]);
  await checkHoldings(database);
  await hot.close();
});

test("an end that the fence refuses frees nothing, and neither do those that were to be stored with it", async () => {
  const ids = [await create("a"), await create("b")];
  const [first, second] = await here.claim(2);
  await database.db.transaction((tx) => anchorMembers(tx, first!.token, [ids[0]!]));
  await here.complete(second!);
  expect(await alone()).toMatchObject([{ key: "asset/a", id: ids[0] }]);
  expect(await used()).toBe(1);
  await here.complete(first!);
  await checkRest(database);
});

test("of more jobs that are tried than are wanted the first start, and the objects of the others stay free", async () => {
  const ids = [await create("a"), await create("b"), await create("c")];
  const hot = await database.store.openHotPath("more");
  const { poolId, lanes } = await placesOf();
  const taken = await hot.contend(async (tx) => {
    const asked = { nodeId: here.nodeId, lanes, want: 10, running: new Map(), seesObjects: false };
    const { jobs, objects } = await tx.lockCandidates(asked);
    expect(objects).toEqual([]);
    const starts = jobs.map((candidate) => ({ candidate, units: [{ poolId, units: 1 }] }));
    return tx.takeAlone(here.nodeId, { starts, most: 2, notMade: ["asset/a", "asset/b", "asset/c"] });
  });
  expect(taken.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  expect((await alone()).map(({ id }) => id)).toEqual(ids.slice(0, 2));
  expect(await used()).toBe(2);
  await checkHoldings(database);
  await hot.close();
});

test("who gets one of his objects only is left and does not hold it; who gets all of his starts once", async () => {
  const asset = (id: string) => ({ type: "asset", id });
  await create("b");
  await here.claim();
  const both = async (...ids: string[]) => (await cs.jobs.create("edit", { locks: ids.map(asset) })).id;
  const [, free] = [await both("a", "b"), await both("c", "d")];
  const hot = await database.store.openHotPath("both");
  const { poolId, lanes } = await placesOf();
  const taken = await hot.contend(async (tx) => {
    const asked = { nodeId: there.nodeId, lanes, want: 10, running: new Map(), seesObjects: false };
    const { jobs } = await tx.lockCandidates(asked);
    expect(jobs).toHaveLength(2);
    const starts = jobs.map((candidate) => ({ candidate, units: [{ poolId, units: 1 }] }));
    const notMade = ["a", "c", "d"].map((id) => `asset/${id}`);
    return tx.takeAlone(there.nodeId, { starts, most: 10, notMade });
  });
  expect(taken.map(({ id, ordinal }) => ({ id, ordinal }))).toEqual([{ id: free, ordinal: 1 }]);
  expect((await alone()).filter(({ id }) => id === free).map(({ key }) => key)).toEqual(["asset/c", "asset/d"]);
  expect(await alone()).toHaveLength(3);
  expect(await used()).toBe(2);
  await checkHoldings(database);
  await hot.close();
});

test("all who may have an object together are handed it at once, however many, and nobody behind who wants it alone", async () => {
  await cs.actions.put({ name: "view", type: "test", lock: "shared" });
  const view = async () => (await cs.jobs.create("view", { target: { type: "asset", id: "a" } })).id;
  await create("a");
  const [first] = await here.claim();
  const together: string[] = [];
  while (together.length < 9) together.push(await view());
  expect(await there.claim(20)).toEqual([]);
  await create("a");
  expect(await there.claim(20)).toEqual([]);
  await view();
  expect(await there.claim(20)).toEqual([]);
  await here.complete(first!);
  const handed = await rows("select job_id as id from callsheet.work where state = 'queued' order by turn");
  expect(handed.map(({ id }) => id)).toEqual(together);
  await checkHoldings(database);
});
