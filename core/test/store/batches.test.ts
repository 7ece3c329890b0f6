import { describe, expect, onTestFinished, test } from "vitest";
import { Callsheet } from "../../src/index.ts";
import { inBatches } from "../../src/operations/batches.ts";
import { aFloor } from "../fixtures/floor.ts";
import { aProxy, type Stretch } from "../fixtures/proxy.ts";

const MIB = 1_048_576;

/** A node of 40 slots whose handlers wait for each other, and the stretch of network that its words pass. */
async function aNodeBehind(): Promise<{ readonly proxy: Stretch; readonly floor: Awaited<ReturnType<typeof aFloor>> }> {
  const floor = await aFloor({ retry: { limit: 0 } }, { alone: true });
  const proxy = await aProxy(floor.database.url);
  const cs = await Callsheet.open({ databaseUrl: proxy.url, onError: () => {} });
  onTestFinished(() => {
    floor.stage.clear();
    return cs.close();
  });
  await cs.work({ name: "behind", types: [floor.stage.type], slots: 40 });
  await floor.cs.jobs.createMany(
    floor.name,
    Array.from({ length: 40 }, () => ({})),
  );
  await floor.stage.nth(40);
  return { proxy, floor };
}

describe("a statement holds only so much", () => {
  const large = "r".repeat(250_000);

  test.each([
    ["results of attempts that ended at once", (n: number) => `${n}${large}`, "completed"],
    [
      "errors of attempts that failed at once",
      (n: number) => ({ code: "big", message: "m", data: `${n}${large}` }),
      "failed",
    ],
  ])("%s are stored in several", async (_, wordOf, state) => {
    const { proxy, floor } = await aNodeBehind();
    for (const [n, one] of floor.stage.entered.entries()) {
      if (state === "failed") one.throws(wordOf(n));
      else one.returns(wordOf(n));
    }
    const jobs = await floor.cs.jobs.list({ limit: 100 });
    for (const { id } of jobs) expect((await floor.cs.jobs.wait(id)).state).toBe(state);
    expect(proxy.longest).toBeGreaterThan(MIB);
    expect(proxy.longest).toBeLessThan(5 * MIB);
  });

  test("log lines and progress of many attempts are stored in several", async () => {
    const { proxy, floor } = await aNodeBehind();
    for (const { context } of floor.stage.entered) {
      for (let n = 0; n < 40; n++) context.log.info("l".repeat(8_000));
      context.progress(50, "m".repeat(8_000), { large });
    }
    for (const one of floor.stage.entered) one.throws(new Error("over"));
    const jobs = await floor.cs.jobs.list({ limit: 100 });
    for (const { id } of jobs) await floor.cs.jobs.wait(id);
    for (const { id } of jobs.slice(0, 3)) expect(await floor.cs.jobs.log(id)).toHaveLength(40);
    expect(proxy.longest).toBeGreaterThan(MIB);
    expect(proxy.longest).toBeLessThan(5 * MIB);
  });
});

describe("batches", () => {
  const sizes = (batches: readonly (readonly number[])[]) => batches.map((batch) => batch.length);

  test("keep the order, and within both bounds are as few as can be", () => {
    const items = Array.from({ length: 12_000 }, (_, n) => n);
    expect(sizes(inBatches(items, () => 1))).toEqual([5_000, 5_000, 2_000]);
    expect(sizes(inBatches([1, 2, 3, 4, 5], () => 2_000_000))).toEqual([2, 2, 1]);
    expect(inBatches(items, (n) => n * 100).flat()).toEqual(items);
    expect(inBatches([], () => 1)).toEqual([]);
  });

  test("an item above the bound is one of its own", () => {
    expect(inBatches(["a", "large", "b", "c"], (item) => (item === "large" ? 9_000_000 : 10))).toEqual([
      ["a"],
      ["large"],
      ["b", "c"],
    ]);
  });
});
