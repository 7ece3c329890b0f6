import { describe, expect, test } from "vitest";
import { type TestDatabase, until } from "../../src/testing/index.ts";
import { aFloor, type Floor, inState } from "../fixtures/floor.ts";

const MINUTE_MS = 60_000;
const PRIORITIES = ["lowest", "low", "normal", "high", "highest", "urgent"] as const;

/** A node with one slot, which is taken. */
async function aBusyFloor(): Promise<Floor> {
  const floor = await aFloor({}, { alone: true });
  await floor.create();
  await floor.work({ slots: 1 });
  await floor.stage.nth(1);
  return floor;
}

/** Lets one handler after the other end; answers the jobs in the order in which they began, without the first. */
async function orderOf({ stage }: Floor, count: number): Promise<string[]> {
  for (let n = 1; n <= count; n++) {
    stage.entered[n - 1]!.returns();
    await stage.nth(n + 1);
  }
  return stage.entered.slice(1).map(({ context }) => context.job.id);
}

async function counted(database: TestDatabase): Promise<{ queued: number; pending: number; running: number }> {
  const { queued, pending, running } = await database.store.countStates();
  return { queued, pending, running };
}

describe("with one slot, jobs begin", () => {
  test("by their priority, then by when they were due", async () => {
    const floor = await aBusyFloor();
    const ids = new Map<string, string>();
    for (const n of [1, 2])
      for (const priority of PRIORITIES) ids.set((await floor.create({ priority })).id, `${priority} ${n}`);
    await until(async () => (await counted(floor.database)).queued === 12);
    const began = (await orderOf(floor, 12)).map((id) => ids.get(id));
    expect(began).toEqual([...PRIORITIES].reverse().flatMap((priority) => [`${priority} 1`, `${priority} 2`]));
  });

  test("by what they have become by waiting: one level for each step, up to highest", async () => {
    const floor = await aFloor({}, { alone: true });
    await floor.cs.configure({ ageingStepMs: 10 * MINUTE_MS });
    const clock = await floor.database.stopClock();
    await floor.create();
    await floor.work({ slots: 1 });
    await floor.stage.nth(1);
    const old = await floor.create({ priority: "lowest" });
    await clock.advance(31 * MINUTE_MS);
    const [low, high, urgent] = [
      await floor.create({ priority: "low" }),
      await floor.create({ priority: "highest" }),
      await floor.create({ priority: "urgent" }),
    ];
    // Lowest has become high: behind the urgent and the highest one, before the low one.
    await until(async () => (await counted(floor.database)).queued === 4);
    expect(await orderOf(floor, 4)).toEqual([urgent.id, high.id, old.id, low.id]);
  });

  test("never before a better one that has waited as long, however old they are", async () => {
    const floor = await aFloor({}, { alone: true });
    await floor.cs.configure({ ageingStepMs: MINUTE_MS });
    const clock = await floor.database.stopClock();
    await floor.create();
    await floor.work({ slots: 1 });
    await floor.stage.nth(1);
    const lowest = await floor.create({ priority: "lowest" });
    await clock.advance(1_000 * MINUTE_MS);
    const urgent = await floor.create({ priority: "urgent" });
    const highest = await floor.create({ priority: "highest" });
    await until(async () => (await counted(floor.database)).queued === 3);
    expect(await orderOf(floor, 3)).toEqual([urgent.id, lowest.id, highest.id]);
  });
});

describe("the internal queue", () => {
  test("holds as many jobs as its capacity, the others wait outside", async () => {
    const floor = await aBusyFloor();
    await floor.cs.configure({ queueCapacity: 5 });
    const jobs = await floor.cs.jobs.createMany(
      floor.name,
      Array.from({ length: 20 }, () => ({})),
    );
    await until(async () => (await counted(floor.database)).queued === 5);
    expect(await counted(floor.database)).toEqual({ queued: 5, pending: 15, running: 1 });
    // The next takes a place in it; the bound holds.
    floor.stage.entered[0]!.returns();
    await floor.stage.nth(2);
    await until(async () => (await counted(floor.database)).queued === 5);
    expect(await counted(floor.database)).toEqual({ queued: 5, pending: 14, running: 1 });
    expect((await orderOf(floor, 20)).sort()).toEqual(jobs.map(({ id }) => id).sort());
  });

  test("lets a worse job give way to a better one, and runs it in the end", async () => {
    const floor = await aBusyFloor();
    await floor.cs.configure({ queueCapacity: 2 });
    const [a, b] = [await floor.create(), await floor.create()];
    await inState(floor.cs, a, "queued");
    await inState(floor.cs, b, "queued");
    const better = await floor.create({ priority: "high" });
    await inState(floor.cs, better, "queued");
    expect((await floor.cs.jobs.get(b)).state).toBe("pending");
    expect(await counted(floor.database)).toEqual({ queued: 2, pending: 1, running: 1 });
    expect(await orderOf(floor, 3)).toEqual([better.id, a.id, b.id]);
  });

  test("never starves a free slot: a node takes what waits outside", async () => {
    const floor = await aFloor({}, { alone: true });
    await floor.cs.configure({ queueCapacity: 1 });
    await floor.cs.jobs.createMany(
      floor.name,
      Array.from({ length: 30 }, () => ({})),
    );
    const node = await floor.work({ slots: 30 });
    await floor.stage.nth(30);
    expect(node.running).toBe(30);
  });

  test("filled by jobs that no node can run keeps nobody else waiting", async () => {
    const floor = await aFloor({}, { alone: true });
    await floor.cs.configure({ queueCapacity: 3 });
    await floor.cs.actions.put({ name: "orphaned", type: "nobody-runs-it" });
    await floor.cs.jobs.createMany(
      "orphaned",
      Array.from({ length: 10 }, () => ({ priority: "urgent" as const })),
    );
    await floor.work();
    await until(async () => (await counted(floor.database)).queued === 3);
    const job = await floor.create({ priority: "lowest" });
    expect((await floor.stage.nth(1)).context.job.id).toBe(job.id);
  });
});

describe("the slots of a node", () => {
  test("are all used and never exceeded", async () => {
    const floor = await aFloor({}, { alone: true });
    const node = await floor.work({ slots: 3 });
    await floor.cs.jobs.createMany(
      floor.name,
      Array.from({ length: 60 }, () => ({})),
    );
    let ended = 0;
    let most = 0;
    while (ended < 60) {
      await floor.stage.nth(Math.min(60, ended + 3));
      most = Math.max(most, floor.stage.entered.length - ended, node.running);
      floor.stage.entered[ended++]!.returns();
    }
    expect(most).toBe(3);
  });
});
