import { defineActionType } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { systemEnvironment } from "../../src/index.ts";
import { aFloor, refusal } from "../fixtures/floor.ts";

describe("an action", () => {
  test("has a unique name: creating it again is refused, putting it changes it", async () => {
    const { cs, name } = await aFloor({ priority: "low" });
    const type = `${name}-type`;
    expect(await refusal(() => cs.actions.create({ name, type }))).toMatchObject({
      ...{ code: "action_exists", details: { action: name } },
    });
    const { definition } = await cs.actions.put({ name, type, priority: "high" });
    expect(definition).toMatchObject({ name, type, priority: "high", version: 2 });
    expect(await cs.actions.get(name)).toEqual(definition);
  });

  test("put again as it is makes no new version", async () => {
    const { cs, name } = await aFloor();
    const definition = { name: `${name}-same`, type: name, configuration: { a: 1, b: { c: 2, d: 3 } } };
    expect((await cs.actions.put(definition)).version).toBe(1);
    expect((await cs.actions.put({ ...definition, configuration: { b: { d: 3, c: 2 }, a: 1 } })).version).toBe(1);
  });

  test("made by many at the same time is made once", async () => {
    const { cs, name } = await aFloor();
    const made = `${name}-race`;
    const put = () => cs.actions.put({ name: made, type: name, priority: "low" });
    const versions = (await Promise.all(Array.from({ length: 20 }, put))).map(({ version }) => version);
    expect(new Set(versions)).toEqual(new Set([1]));
    const answers = await Promise.allSettled(
      Array.from({ length: 20 }, () => cs.actions.create({ name: `${made}-2`, type: name })),
    );
    expect(answers.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("is changed field by field; jobs keep the version that they copied", async () => {
    const { cs, name, create } = await aFloor({ configuration: { crf: 20 }, priority: "low" });
    const before = await create();
    const changed = await cs
      .as("ada", "quicker")
      .actions.change(name, { priority: "high", configuration: { crf: 30 } });
    expect(changed).toMatchObject({ name, priority: "high", configuration: { crf: 30 }, version: 2 });
    const after = await create();
    expect(await cs.jobs.get(before)).toMatchObject({ actionVersion: 1, priority: "low", configuration: { crf: 20 } });
    expect(await cs.jobs.get(after)).toMatchObject({ actionVersion: 2, priority: "high", configuration: { crf: 30 } });
  });

  test("can be given another name, but not one that is taken", async () => {
    const { cs, name } = await aFloor();
    const other = (await cs.actions.copy(name, `${name}-copy`)).name;
    expect(await refusal(() => cs.actions.change(other, { name }))).toMatchObject({
      ...{ code: "action_exists", details: { action: name } },
    });
    expect((await cs.actions.change(other, { name: `${name}-new` })).name).toBe(`${name}-new`);
    expect(await refusal(() => cs.actions.get(other))).toMatchObject({ code: "unknown_action" });
  });

  test("that is disabled takes no more jobs; those that exist go on", async () => {
    const { cs, name, create, stage, work } = await aFloor();
    const job = await create();
    expect((await cs.actions.disable(name)).enabled).toBe(false);
    expect(await refusal(() => create())).toMatchObject({ code: "action_disabled", details: { action: name } });
    await work();
    (await stage.nth(1)).returns();
    expect((await cs.jobs.wait(job)).state).toBe("completed");
    expect((await cs.actions.enable(name)).enabled).toBe(true);
    await create();
  });

  test("is copied under another name, and the copy starts disabled", async () => {
    const { cs, name } = await aFloor({ configuration: { a: 1 }, cancellable: "asks", flags: ["timed", "group"] });
    const { version: _, ...original } = await cs.actions.get(name);
    const copy = await cs.actions.copy(name, `${name}-copy`);
    expect(copy).toEqual({ ...original, name: `${name}-copy`, enabled: false, version: 1 });
    expect(await refusal(() => cs.jobs.create(copy.name))).toMatchObject({ code: "action_disabled" });
    expect(await refusal(() => cs.actions.copy(name, `${name}-copy`))).toMatchObject({ code: "action_exists" });
    expect((await cs.actions.list()).map((one) => one.name)).toEqual(expect.arrayContaining([name, copy.name]));
  });

  test("that is deleted takes no more jobs; those that failed can still be retried", async () => {
    const { cs, name, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    (await stage.nth(1)).throws(new Error("broken"));
    await cs.jobs.wait(job);
    await cs.actions.remove(name);
    expect(await refusal(() => create())).toMatchObject({ code: "unknown_action", details: { action: name } });
    await cs.jobs.retry(job);
    (await stage.nth(2)).returns();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", action: name, attempt: 2 });
    expect(await cs.jobs.list({ action: name })).toHaveLength(1);
  });

  test.each(["get", "enable", "disable", "remove"] as const)(
    "that does not exist is refused: %s",
    async (operation) => {
      const { cs } = await aFloor();
      expect(await refusal(() => cs.actions[operation]("nobody-made-it"))).toMatchObject({ code: "unknown_action" });
    },
  );

  test("of a type whose code is here in another version is refused", async () => {
    const { cs, stage, name } = await aFloor();
    const newer = defineActionType({ ...stage.type, version: 2 });
    const error = await refusal(() => cs.actions.put({ name: `${name}-2`, type: newer }));
    expect(error).toMatchObject({ code: "invalid_argument", details: { type: name } });
  });
});

describe("a run rule", () => {
  const RULE = `target != null && target.type == "asset" && !("private" in tags) && configuration.crf < 40`;

  test("lets a job through for which it holds", async () => {
    const { cs, create } = await aFloor({ runRule: RULE });
    const job = await create({ target: { type: "asset", id: "1" }, configuration: { crf: 20 } });
    expect((await cs.jobs.get(job)).state).toBe("pending");
  });

  test.each([
    ["does not hold", { target: { type: "clip", id: "1" }, configuration: { crf: 20 } }],
    ["does not hold for a tag", { target: { type: "asset", id: "1" }, configuration: { crf: 20 }, tags: ["private"] }],
    ["cannot be decided", { target: { type: "asset", id: "1" }, configuration: {} }],
  ])("refuses a job for which it %s", async (_, input) => {
    const { cs, create, name } = await aFloor({ runRule: RULE });
    const error = await refusal(() => create(input));
    expect(error).toMatchObject({ code: "action_refused", details: { action: name, rule: RULE } });
    expect(await cs.jobs.list({ action: name })).toEqual([]);
  });

  test("knows the owner", async () => {
    const { cs, create, name } = await aFloor({ runRule: `owner.startsWith("news-")` });
    await cs.as("news-desk").jobs.create(name);
    await create({ owner: "news-ada" });
    expect(await refusal(() => create())).toMatchObject({ code: "action_refused" });
  });

  test.each([
    ["is no CEL", "target ="],
    ["speaks of unknown names", "weather == 'fine'"],
    ["can be neither true nor false", "1 + 1"],
  ])("that %s is refused with the action", async (_, runRule) => {
    const { cs, name } = await aFloor();
    const error = await refusal(() => cs.actions.put({ name: `${name}-rule`, type: name, runRule }));
    expect(error).toMatchObject({ code: "invalid_argument", details: { field: "runRule" } });
    expect(await refusal(() => cs.actions.get(`${name}-rule`))).toMatchObject({ code: "unknown_action" });
  });
});

describe("the configuration of a job", () => {
  test("is checked by the schema that a node announced, where the code is not", async () => {
    const { cs, database, name, work } = await aFloor();
    const strict = defineActionType({
      ...{ type: `${name}-strict`, version: 1, run: async () => null },
      configuration: z.strictObject({ crf: z.number() }),
    });
    await work({ types: [strict] });
    await cs.actions.put({ name: `${name}-strict`, type: `${name}-strict` });
    const elsewhere = await database.open();
    const error = await refusal(() => elsewhere.jobs.create(`${name}-strict`, { configuration: { crf: "low" } }));
    expect(error).toMatchObject({ code: "invalid_configuration", details: { problems: [{ field: "crf" }] } });
    await elsewhere.jobs.create(`${name}-strict`, { configuration: { crf: 20 } });
    await elsewhere.close();
  });

  test("is checked by the newer schema a second after a node has announced it", async () => {
    const environment = systemEnvironment();
    let skippedMs = 0;
    const monotonic = () => environment.monotonic() + skippedMs;
    const { database, name } = await aFloor();
    const typeOf = (version: number, unit: "crf" | "kbps") =>
      defineActionType({
        ...{ type: `${name}-moves`, version, run: async () => null },
        configuration: z.strictObject({ [unit]: z.number() }),
      });
    const [asker, older, newer] = [
      await database.open({ environment: { ...environment, monotonic } }),
      await database.open(),
      await database.open(),
    ];
    await older.work({ name: `${name}-older`, types: [typeOf(1, "crf")] });
    await asker.actions.put({ name: `${name}-moves`, type: `${name}-moves` });
    const create = (configuration: Record<string, number>) => asker.jobs.create(`${name}-moves`, { configuration });
    await create({ crf: 20 });
    expect((await refusal(() => create({ kbps: 800 }))).code).toBe("invalid_configuration");
    await newer.work({ name: `${name}-newer`, types: [typeOf(2, "kbps")] });
    skippedMs += 1_000;
    await create({ kbps: 800 });
    expect((await refusal(() => create({ crf: 20 }))).code).toBe("invalid_configuration");
    for (const cs of [asker, older, newer]) await cs.close();
  });
});
