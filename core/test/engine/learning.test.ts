import { type Durations, durationBucket, observations, sizeClass, UNSIZED } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { Learning } from "../../src/engine/learning.ts";
import type { Part } from "../../src/engine/part.ts";
import type { Observed } from "../../src/store/durations.ts";
import type { TestDatabase } from "../../src/testing/index.ts";
import { aFloor, inState } from "../fixtures/floor.ts";

/** What is known of the durations of an action, by size class. */
async function knownOf({ db, store }: TestDatabase, action: string): Promise<Readonly<Record<string, Durations>>> {
  const { rows } = await db.query<{ id: number }>({
    text: "select id from callsheet.action where name = $1",
    values: [action],
  });
  const known = (await store.readDurations()).filter(({ actionId }) => actionId === rows[0]!.id);
  return Object.fromEntries(known.map(({ sizeClass: number, counts }) => [number, counts]));
}

describe("a node learns how long work takes", () => {
  test("by the size of each job, from those that complete", async () => {
    const { database, cs, create, stage, work, name } = await aFloor();
    const node = await work();
    const jobs = [await create({ size: 5 }), await create({ size: 7 }), await create(), await create()];
    const last = await stage.nth(4);
    const failing = stage.entered[3]!;
    expect(failing).toBe(last);
    failing.throws(new Error("It is not to count."));
    for (const entered of stage.entered.slice(0, 3)) entered.returns();
    for (const job of jobs.slice(0, 3)) await cs.jobs.wait(job);
    await inState(cs, jobs[3]!, "failed");
    // Until then they stand in the node's memory: nothing is written for each job.
    expect(await knownOf(database, name)).toEqual({});
    await node.stop();
    const known = await knownOf(database, name);
    const counts = Object.entries(known).map(([number, histogram]) => [Number(number), observations(histogram)]);
    expect(counts.sort()).toEqual([
      [UNSIZED, 1],
      [sizeClass(5), 2],
    ]);
  });

  test("over all versions of an action", async () => {
    const { database, cs, create, stage, work, name } = await aFloor();
    const node = await work();
    stage.clear();
    await cs.jobs.wait(await create());
    await cs.actions.change(name, { description: "another version" });
    await cs.jobs.wait(await create());
    await node.stop();
    expect(observations((await knownOf(database, name))[UNSIZED]!)).toBe(2);
  });
});

describe("what was observed", () => {
  const seen = { actionVersionId: 1, size: null };
  /** Learning with timers that the test sets off, on a store that may fail. */
  const aLearning = () => {
    const stored: (readonly Observed[])[] = [];
    const sent: string[] = [];
    const timers: (() => void)[] = [];
    const world = { isAway: false };
    const waits: number[] = [];
    const durations = {
      addDurations: async (receipt: string, observed: readonly Observed[]) => {
        sent.push(receipt);
        if (world.isAway) throw new Error("away");
        stored.push(observed);
      },
    };
    const part = {
      store: durations,
      catalogue: { versions: async () => new Map([[1, { actionId: 7 }]]) },
      environment: {
        random: () => 0.5,
        newIncarnation: () => `receipt ${sent.length}`,
        timers: {
          after: (ms: number, call: () => void) => {
            waits.push(ms);
            return { cancel: () => {}, at: timers.push(call) };
          },
        },
      },
      log: { error: () => {} },
    } as unknown as Part;
    return { learning: new Learning(part), stored, sent, timers, waits, world };
  };
  const countsOf = (bucket: number, count: number) => [...Array<number>(bucket).fill(0), count];

  test("is stored by one timer, however many attempts end; at rest there is none", async () => {
    const { learning, stored, timers } = aLearning();
    expect(timers).toHaveLength(0);
    for (let n = 0; n < 1_000; n++) learning.observe(seen, 100);
    expect(timers).toHaveLength(1);
    timers[0]!();
    await learning.store();
    expect(stored).toEqual([[{ actionId: 7, sizeClass: UNSIZED, counts: countsOf(durationBucket(100), 1_000) }]]);
    expect(timers).toHaveLength(1);
  });

  test("is stored by each node at a moment of its own: all add to the same rows", () => {
    const { learning, waits } = aLearning();
    learning.observe(seen, 1);
    expect(waits).toEqual([7_500]);
  });

  test("is over when it is closed: a handler that ends later sets no timer", async () => {
    const { learning, stored, timers } = aLearning();
    learning.observe(seen, 1);
    await learning.close();
    learning.observe(seen, 1);
    expect([stored.length, timers.length]).toEqual([1, 1]);
  });

  test("is kept while the database is away, and goes before the next, under the receipt that it was sent with", async () => {
    const { learning, stored, sent, world } = aLearning();
    world.isAway = true;
    learning.observe(seen, 1);
    await learning.store();
    world.isAway = false;
    learning.observe(seen, 1);
    await learning.store();
    const once = [{ actionId: 7, sizeClass: UNSIZED, counts: [1] }];
    expect(stored).toEqual([once, once]);
    expect(sent[1]).toBe(sent[0]);
    expect(sent[2]).not.toBe(sent[0]);
  });
});
