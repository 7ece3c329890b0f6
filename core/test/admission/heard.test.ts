import { setTimeout } from "node:timers/promises";
import type { JobInput } from "@callsheet/contract";
import { expect, onTestFinished, test } from "vitest";
import { Claimer } from "../../src/engine/claimer.ts";
import type { ClaimerOptions } from "../../src/engine/claiming.ts";
import { systemEnvironment } from "../../src/engine/environment.ts";
import { Keeping, type KeepingOptions } from "../../src/engine/keeping.ts";
import type { Part } from "../../src/engine/part.ts";
import { Scouts } from "../../src/engine/scouts.ts";
import { createCatalogue } from "../../src/operations/catalogue.ts";
import { endAttempts } from "../../src/operations/end.ts";
import type { Claimed } from "../../src/store/claim.ts";
import type { HotPath } from "../../src/store/hot-path.ts";
import { aNode, openTestDatabase } from "../../src/testing/index.ts";

/** A claimer on a database of its own. `meanwhile` is done once, between the answer of the next look at jobs that contend, at plain ones, or at pools, and its arrival. */
async function aClaimer({ keeps = {}, ...time }: { keeps?: KeepingOptions; monotonic?: () => number } = {}) {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const [{ store }, environment] = [database, { ...systemEnvironment(), ...time }];
  const cs = await database.open();
  const nodeId = await aNode(database, "here");
  const hot = await store.openHotPath("here");
  onTestFinished(() => hot.close());
  const meanwhile = { look: nothing, plain: nothing, pools: nothing };
  const after = async <T>(answer: Promise<T>, what: keyof typeof meanwhile) => {
    const answered = await answer;
    const work = meanwhile[what];
    meanwhile[what] = nothing;
    await work();
    return answered;
  };
  const contend: HotPath["contend"] = (work) => after(hot.contend(work), "look");
  const claim: HotPath["claim"] = (request) => after(hot.claim(request), "plain");
  const readPools: typeof store.readPools = (...asked) => after(store.readPools(...asked), "pools");
  const catalogue = createCatalogue(store, environment.monotonic, () => {});
  const scouts = new Scouts({ environment, census: { processes: 1 } });
  const part = { store: { ...store, readPools }, environment, scouts, catalogue } as unknown as Part;
  const keeping = new Keeping(part, () => nodeId, keeps);
  const claimer = new Claimer({
    ...{ part, keeping },
    ...{ nodeId: () => nodeId, name: "here", site: "default", capabilities: new Set(), running: () => new Map() },
    ...{
      codes: new Map([["test", { version: 1 }]]),
      hot: async () => ({ ...hot, contend, claim }),
      onHungry: () => {},
    },
  } as unknown as ClaimerOptions);
  let count = 0;
  const create = async (action: string, priority: JobInput["priority"] = "normal", asset = `${count++}`) =>
    (await cs.jobs.create(action, { target: { type: "asset", id: asset }, priority })).id;
  const ask = async <Row extends object>(text: string) => (await database.db.query<Row>({ text, values: [] })).rows[0]!;
  const hear = async (jobId: string, rank = 3) => {
    const { laneId } = await ask<{ laneId: number }>(
      `select lane_id as "laneId" from callsheet.job where id = '${jobId}'`,
    );
    claimer.hear({ kind: "lane", laneId, rank, jobId, isNew: true });
  };
  const claimed = async (want = 1) => (await claimer.claim(want, false)).jobs.map((job) => job.id);
  /** Completes the only member of the only claim, which gives its units back, and tells the claimer. */
  const complete = async (id: string) => {
    const { token, pool } = await ask<{ token: string; pool: number }>(
      "select token::text, pool_ids[1] as pool from callsheet.claim",
    );
    await endAttempts(store, catalogue, [{ id, token, isMember: true, ending: { kind: "completed" } }], () => 0.5);
    claimer.hear({ kind: "pool", poolId: pool });
  };
  /** Completes the only member of a claim, as its node does. */
  const completeHere = async ({ id, token, locks, isKept = false }: Claimed) => {
    const held = { locks: locks.map(({ key }) => ({ jobId: id, key })), isKept };
    await hot.completeHolders([
      { token, size: 1, ids: [id], ordinals: [1], results: [null], offsets: [0], units: [], ...held },
    ]);
    if (isKept) keeping.freed(held.locks);
  };
  return {
    ...{ keeping, completeHere },
    ...{ cs, database, store, meanwhile, create, hear, claimed, complete },
    claim: () => claimer.claim(1, false),
  };
}

const nothing = async () => {};

test("a job that is heard of while nothing is found yet is found by the next look", async () => {
  const { cs, meanwhile, create, hear, claimed } = await aClaimer();
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  const first = await create("edit");
  expect(await claimed()).toEqual([first]);
  let id: string | undefined;
  meanwhile.look = async () => {
    id = await create("edit");
    await hear(id);
  };
  expect(await claimed()).toEqual([]);
  expect(await claimed()).toEqual([id]);
});

test("so is one that is heard of while pools are read and all lanes that were known are paused", async () => {
  const { cs, meanwhile, create, hear, claimed } = await aClaimer();
  for (const name of ["edit", "mix"]) await cs.actions.put({ name, type: "test", lock: "exclusive" });
  await create("edit");
  await cs.pauses.pause({ action: "edit" });
  let id: string | undefined;
  meanwhile.pools = async () => {
    id = await create("mix");
    await hear(id);
  };
  expect(await claimed()).toEqual([]);
  expect(await claimed()).toEqual([id]);
});

