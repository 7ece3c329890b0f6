import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aFloor, aType } from "../fixtures/floor.ts";

describe("whoever listens to a node", () => {
  test("is told of each job whose attempt's end is stored, and finds it so", async () => {
    const { cs, troubles } = await aFloor({}, { alone: true });
    const type = aType(({ configuration }) => {
      if (configuration.fails) throw new Error("as asked");
      return "done";
    }, "ends");
    await cs.actions.put({ name: "ends", type, retry: { limit: 0 } });
    const told: string[] = [];
    await cs.work({ name: "ends", types: [type], onStored: (ids) => void told.push(...ids) });
    const jobs = await cs.jobs.createMany("ends", [{}, { configuration: { fails: true } }, {}]);
    await until(() => told.length === 3);
    expect([...told].sort()).toEqual(jobs.map(({ id }) => id).sort());
    expect((await cs.jobs.getMany(jobs)).map(({ state }) => state)).toEqual(["completed", "failed", "completed"]);
    expect(troubles).toEqual([]);
  });

  test("does no harm by failing: the job is stored, and the trouble is reported", async () => {
    const { cs, troubles } = await aFloor({}, { alone: true });
    const type = aType(() => "done", "ends");
    await cs.actions.put({ name: "ends", type });
    const failing = () => {
      throw new Error("a listener's mistake");
    };
    await cs.work({ name: "ends", types: [type], onStored: failing });
    const jobs = await cs.jobs.createMany("ends", [{}, {}]);
    for (const job of jobs) expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 1 });
    await until(() => troubles.length > 0);
    expect(troubles[0]).toMatchObject({ where: "onStored", error: { message: "a listener's mistake" } });
  });
});

test("many jobs are read at once, in the order asked, without those that do not exist", async () => {
  const { cs, create } = await aFloor();
  const [one, two] = [await create(), await create()];
  const none = "0197b6a0-0000-7000-8000-000000000000";
  const found = await cs.jobs.getMany([two, none, one.id]);
  expect(found.map(({ id }) => id)).toEqual([two.id, one.id]);
  await expect(cs.jobs.getMany(["nothing"])).rejects.toMatchObject({ code: "invalid_argument" });
  await expect(cs.jobs.getMany("no list" as never)).rejects.toMatchObject({ code: "invalid_argument" });
});
