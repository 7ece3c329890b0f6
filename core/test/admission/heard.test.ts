import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { aNode } from "../../src/testing/index.ts";
import { aClaimer } from "./claimer.ts";

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
