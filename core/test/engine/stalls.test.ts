import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { defineActionType } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { fastEnvironment } from "../fixtures/fast.ts";
import { aFloor, type Context, eventsOf, inState } from "../fixtures/floor.ts";

/** A second of this test's world, in which a tenth of it passes. */
const STALL_MS = 6_000;
const aStallingFloor = (stallAfterMs?: number | null) =>
  aFloor(stallAfterMs === undefined ? {} : { stallAfterMs }, { alone: true, environment: fastEnvironment() });

describe("an attempt that lives and does not move", () => {
  test("is said to have stalled, in its list, its explanation and its history, until it moves again; nothing is stopped", async () => {
    const { cs, create, stage, work } = await aStallingFloor(STALL_MS);
    await work();
    const job = await create();
    const { context, returns } = await stage.nth(1);
    const stalled = await until(async () => {
      const [now] = await cs.jobs.list();
      return now?.stalledSince ? now : undefined;
    });
    expect(stalled).toMatchObject({ id: job.id, state: "running", attempt: 1 });
    expect(context.signal.aborted).toBe(false);
    const why = await cs.jobs.explain(job);
    expect(why).toMatchObject({ reason: "stalled", details: { stalledSince: stalled.stalledSince!.toISOString() } });
    expect(why.sentence).toContain("Nothing is stopped.");
    context.progress(10);
    await until(async () => (await cs.jobs.get(job)).stalledSince === null);
    expect(await cs.jobs.explain(job)).toMatchObject({ reason: "running" });
    await until(async () => (await cs.jobs.get(job)).stalledSince !== null);
    returns("late");
    expect(await inState(cs, job, "completed")).toMatchObject({ result: "late", attempt: 1, stalledSince: null });
    expect(await eventsOf(cs, job)).toEqual(["create", "stall", "stall_end", "stall", "complete"]);
    const [, , first] = await cs.jobs.history(job);
    expect(first).toMatchObject({
      event: "stall",
      from: "running",
      to: "running",
      attempt: 1,
      data: { silentMs: expect.any(Number) },
    });
  });

  test("does so where its type says so, unless its action says that it never does", async () => {
    const { cs, stage, name } = await aStallingFloor();
    const type = defineActionType({ ...stage.type, type: `${name}-typed`, stallAfterMs: STALL_MS });
    await cs.actions.put({ name: "typed", type });
    await cs.actions.put({ name: "patient", type, stallAfterMs: null });
    await cs.work({ name: "typed", types: [type], slots: 2 });
    const [patient, typed] = [await cs.jobs.create("patient"), await cs.jobs.create("typed")];
    await stage.nth(2);
    await until(async () => (await cs.jobs.get(typed)).stalledSince !== null);
    stage.clear();
    await inState(cs, patient, "completed");
    expect(await eventsOf(cs, patient)).not.toContain("stall");
  });

  test("does so though it says again and again what it has said", async () => {
    const { cs, create, stage, work } = await aStallingFloor(STALL_MS);
    await work();
    const job = await create();
    const { context } = await stage.nth(1);
    let count = 0;
    const says = setInterval(() => context.progress(50, "encoding", { speed: count++ }), 20);
    await until(async () => (await cs.jobs.get(job)).stalledSince !== null).finally(() => clearInterval(says));
  });
});

describe("an attempt does not stall", () => {
  const SIGNS: readonly (readonly [string, (context: Context) => Promise<() => unknown>])[] = [
    [
      "whose percentage grows",
      async ({ progress }) => {
        let n = 0;
        return () => {
          n += 0.01;
          progress(n, "encoding");
        };
      },
    ],
    [
      "whose log goes on",
      async ({ log }) =>
        () =>
          log.info("still here"),
    ],
    [
      "whose output grows, however slowly, below its workspace",
      async ({ workspace }) => {
        const file = join(await workspace(), "out");
        return () => appendFileSync(file, ".");
      },
    ],
  ];

  test.each(SIGNS)("%s", async (_, sign) => {
    const { cs, create, stage, work } = await aStallingFloor(STALL_MS);
    await work({ slots: 2 });
    const moving = await create();
    const { context, returns } = await stage.nth(1);
    const move = await sign(context);
    const moves = setInterval(move, 20);
    const still = await create();
    await stage.nth(2);
    // The one beside it, which began later and shows nothing, has stalled: so would this one have.
    await until(async () => (await cs.jobs.get(still)).stalledSince !== null).finally(() => clearInterval(moves));
    expect((await cs.jobs.get(moving)).stalledSince).toBeNull();
    returns();
    await inState(cs, moving, "completed");
    expect(await eventsOf(cs, moving)).toEqual(["create", "complete"]);
  });
});
