import { expect, onTestFinished, test } from "vitest";
import { openTestDatabase } from "../../src/testing/index.ts";
import { aDispatcher } from "./dispatcher.ts";
import { checkRest } from "./holdings.ts";

const OBJECTS = ["a", "b", "c", "d", "e", "f", "g", "h"];
const TAKEN = ["a", "b", "c", "d", "e", "f"];

test("a claim from which others take object by object starts the rest, and its node still knows what it keeps", async () => {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const cs = await database.open();
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  let left: string[] = [];
  const takeOne = async () => {
    const id = left.shift();
    if (id) await database.store.transaction((tx) => tx.takeBack([`asset/${id}`], there.nodeId));
  };
  const here = await aDispatcher(database, "here", database.store, { keepsFrom: 1, meanwhile: takeOne });
  const there = await aDispatcher(database, "there");
  for (const node of [here, there]) onTestFinished(() => node.close());
  const startAll = async () => {
    await cs.jobs.createMany(
      "edit",
      OBJECTS.map((id) => ({ target: { type: "asset", id } })),
    );
    return here.claim(OBJECTS.length);
  };
  const completeAll = async (jobs: Awaited<ReturnType<typeof startAll>>) => {
    for (const job of jobs) await here.complete(job);
  };
  for (let round = 0, kept = 0; kept < OBJECTS.length; round++) {
    expect(round).toBeLessThan(20);
    const jobs = await startAll();
    kept = jobs.filter(({ isKept }) => isKept).length;
    await completeAll(jobs);
  }
  left = [...TAKEN];
  const jobs = await startAll();
  expect(left).toEqual([]);
  const keys = jobs.map(({ locks, isKept }) => `${locks[0]?.key} ${isKept}`);
  expect(keys).toEqual(["asset/g true", "asset/h true"]);
  await completeAll(jobs);
  for (const node of [here, there]) await database.store.transaction((tx) => tx.endKeeping(node.nodeId));
  await checkRest(database);
});
