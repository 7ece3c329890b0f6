import { describe, expect, onTestFinished, test } from "vitest";
import { Callsheet, type CallsheetOptions } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aFloor, type Floor, inState, refusal } from "../fixtures/floor.ts";
import { aProxy, type Direction, type Stretch } from "../fixtures/proxy.ts";

/** Short enough for a test, long enough for a server that is busy. */
const PATIENCE = { connect: 2_000, hot: 700, usual: 700, bulk: 700 };

/** A floor, and a second Callsheet that reaches its database by a proxy. */
async function aFloorBehind(
  options: CallsheetOptions = {},
): Promise<{ readonly floor: Floor; readonly proxy: Stretch; readonly cs: Callsheet }> {
  const floor = await aFloor({}, { alone: true });
  const proxy = await aProxy(floor.database.url);
  const cs = await Callsheet.open({ databaseUrl: proxy.url, patience: PATIENCE, onError: () => {}, ...options });
  onTestFinished(() => {
    floor.stage.clear();
    return cs.close();
  });
  return { floor, proxy, cs };
}

describe("a connection on which nothing comes back", () => {
  const DIRECTIONS: readonly (readonly [name: string, directions: readonly Direction[]])[] = [
    ["that takes words and delivers none", ["up"]],
    ["that delivers words and brings back no answer", ["down"]],
    ["that is dead both ways", ["up", "down"]],
  ];

  test.each(DIRECTIONS)("%s is given up; what was under way is done on a new one, once", async (_, directions) => {
    const { floor, proxy, cs } = await aFloorBehind();
    const { stage, name } = floor;
    await cs.work({ name: "behind", types: [stage.type], slots: 2 });
    await cs.jobs.create(name);
    const first = await stage.nth(1);

    const trouble = async (act: () => void) => {
      const before = proxy.missing;
      proxy.swallow(...directions);
      act();
      await until(() => proxy.missing > before, { what: "A word that was swallowed" });
      proxy.flow();
    };
    let creating: Promise<{ id: string }> | undefined;
    await trouble(() => {
      creating = cs.jobs.create(name, { tags: ["second"] });
    });
    await trouble(() => first.returns("first"));
    const { id } = await creating!;
    const second = await stage.nth(2);
    expect(second.context.job.id).toBe(id);
    second.returns("second");
    expect(await cs.jobs.wait(id)).toMatchObject({ state: "completed", result: "second" });
    expect(await cs.jobs.count()).toMatchObject({ completed: 2 });
    expect(stage.entered).toHaveLength(2);
  });

  test("ends a read with database_lost, and keeps nobody from closing", async () => {
    const { floor, proxy, cs } = await aFloorBehind();
    const { id } = await floor.create();
    await cs.jobs.get(id);
    proxy.swallow("up", "down");
    expect((await refusal(() => cs.jobs.get(id))).code).toBe("database_lost");
    await cs.close();
  });

  test("and a new one that is never answered, end the opening with database_lost", async () => {
    const { database } = await aFloor();
    const proxy = await aProxy(database.url);
    proxy.swallow("down");
    const patience = { connect: 300 };
    const error = await refusal(() => Callsheet.open({ databaseUrl: proxy.url, patience, onError: () => {} }));
    expect(error).toMatchObject({ code: "database_lost", message: expect.stringMatching(/cannot be reached/) });
    expect(proxy.count).toBeGreaterThan(0);
  });

  test("is given up by a writer too, who is told that the outcome is not known", async () => {
    const { floor, proxy, cs } = await aFloorBehind();
    const { id } = await floor.create({ startAt: new Date(Date.now() + 3_600_000) });
    await cs.jobs.get(id);
    proxy.swallow("down");
    expect((await refusal(() => cs.jobs.hold(id))).code).toBe("database_lost");
    proxy.flow();
    expect(["scheduled", "paused"]).toContain((await cs.jobs.get(id)).state);
  });
});

describe("a claim that reaches the server after its connection was given up", () => {
  test("takes nothing: its session was ended before the node went on", async () => {
    const { floor, proxy, cs } = await aFloorBehind();
    const { stage, name } = floor;
    await cs.work({ name: "behind", types: [stage.type], slots: 1 });
    await cs.jobs.create(name);
    (await stage.nth(1)).returns();
    await until(async () => (await floor.cs.jobs.count()).completed === 1);
    proxy.hold();
    const [one, two] = [await floor.create(), await floor.create()];
    const second = await stage.nth(2);
    await proxy.release();
    second.returns();
    const third = await stage.nth(3);
    expect(new Set([second.context.job.id, third.context.job.id])).toEqual(new Set([one.id, two.id]));
    third.returns();
    for (const job of [one, two]) await inState(floor.cs, job, "completed");
  });
});

describe("connections that broke while they were idle", () => {
  test("a read or an operation goes on, on a new one, at once", async () => {
    const { floor, proxy, cs } = await aFloorBehind();
    const { id } = await floor.create({ startAt: new Date(Date.now() + 3_600_000) });
    await Promise.all([cs.jobs.get(id), cs.jobs.get(id), cs.jobs.count()]);
    expect(proxy.strand()).toBeGreaterThan(0);
    expect(await cs.jobs.get(id)).toMatchObject({ state: "scheduled" });
    await Promise.all([cs.jobs.get(id), cs.jobs.get(id), cs.jobs.count()]);
    expect(proxy.strand()).toBeGreaterThan(0);
    await cs.jobs.hold(id);
    expect(await cs.jobs.get(id)).toMatchObject({ state: "paused" });
  });
});