test.each([
  ["plain", "none"],
  ["look", "exclusive"],
] as const)(
  "a better job that is heard of while a look is under way goes before those behind it: %s",
  async (look, lock) => {
    const { cs, meanwhile, create, hear, claimed } = await aClaimer();
    await cs.actions.put({ name: "edit", type: "test", lock });
    const [first, second] = [await create("edit"), await create("edit")];
    let better: string | undefined;
    meanwhile[look] = async () => {
      better = await create("edit", "high");
      await hear(better, 2);
    };
    expect(await claimed()).toEqual([first]);
    expect(await claimed()).toEqual([better]);
    expect(await claimed()).toEqual([second]);
  },
);

test("units that come back while a look is under way are taken by the next, though it had passed over who needs them", async () => {
  const { cs, meanwhile, create, claimed, complete } = await aClaimer();
  await cs.resources.put("licence", { capacity: 1 });
  await cs.actions.put({ name: "edit", type: "test", needs: { licence: 1 } });
  const [first, second] = [await create("edit"), await create("edit")];
  meanwhile.look = () => complete(first);
  expect(await claimed(2)).toEqual([first]);
  expect(await claimed(2)).toEqual([second]);
});

test("a job behind many that wait for objects is reached within a few looks, however few are wanted", async () => {
  const { cs, create, claimed } = await aClaimer();
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  const assets = ["a", "b", "c"];
  const holders = [];
  for (const asset of assets) holders.push(await create("edit", "normal", asset));
  expect(await claimed(3)).toEqual(holders);
  for (let n = 0; n < 10; n++) for (const asset of assets) await create("edit", "normal", asset);
  const id = await create("edit");
  const found = [];
  for (let look = 0; look < 4; look++) found.push(...(await claimed()));
  expect(found).toEqual([id]);
});

test("units are held back of jobs behind: they are looked at ever more seldom, each time further, and not again once all were", async () => {
  const { cs, store, meanwhile, create, claim, claimed } = await aClaimer();
  await cs.resources.put("licence", { capacity: 3 });
  for (const [name, licence] of [
    ["wide", 3],
    ["narrow", 1],
  ] as const)
    await cs.actions.put({ name, type: "test", needs: { licence } });
  const first = await create("narrow");
  expect(await claimed()).toEqual([first]);
  const wide = await create("wide");
  const [pool] = await store.allPools();
  const reservation = { poolId: pool!.id, jobId: wide, units: 3, until: null, spare: 0 };
  await store.putReservations([{ poolId: pool!.id, used: 1, reservation }]);
  // Of a lane that owners share nothing is passed over for good.
  for (const owner of ["ada", "bob"])
    await cs.as(owner).jobs.createMany(
      "narrow",
      Array.from({ length: 60 }, () => ({})),
    );
  let looks = 0;
  const again = [];
  for (let n = 0; n < 20; n++) {
    meanwhile.look = async () => {
      looks += 1;
    };
    const { jobs, mayHoldMore, againMs } = await claim();
    expect([jobs, mayHoldMore]).toEqual([[], false]);
    if (againMs !== undefined) again.push(againMs);
  }
  expect(again).toEqual([10, 20, 40, 80, 160].slice(0, again.length));
  expect(again.length).toBeGreaterThan(0);
  expect(looks).toBe(again.length + 1);
});

test("a job whose object another node keeps is looked at again, though nothing is heard of it, and starts within moments", async () => {
  const { cs, database, store, create, claim, claimed, complete } = await aClaimer();
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  const first = await create("edit", "normal", "a");
  expect(await claimed()).toEqual([first]);
  await complete(first);
  const there = await aNode(database, "there");
  await store.openKeeper(there);
  const text = "update callsheet.object set keeper_id = $1, token = 1";
  await database.db.query({ text, values: [there] });
  const id = await create("edit", "normal", "a");
  const found: string[] = [];
  for (let looks = 0; found.length === 0 && looks < 50; looks++) {
    const { jobs, mayHoldMore, againMs } = await claim();
    found.push(...jobs.map((job) => job.id));
    if (found.length > 0 || mayHoldMore) continue;
    expect(againMs).toEqual(expect.any(Number));
    await setTimeout(againMs);
  }
  expect(found).toEqual([id]);
});

test("a look at all jobs that sees none but those of another node's objects goes on at once where the one before it found others, and not a second time", async () => {
  let now = 0;
  const { cs, database, store, keeping, completeHere, create, hear, claim } = await aClaimer({
    keeps: { from: 1 },
    monotonic: () => now,
  });
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  const start = async () => {
    const [job] = (await claim()).jobs;
    if (job) await completeHere(job);
    return job;
  };
  const startsOwn = async () => {
    await hear(await create("edit", "normal", "own"));
    return start();
  };
  await create("edit", "normal", "theirs");
  await start();
  const there = await aNode(database, "there");
  await store.openKeeper(there);
  const text = "update callsheet.object set keeper_id = $1, token = 1, job_id = null where key = 'asset/theirs'";
  await database.db.query({ text, values: [there] });
  while (!(await startsOwn())?.isKept);
  for (let n = 0; n < 9; n++) await hear(await create("edit", "high", "theirs"), 2);
  const lookAtAll = async () => {
    keeping.lookAtAll();
    const { jobs, mayHoldMore } = await claim();
    expect(jobs).toEqual([]);
    return mayHoldMore;
  };
  await lookAtAll();
  now += 10;
  expect(await startsOwn()).toMatchObject({ isKept: true });
  expect([await lookAtAll(), await lookAtAll()]).toEqual([true, false]);
});
