import { describe, expect, test } from "vitest";
import type { Callsheet } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aFloor, refusal } from "../fixtures/floor.ts";

const alone = async () => aFloor({}, { alone: true });
const named = async (cs: Callsheet) => (await cs.resources.list()).map(({ name, place }) => [name, place]);

describe("a resource", () => {
  test("is put, changed and read; the same again changes nothing", async () => {
    const { cs, database } = await alone();
    const definition = { capacity: 2, tags: ["gpu"], description: "encoder sessions", external: {} };
    const first = await cs.resources.put("nvenc", definition);
    expect(first).toMatchObject({
      ...{ name: "nvenc", scope: "cluster", place: null, state: "started", capacity: 2, effectiveCapacity: 2, used: 0 },
      ...{ tags: ["gpu"], description: "encoder sessions", external: { staleAfterMs: 60_000, whenStale: "keep" } },
      ...{ outside: null, reserved: null, neverStart: [], holders: [], waiting: 0 },
    });
    const version = () => database.db.query({ text: "select xmin::text from callsheet.pool", values: [] });
    const before = await version();
    expect(await cs.resources.put("nvenc", definition)).toEqual(first);
    expect(await version()).toEqual(before);
    expect(await cs.resources.put("nvenc", { capacity: 3 })).toMatchObject({ capacity: 3, tags: [], external: null });
    expect(await cs.resources.setCapacity("nvenc", 1)).toMatchObject({ capacity: 1, effectiveCapacity: 1 });
  });

  test("of a site or a node stands beside the cluster's of that name", async () => {
    const { cs } = await alone();
    await cs.resources.put("tape", { capacity: 1 });
    await cs.resources.put("tape", { capacity: 2, site: "london" });
    await cs.resources.put("tape", { capacity: 3, node: "Edit-01.local" });
    expect(await named(cs)).toEqual([
      ["tape", null],
      ["tape", "Edit-01.local"],
      ["tape", "london"],
    ]);
    expect(await cs.resources.get("tape", { site: "london" })).toMatchObject({ capacity: 2, scope: "site" });
    await cs.resources.remove("tape", { node: "Edit-01.local" });
    expect(await refusal(() => cs.resources.get("tape", { node: "Edit-01.local" }))).toMatchObject({
      code: "unknown_resource",
      details: { resource: "tape", scope: "node", place: "Edit-01.local" },
    });
  });

  test("is stopped, drained and started by somebody, for a reason", async () => {
    const { cs } = await alone();
    await cs.resources.put("tape", { capacity: 1 });
    const ada = cs.as("ada", "the robot is stuck");
    expect(await ada.resources.stop("tape")).toMatchObject({
      ...{ state: "stopped", actor: "ada", reason: "the robot is stuck", capacity: 1 },
    });
    expect(await cs.as("ben").resources.start("tape")).toMatchObject({ state: "started", actor: "ben", reason: null });
    expect(await ada.resources.drain("tape")).toMatchObject({ state: "stopped" });
  });

  test("is draining as long as units of it are held, and can then not be removed", async () => {
    const { cs, database } = await alone();
    await cs.resources.put("tape", { capacity: 2 });
    const use = (units: number) => database.db.query({ text: "update callsheet.pool set used = $1", values: [units] });
    await use(1);
    expect(await cs.resources.drain("tape")).toMatchObject({ state: "draining", used: 1 });
    expect(await refusal(() => cs.resources.remove("tape"))).toMatchObject({
      code: "resource_in_use",
      details: { used: 1 },
    });
    await use(0);
    expect(await cs.resources.get("tape")).toMatchObject({ state: "stopped", used: 0 });
    await cs.resources.remove("tape");
    expect(await named(cs)).toEqual([]);
  });

  test.each([
    ["capacity", (cs: Callsheet) => cs.resources.put("x", { capacity: -1 })],
    ["capacity", (cs: Callsheet) => cs.resources.put("x", {} as never)],
    ["windows.0.timeZone", (cs: Callsheet) => cs.resources.put("x", { capacity: 1, windows: [aWindow("Mars")] })],
  ])("that cannot be is refused, naming %s", async (field, call) => {
    const { cs } = await aFloor();
    expect(await refusal(() => call(cs))).toMatchObject({
      code: "invalid_argument",
      details: { problems: [{ field }] },
    });
  });

  test("must have a name that is one, and one place", async () => {
    const { cs } = await aFloor();
    for (const call of [
      () => cs.resources.put("Not A Name", { capacity: 1 }),
      () => cs.resources.get("x", { site: "a", node: "b" }),
      () => cs.resources.setCapacity("x", 0.5),
      () => cs.resources.report("x", { left: -1 }),
    ])
      expect(await refusal(call)).toMatchObject({ code: "invalid_argument" });
    for (const call of [
      () => cs.resources.start("nowhere"),
      () => cs.resources.remove("nowhere"),
      () => cs.resources.setCapacity("nowhere", 1),
      () => cs.resources.report("nowhere", { left: 1 }),
    ])
      expect(await refusal(call)).toMatchObject({ code: "unknown_resource" });
  });
});

