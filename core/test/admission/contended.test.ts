import { setTimeout as pause } from "node:timers/promises";
import { defineActionType } from "@callsheet/contract";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Callsheet } from "../../src/index.ts";
import { openTestDatabase, type TestDatabase, until } from "../../src/testing/index.ts";
import { checkHoldings, poolOf } from "./holdings.ts";

let database: TestDatabase;
let cs: Callsheet;
beforeEach(async () => {
  database = await openTestDatabase();
  cs = await database.open();
});
afterEach(() => database.close());

/** Handlers that note when they run. */
function witness(ms = 20) {
  const spans: { id: string; target: string | undefined; from: number; to: number; fencing: string }[] = [];
  const type = defineActionType({
    type: "test.witness",
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
