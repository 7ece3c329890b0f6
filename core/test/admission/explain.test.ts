import { ADMISSION_RULES, defineActionType } from "@callsheet/contract";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Callsheet } from "../../src/index.ts";
import { openTestDatabase, type TestDatabase, until } from "../../src/testing/index.ts";
import { poolOf } from "./holdings.ts";

let database: TestDatabase;
let cs: Callsheet;
const ends: (() => void)[] = [];
const patient = defineActionType({
  type: "test.patient",
  version: 1,
  configuration: z.object({}),
  run: () => new Promise<void>((resolve) => void ends.push(resolve)),
});

beforeEach(async () => {
  // Whoever stood in line behind a job that ended last may have begun before everything was closed.
  ends.length = 0;
  database = await openTestDatabase();
  cs = await database.open();
});
afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await database.close();
});
const running = (id: string) => until(async () => (await cs.jobs.get(id)).state === "running");

describe("why a job that contends does not start", () => {
  test("the units are in use: by whom, and until when they are expected to be", async () => {
    await poolOf(database, "transcode", 1);
    const action = await cs.actions.put({ name: "encode", type: patient, needs: { transcode: 1 }, timeoutMs: 60_000 });
    await cs.work({ name: "here", types: [patient], slots: 8 });
    const first = await cs.jobs.create(action);
    await running(first.id);
    const second = await cs.jobs.create(action);
    const told = await cs.jobs.explain(second);
    expect(told).toMatchObject({
      reason: "resource_full",
      sentence: "It needs 1 unit of transcode, and 1 of 1 are in use.",
      details: { resource: "transcode", used: 1, capacity: 1, wanted: 1 },
      blockers: [first.id],
    });
    const { startedAt } = await cs.jobs.get(first);
    expect(told.forecast!.p50.getTime()).toBeGreaterThan(startedAt!.getTime());
    expect(told.forecast!.p10.getTime()).toBeLessThanOrEqual(told.forecast!.p90.getTime());
    ends.shift()!();
    await running(second.id);
  });

  test("its object is locked: by whom, and its place in line", async () => {
    const action = await cs.actions.put({ name: "edit", type: patient, lock: "exclusive" });
    await cs.work({ name: "here", types: [patient], slots: 8 });
    const target = { type: "asset", id: "A-17" };
    const first = await cs.jobs.create(action, { target });
    await running(first.id);
    const others = await cs.jobs.createMany(action, [{ target }, { target }]);
    await until(async () => (await cs.jobs.count()).waiting_for_lock === 2);
    expect(await cs.jobs.explain(others[1]!)).toMatchObject({
      state: "waiting_for_lock",
      reason: "waiting_for_lock",
      sentence: `It waits for asset/a-17, which job ${first.id} has locked. It is number 2 in line.`,
      blockers: [first.id],
      noForecast: "unknown_durations",
    });
    expect((await cs.jobs.explain(others[0]!)).sentence).toContain("It is next in line.");
  });

  test("a rule that is replaced changes what is explained and what is claimed", async () => {
    await poolOf(database, "transcode", 1);
    const action = await cs.actions.put({ name: "encode", type: patient, needs: { transcode: 1 } });
    const { paused } = ADMISSION_RULES;
    ADMISSION_RULES.paused = ({ id }) => ({ reason: "lane_paused", pause: `not ${id}` });
    try {
      await cs.work({ name: "here", types: [patient], slots: 8 });
      const job = await cs.jobs.create(action);
      await until(async () => (await cs.jobs.count()).queued === 1);
      expect(await cs.jobs.explain(job)).toMatchObject({
        reason: "lane_paused",
        sentence: `It is paused with all its kind: not ${job.id}.`,
      });
      expect(ends).toEqual([]);
      ADMISSION_RULES.paused = paused;
      await running(job.id);
    } finally {
      ADMISSION_RULES.paused = paused;
    }
  });
});