const aWindow = (timeZone: string) => ({ from: "22:00", to: "06:00", timeZone, capacity: 4 });

describe("what a job needs", () => {
  test("must be there, and be enough, where the job is to run", async () => {
    const { cs, name } = await aFloor();
    const create = (needs: Record<string, number>) => cs.jobs.create(name, { needs });
    expect(await refusal(() => create({ [name]: 1 }))).toMatchObject({
      code: "unknown_resource",
      details: { need: name, site: "default", wanted: 1 },
    });
    await cs.resources.put(name, { capacity: 2, tags: [`${name}-tag`] });
    await create({ [name]: 2 });
    await create({ [`#${name}-tag`]: 2 });
    expect(await refusal(() => create({ [`#${name}`]: 1 }))).toMatchObject({ code: "unknown_resource" });
    for (const need of [name, `#${name}-tag`])
      expect(await refusal(() => create({ [need]: 3 }))).toMatchObject({
        code: "impossible_need",
        details: { need, wanted: 3, most: 2 },
      });
    await cs.resources.put(name, { capacity: 4, site: "elsewhere" });
    expect(await refusal(() => create({ [name]: 3 }))).toMatchObject({ code: "impossible_need" });
    await cs.resources.put(name, { capacity: 1, site: "default" });
    expect(await refusal(() => create({ [name]: 2 }))).toMatchObject({ code: "impossible_need", details: { most: 1 } });
  });

  test("may be more than any known node has", async () => {
    const { cs, name } = await aFloor();
    await cs.resources.put(name, { capacity: 1, node: "small" });
    await cs.jobs.create(name, { needs: { [name]: 8 } });
  });

  test("may be what there is only in a window", async () => {
    const { cs, name } = await aFloor();
    await cs.resources.put(name, { capacity: 0, windows: [aWindow("UTC")] });
    await cs.jobs.create(name, { needs: { [name]: 4 } });
    expect(await refusal(() => cs.jobs.create(name, { needs: { [name]: 5 } }))).toMatchObject({
      code: "impossible_need",
    });
  });

  test("is seen here at once when another process has put it", async () => {
    const { cs, database, name } = await aFloor();
    expect(await refusal(() => cs.jobs.create(name, { needs: { [name]: 1 } }))).toMatchObject({
      code: "unknown_resource",
    });
    const other = await database.open();
    await other.resources.put(name, { capacity: 1 });
    await cs.jobs.create(name, { needs: { [name]: 1 } });
  });

  test("is told by the resource when its capacity shrank below it, and keeps it from being removed", async () => {
    const { cs, name } = await aFloor();
    await cs.resources.put(name, { capacity: 4 });
    await cs.jobs.createMany(name, [{ needs: { [name]: 3 } }, { needs: { [name]: 3 } }, { needs: { [name]: 1 } }]);
    await cs.jobs.create(name, { needs: { [name]: 3 }, startAt: new Date(Date.now() + 3_600_000) });
    expect(await cs.resources.get(name)).toMatchObject({ neverStart: [], waiting: 3 });
    expect(await cs.resources.setCapacity(name, 2)).toMatchObject({
      neverStart: [{ action: name, site: "default", queue: "default", units: 3, jobs: 3 }],
    });
    expect(await refusal(() => cs.resources.remove(name))).toMatchObject({
      code: "resource_in_use",
      message: `Resource "${name}" cannot be removed: 4 waiting jobs need it.`,
      details: { resource: name, jobs: 4, actions: [name] },
    });
  });
});

