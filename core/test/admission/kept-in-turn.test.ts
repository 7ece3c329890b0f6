import { expect, onTestFinished, test } from "vitest";
import type { Claimed } from "../../src/store/claim.ts";
import { openTestDatabase } from "../../src/testing/index.ts";
import { aDispatcher } from "./dispatcher.ts";
import { checkRest } from "./holdings.ts";

test("where a node keeps objects none stands in line because many wait for one that somebody holds: that would end the keeping", async () => {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const cs = await database.open();
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  const there = await aDispatcher(database, "there");
  const here = await aDispatcher(database, "here", database.store, { keepsFrom: 1, time: "stands still" });
  for (const node of [here, there]) onTestFinished(() => node.close());
  const create = (id: string, count = 1) =>
    cs.jobs.createMany(
      "edit",
      Array.from({ length: count }, () => ({ target: { type: "asset", id } })),
    );
  await create("held");
  const [held] = await there.claim();
  let own: Claimed | undefined;
  while (!own?.isKept) {
    if (own) await here.complete(own);
    await create("own");
    [own] = await here.claim();
  }
  await here.complete(own);
  await create("held", 30);
  const [{ id }] = (await create("own")) as [{ id: string }];
  expect(await here.claim(40)).toEqual([expect.objectContaining({ id, isKept: true })]);
  const text = "select count(*)::int as lined from callsheet.object where lined";
  expect((await database.db.query({ text, values: [] })).rows).toEqual([{ lined: 0 }]);
  await there.complete(held!);
});

test("many jobs of one object that the node keeps come in turn: none stands in line, and the object stays kept", async () => {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const cs = await database.open();
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  const here = await aDispatcher(database, "here", database.store, { keepsFrom: 1, time: "stands still" });
  onTestFinished(() => here.close());
  const target = { type: "asset", id: "a" };
  let first: Claimed | undefined;
  while (!first?.isKept) {
    if (first) await here.complete(first);
    await cs.jobs.create("edit", { target });
    [first] = await here.claim();
  }
  await here.complete(first);
  const jobs = await cs.jobs.createMany(
    "edit",
    Array.from({ length: 30 }, () => ({ target })),
  );
  for (const { id } of [...jobs].sort((one, other) => (one.id < other.id ? -1 : 1))) {
    const claimed = await here.claim(30);
    expect(claimed).toEqual([expect.objectContaining({ id, isKept: true })]);
    await here.complete(claimed[0]!);
  }
  await here.close();
  await database.store.transaction((tx) => tx.endKeeping(here.nodeId));
  await checkRest(database);
});
