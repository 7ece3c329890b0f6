import { describe, expect, test } from "vitest";
import type { Callsheet, LimitTarget } from "../../src/index.ts";
import { type TestDatabase, until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aFloor, type Floor, inState, refusal } from "../fixtures/floor.ts";

const alone = () => aFloor({}, { alone: true });
const many = ({ cs, name }: Floor, count: number) =>
  cs.jobs.createMany(
    name,
    Array.from({ length: count }, () => ({})),
  );
const states = async ({ cs }: Floor, jobs: readonly { id: string }[]) =>
  (await cs.jobs.getMany(jobs)).filter(({ state }) => state === "running").length;
const told = async (cs: Callsheet) =>
  (await cs.limits.list()).map(({ scope, name, running, used, isInherited }) => [
    scope,
    name,
    running,
    used,
    isInherited,
  ]);

/** What is held, counted from claims and grants, of each pool that has or should have any. */
async function held({ db }: TestDatabase) {
  const { rows } = await db.query<{ name: string; used: number; held: number }>({
    text: `
      select p.name, p.used::int, coalesce(h.units, 0)::int as held from callsheet.pool p left join (
        select pool_id, sum(units) as units from (
          select pool_id, units from callsheet.grant_of_units
          union all
          select u.pool_id, u.units * c.open from callsheet.claim c, unnest(c.pool_ids, c.units) as u (pool_id, units)
        ) all_of_them group by pool_id
      ) h on h.pool_id = p.id where p.used > 0 or h.units > 0`,
    values: [],
  });
  return rows;
}