describe("a node's own resources", () => {
  test("come with it, and replace those that its name had before", async () => {
    const { cs, name, work, database } = await alone();
    const own = async () =>
      (await cs.resources.list()).map(({ name: of, place, capacity, used }) => [of, place, capacity, used]);
    const node = await work({ resources: { gpu: 2, memory: 64_000 } });
    expect(await own()).toEqual([
      ["gpu", name, 2, 0],
      ["memory", name, 64_000, 0],
    ]);
    await database.db.query({ text: "update callsheet.pool set used = 1 where name = 'gpu'", values: [] });
    await node.stop();
    const second = await work({ resources: { scratch: 5 } });
    expect(await own()).toEqual([
      ["gpu", name, 0, 1],
      ["scratch", name, 5, 0],
    ]);
    await second.stop();
    await cs.resources.put("tape", { capacity: 1, node: name });
    await work();
    expect((await own()).map(([of]) => of)).toEqual(["gpu", "scratch", "tape"]);
    await database.db.query({ text: "update callsheet.pool set used = 0", values: [] });
  });

  test.each([{ gpu: -1 }, { GPU: 1 }, { gpu: 1.5 }, [1]])("cannot be %j", async (resources) => {
    const { work } = await aFloor();
    expect(await refusal(() => work({ resources: resources as never }))).toMatchObject({
      ...{ code: "invalid_argument", details: { field: "resources" } },
    });
  });
});

describe("what the outside says", () => {
  test("counts from when it was said, and grows stale", async () => {
    const { cs, database } = await alone();
    const clock = await database.stopClock();
    await cs.resources.put("licence", { capacity: 5, external: { staleAfterMs: 1_000, whenStale: "stop" } });
    expect(await cs.resources.get("licence")).toMatchObject({ effectiveCapacity: 0, outside: null });
    await database.db.query({ text: "update callsheet.pool set used = 1", values: [] });
    await cs.resources.report("licence", { left: 2 });
    const at = await clock.now();
    expect(await cs.resources.get("licence")).toMatchObject({
      ...{ capacity: 5, effectiveCapacity: 3, outside: { total: 3, at, isStale: false } },
    });
    await clock.advance(1_001);
    expect(await cs.resources.get("licence")).toMatchObject({ effectiveCapacity: 0, outside: { isStale: true } });
    await database.db.query({ text: "update callsheet.pool set used = 0", values: [] });
  });

  test("is refused where nobody outside has a say", async () => {
    const { cs, name } = await aFloor();
    await cs.resources.put(name, { capacity: 1 });
    expect(await refusal(() => cs.resources.report(name, { left: 1 }))).toMatchObject({
      code: "invalid_argument",
      details: { field: "external" },
    });
  });

  test("is asked for again and again; what fails is told and stops nothing, nor does one that never answers", async () => {
    const { cs, troubles, name } = await aFloor();
    await cs.resources.put(name, { capacity: 5, external: {} });
    const answers: (() => number | Promise<number>)[] = [
      () => 3,
      () => {
        throw new Error("no route to the licence server");
      },
      () => -1,
      () => 2,
    ];
    const watch = cs.resources.watch(name, () => (answers.shift() ?? (() => new Promise<never>(() => {})))(), {
      everyMs: 100,
    });
    await until(async () => (await cs.resources.get(name)).effectiveCapacity === 2);
    await until(() => answers.length === 0);
    await watch.stop();
    expect(troubles).toMatchObject([
      { where: `watch of ${name}`, error: { message: "no route to the licence server" } },
      { where: `watch of ${name}`, error: { code: "invalid_argument" } },
    ]);
    expect(await refusal(() => cs.resources.watch(name, () => 1, { everyMs: 1 }))).toMatchObject({
      ...{ code: "invalid_argument", details: { field: "everyMs" } },
    });
    cs.resources.watch(name, () => new Promise<never>(() => {}));
    await cs.close();
    expect(await refusal(() => cs.resources.watch(name, () => 1))).toMatchObject({ code: "stopped" });
  });
});

describe("windows", () => {
  test("change the capacity at their edges, whoever runs a node, and a new one counts at once", async () => {
    const { cs, database, stage, work } = await alone();
    const clock = await database.stopClock();
    await clock.set(new Date("2026-06-01T21:59:59.900Z"));
    expect(await cs.resources.put("link", { capacity: 1, windows: [aWindow("UTC")] })).toMatchObject({
      ...{ capacity: 1, effectiveCapacity: 1 },
    });
    await work();
    await clock.set(new Date("2026-06-01T22:00:00Z"));
    const effective = async () => (await cs.resources.get("link")).effectiveCapacity;
    await until(async () => (await effective()) === 4);
    await cs.resources.setCapacity("link", 2);
    expect(await cs.resources.get("link")).toMatchObject({ capacity: 2, effectiveCapacity: 4 });
    await clock.set(new Date("2026-06-02T05:59:59.900Z"));
    await (await database.open()).work({ name: "edge", types: [stage.type] });
    await clock.set(new Date("2026-06-02T06:00:00Z"));
    await until(async () => (await effective()) === 2);
  });
});
