import { setTimeout as pause } from "node:timers/promises";
import { defineActionType } from "@callsheet/contract";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Callsheet } from "../../src/index.ts";
import { openTestDatabase, type TestDatabase, until } from "../../src/testing/index.ts";
import { fastEnvironment } from "../fixtures/fast.ts";
import { aFloor } from "../fixtures/floor.ts";
import { aDispatcher } from "./dispatcher.ts";
import { checkHoldings, checkRest, poolOf } from "./holdings.ts";

let database: TestDatabase;
let cs: Callsheet;
beforeEach(async () => {
  database = await openTestDatabase();
  cs = await database.open();
});
afterEach(() => database.close());

/** Handlers that note when they run. */
function witness(ms = 20, name = "test.witness") {
  const spans: { id: string; target: string | undefined; from: number; to: number; fencing: string }[] = [];
  const type = defineActionType({
    type: name,
    version: 1,
    configuration: z.object({}),
    run: async (ctx) => {
      const from = performance.now();
      await pause(ms);
      spans.push({ id: ctx.job.id, target: ctx.target?.id, from, to: performance.now(), fencing: ctx.fencing });
    },
  });
  return { type, spans };
}

const most = (spans: readonly { from: number; to: number }[]) =>
  Math.max(...spans.map((span) => spans.filter(({ from, to }) => from <= span.from && span.from < to).length));

describe("units", () => {
  test("are never overdrawn, and all back at the end", async () => {
    await poolOf(database, "transcode", 2);
    const { type, spans } = witness();
    const action = await cs.actions.put({ name: "encode", type, needs: { transcode: 1 } });
    await cs.jobs.createMany(
      action,
      Array.from({ length: 12 }, () => ({})),
    );
    await cs.work({ name: "here", types: [type], slots: 8 });
    await until(() => spans.length === 12);
    expect(most(spans)).toBe(2);
    await until(async () => (await cs.jobs.count()).completed === 12);
    await checkHoldings(database);
  });
});

describe("locks", () => {
  test("one job at an object at a time, in the order in which they asked, each with a greater number", async () => {
    const { type, spans } = witness();
    const action = await cs.actions.put({ name: "edit", type, lock: "exclusive" });
    const target = { type: "asset", id: "A-17" };
    const jobs = await cs.jobs.createMany(
      action,
      Array.from({ length: 8 }, () => ({ target })),
    );
    await cs.work({ name: "here", types: [type], slots: 8 });
    await until(async () => (await cs.jobs.count()).completed === 8, { deadlineMs: 20_000 });
    expect(most(spans)).toBe(1);
    expect(spans.map(({ id }) => id)).toEqual(jobs.map(({ id }) => id));
    const numbers = spans.map(({ fencing }) => Number(fencing));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    await checkHoldings(database);
  });
});

describe("a node", () => {
  test("takes jobs of different needs at once, and stores their ends together", async () => {
    const { database, cs, create, stage, work, troubles } = await aFloor({}, { alone: true });
    for (const name of ["p1", "p2"]) await poolOf(database, name, 10);
    for (let n = 0; n < 10; n++) {
      await create({ needs: { p1: 1 } });
      await create({ needs: { p2: 2 } });
    }
    await work({ slots: 20 });
    // Five of the second kind find no room until others of it have ended.
    await stage.nth(15);
    stage.clear();
    await until(async () => (await cs.jobs.count()).completed === 20);
    await checkRest(database);
    expect(troubles).toEqual([]);
  });

  test("runs who was passed over while there was none, though nobody gives anything back", async () => {
    const { type, spans } = witness(0, "test");
    await cs.actions.put({ name: "edit", type, lock: "exclusive" });
    const target = { type: "asset", id: "A-17" };
    await cs.jobs.createMany("edit", [{ target }, { target }]);
    const before = await aDispatcher(database, "before");
    const [first] = await before.claim();
    expect(await before.claim()).toEqual([]);
    await database.store.endNode(before.nodeId, "gone", "it was stopped");
    await before.complete(first!);
    await before.close();
    await checkHoldings(database);
    await cs.work({ name: "after", types: [type] });
    await until(async () => (await cs.jobs.count()).completed === 2);
    expect(spans).toHaveLength(1);
    await checkRest(database);
  });

  test("that was declared dead ends no job by what its handlers say later, and gives nothing back twice", async () => {
    const { database, cs, create, stage, work } = await aFloor(
      { lock: "exclusive", retry: { limit: 0, delayMs: 10, jitter: 0 } },
      { alone: true, environment: fastEnvironment() },
    );
    const node = await work({ slots: 2 });
    const job = await create({ target: { type: "asset", id: "A-17" } });
    const first = await stage.nth(1);
    await database.db.query({ text: "update callsheet.node set state = 'dead', ended_at = now()", values: [] });
    const second = await stage.nth(2);
    expect(BigInt(second.context.fencing)).toBeGreaterThan(BigInt(first.context.fencing));
    first.returns("a late word");
    await until(() => node.refused === 1, { what: "The count of refused words" });
    await checkHoldings(database);
    expect((await cs.jobs.get(job)).state).toBe("running");
    second.returns("the answer");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: "the answer", attempt: 2 });
    await checkRest(database);
  });
});