describe("a limit", () => {
  test.each(["action", "queue", "site"] as const)(
    "of %s bounds how many run, and counts those that ran before it",
    async (scope) => {
      const floor = await aFloor({ queue: "ingest", site: "london" }, { alone: true });
      const { cs, name, stage, database } = floor;
      await cs.work({ name, site: "london", types: [stage.type], slots: 8 });
      const first = await many(floor, 3);
      await stage.nth(3);
      const target: LimitTarget = { [scope]: { action: name, queue: "ingest", site: "london" }[scope] };
      expect(await cs.limits.put(target, { running: 2 })).toEqual({
        ...{ scope, name: target[scope], running: 2, used: 3, isInherited: false },
      });
      expect(await held(database)).toEqual([{ name: target[scope], used: 3, held: 3 }]);
      const later = await many(floor, 3);
      stage.entered[0]!.returns();
      await inState(cs, first[0]!, "completed");
      await until(async () => (await cs.limits.list())[0]!.used === 2);
      expect(await states(floor, later)).toBe(0);
      stage.entered[1]!.returns();
      await stage.nth(4);
      expect(await cs.limits.list()).toMatchObject([{ used: 2 }]);
      await cs.limits.put(target, { running: 4 });
      await stage.nth(6);
      await until(async () => (await states(floor, later)) === 3);
      stage.clear();
      for (const job of [...first, ...later]) await cs.jobs.wait(job);
      expect(await cs.limits.list()).toMatchObject([{ used: 0 }]);
      expect(await held(database)).toEqual([]);
    },
  );

  test("goes, and with it all that is held of it: then as many run as there are slots", async () => {
    const floor = await alone();
    const { cs, name, stage, database, work } = floor;
    await cs.limits.put({ action: name }, { running: 1 });
    await work();
    const jobs = await many(floor, 6);
    await stage.nth(1);
    expect(await told(cs)).toEqual([["action", name, 1, 1, false]]);
    await cs.limits.remove({ action: name });
    await stage.nth(4);
    expect(await held(database)).toEqual([]);
    const { rows } = await database.db.query({ text: "select contended from callsheet.lane", values: [] });
    expect(rows).toEqual([{ contended: false }]);
    stage.clear();
    for (const job of jobs) expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 1 });
  });

  test("is put beside another, on jobs that contend already", async () => {
    const floor = await alone();
    const { cs, name, stage, database, work } = floor;
    await cs.resources.put("tape", { capacity: 3 });
    const job = { needs: { tape: 1 } };
    const jobs = await cs.jobs.createMany(name, [job, job, job, job]);
    await work();
    await stage.nth(3);
    await cs.limits.put({ queue: "default" }, { running: 2 });
    await cs.limits.put({ action: name }, { running: 5 });
    const expected = [name, "default", "tape"].map((of) => ({ name: of, used: 3, held: 3 }));
    expect((await held(database)).toSorted((a, b) => (a.name < b.name ? -1 : 1))).toEqual(
      expected.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    );
    stage.entered[0]!.returns();
    stage.entered[1]!.returns();
    await stage.nth(4);
    await cs.limits.remove({ queue: "default" });
    stage.clear();
    for (const one of jobs) await cs.jobs.wait(one);
    expect(await held(database)).toEqual([]);
  });

  test("for each is a default of those that have none, also of those that come later", async () => {
    const floor = await alone();
    const { cs, name, stage, work } = floor;
    await cs.actions.put({ name: "own", type: stage.type });
    await cs.jobs.create("own", { startAt: null });
    await cs.limits.put({ action: "own" }, { running: 9 });
    await many(floor, 3);
    await cs.limits.put({ action: "*" }, { running: 2 });
    await cs.actions.put({ name: "later", type: stage.type });
    await cs.jobs.create("later", { startAt: null });
    const listed = (standard: number) => [
      ["action", "*", standard, null, false],
      ["action", "later", standard, 0, true],
      ["action", "own", 9, 0, false],
      ["action", name, standard, 0, true],
    ];
    expect(await told(cs)).toEqual(listed(2));
    await cs.limits.put({ action: "*" }, { running: 1 });
    expect(await told(cs)).toEqual(listed(1));
    await work();
    await stage.nth(1);
    await cs.jobs.create("own");
    await stage.nth(2);
    expect((await told(cs)).map(([, of, , used]) => [of, used])).toEqual([
      ...[
        ["*", null],
        ["later", 0],
        ["own", 1],
        [name, 1],
      ],
    ]);
    await cs.limits.put({ action: name }, { running: 2 });
    await stage.nth(3);
    await cs.limits.remove({ action: name });
    expect((await told(cs)).at(-1)).toEqual(["action", name, 1, 2, true]);
    await cs.limits.remove({ action: "*" });
    expect(await told(cs)).toEqual([["action", "own", 9, 1, false]]);
    await stage.nth(4);
  });

  test("follows its action to another name", async () => {
    const { cs, name } = await alone();
    await cs.limits.put({ action: name }, { running: 1 });
    await cs.actions.change(name, { name: "renamed" });
    expect(await told(cs)).toEqual([["action", "renamed", 1, 0, false]]);
  });

  test("is exact from the first moment, whatever starts and ends meanwhile in several processes", async () => {
    const { cs, database } = await alone();
    await cs.actions.put({ name: "witnessed", type: "witnessed" });
    const variables = { TEST_DATABASE: database.url, TEST_WITNESS: aWitness().file };
    const children = ["one", "two"].map((node) => aChild("node-process.mjs", { ...variables, TEST_NODE: node }));
    await Promise.all(children.map((child) => child.says("up")));
    const moment = { configuration: { how: "takes a moment" } };
    for (let round = 1; round <= 3; round += 1) {
      const jobs = await cs.jobs.createMany(
        "witnessed",
        Array.from({ length: 100 }, () => moment),
      );
      await until(async () => (await cs.jobs.count()).completed > (round - 1) * 100 + 10);
      await cs.limits.put({ queue: "default" }, { running: 4 + round });
      let most = Number.POSITIVE_INFINITY;
      for (let look = 0; look < 20; look += 1) {
        const [pool] = await held(database);
        const used = pool?.used ?? 0;
        expect(pool?.held ?? 0).toBe(used);
        expect(used).toBeLessThanOrEqual(most);
        most = Math.max(4 + round, used);
      }
      if (round % 2 === 0) await cs.limits.remove({ queue: "default" });
      for (const job of jobs) expect((await cs.jobs.wait(job)).state).toBe("completed");
      expect(await held(database)).toEqual([]);
    }
  });

  test.each([
    ["invalid_argument", (cs: Callsheet) => cs.limits.put({ queue: "a" }, { running: 0 })],
    ["invalid_argument", (cs: Callsheet) => cs.limits.put({ queue: "a", action: "*" }, { running: 1 })],
    ["invalid_argument", (cs: Callsheet) => cs.limits.put({ node: "a" } as LimitTarget, { running: 1 })],
    ["unknown_action", (cs: Callsheet) => cs.limits.put({ action: "nobody-knows-it" }, { running: 1 })],
    ["unknown_limit", (cs: Callsheet) => cs.limits.remove({ queue: "never-limited" })],
  ])("cannot be just anything: %s", async (code, call) => {
    const { cs } = await aFloor();
    expect(await refusal(() => call(cs))).toMatchObject({ code });
  });
});
