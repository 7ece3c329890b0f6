import { describe, expect, test } from "vitest";
import type { Callsheet, PauseTarget } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aFloor, inState, refusal } from "../fixtures/floor.ts";

const alone = () => aFloor({}, { alone: true });

describe("what is paused", () => {
  test.each(["action", "queue", "site", "node"] as const)(
    "of %s does not start, and starts when it is resumed",
    async (scope) => {
      const { cs, name, create, stage } = await aFloor({ queue: "ingest", site: "london" }, { alone: true });
      const target: PauseTarget = { [scope]: { action: name, queue: "ingest", site: "london", node: name }[scope] };
      await cs.work({ name, site: "london", types: [stage.type] });
      const first = await create();
      await stage.nth(1);
      expect(await cs.pauses.pause(target, "the storage moves")).toMatchObject({
        ...{ scope, name: target[scope], reason: "the storage moves", actor: "system", concerns: 1 },
      });
      const job = await create();
      // Another kind of jobs at another place goes on: the node that would take it is there and hungry.
      const other = await cs.actions.put({ name: "other", type: stage.type, site: "paris" });
      await cs.work({ name: "other", site: "paris", types: [stage.type], slots: 1 });
      await cs.jobs.create(other);
      await stage.nth(2);
      expect((await cs.jobs.get(job)).attempt).toBe(0);
      expect((await cs.jobs.get(first)).state).toBe("running");
      await cs.pauses.resume(target);
      await inState(cs, job, "running");
      expect(await cs.pauses.list()).toEqual([]);
    },
  );

  test("stays so while another pause is left, and says the reason of the oldest", async () => {
    const { cs, name, work, create, database } = await alone();
    await cs.as("ada").pauses.pause({ queue: "default" }, "first");
    await cs.as("ben", "second").pauses.pause({ action: name });
    await cs.pauses.pause({ queue: "default" }, "first, in other words");
    expect(await cs.pauses.list()).toMatchObject([
      { scope: "queue", name: "default", reason: "first, in other words", actor: "system" },
      { scope: "action", name, reason: "second", actor: "ben" },
    ]);
    await work();
    const job = await create();
    expect((await cs.jobs.explain(job)).sentence).toContain("first, in other words");
    await cs.pauses.resume({ queue: "default" });
    expect((await cs.jobs.explain(job)).sentence).toContain("second");
    expect((await cs.jobs.get(job)).attempt).toBe(0);
    await cs.pauses.resume({ action: name });
    await inState(cs, job, "running");
    const { rows } = await database.db.query({ text: "select paused, reason from callsheet.lane", values: [] });
    expect(rows).toEqual([{ paused: false, reason: null }]);
  });

  test("keeps lanes that come later from starting, and new lives of a node", async () => {
    const { cs, name, work, create } = await alone();
    await cs.pauses.pause({ site: "default" });
    await cs.pauses.pause({ node: name });
    expect(await cs.pauses.list()).toMatchObject([{ concerns: 0 }, { concerns: 0 }]);
    const job = await create();
    const node = await work();
    expect(await cs.pauses.list()).toMatchObject([{ concerns: 1 }, { concerns: 1 }]);
    await cs.pauses.resume({ site: "default" });
    await node.stop();
    await work();
    expect((await cs.jobs.get(job)).attempt).toBe(0);
    await cs.pauses.resume({ node: name });
    await inState(cs, job, "running");
  });

  test("may be a node with the longest name that one can have, which may have resources too", async () => {
    const { cs, create, stage } = await alone();
    const node = `${"n".repeat(499)}1`;
    await cs.work({ name: node, types: [stage.type] });
    expect(await cs.pauses.pause({ node })).toMatchObject({ name: node, concerns: 1 });
    const job = await create();
    expect(await cs.resources.put("tape", { capacity: 1, node })).toMatchObject({ place: node });
    expect((await cs.jobs.get(job)).attempt).toBe(0);
    await cs.pauses.resume({ node });
    await inState(cs, job, "running");
    expect(await refusal(() => cs.pauses.pause({ node: `${node}0` }))).toMatchObject({
      code: "invalid_argument",
      details: { field: "node" },
    });
  });

  test("of an action stays with it when it gets another name, and when it is deleted", async () => {
    const { cs, name, work, create } = await alone();
    const job = await create();
    await cs.pauses.pause({ action: name }, "why");
    await cs.actions.change(name, { name: "renamed" });
    expect(await cs.pauses.list()).toMatchObject([{ scope: "action", name: "renamed", concerns: 1 }]);
    await cs.actions.remove("renamed");
    await cs.pauses.pause({ queue: "other" });
    await work();
    expect((await cs.jobs.explain(job)).reason).toBe("lane_paused");
    await cs.pauses.resume({ action: "renamed" });
    await inState(cs, job, "running");
  });

  test.each([
    ["invalid_argument", (cs: Callsheet) => cs.pauses.pause({})],
    ["invalid_argument", (cs: Callsheet) => cs.pauses.pause({ queue: "a", site: "b" })],
    ["invalid_argument", (cs: Callsheet) => cs.pauses.pause({ lane: "a" } as PauseTarget)],
    ["invalid_argument", (cs: Callsheet) => cs.pauses.pause({ queue: "Not A Name" })],
    ["invalid_argument", (cs: Callsheet) => cs.pauses.pause({ node: "" })],
    ["invalid_argument", (cs: Callsheet) => cs.pauses.pause({ queue: "a" }, "")],
    ["unknown_action", (cs: Callsheet) => cs.pauses.pause({ action: "nobody-knows-it" })],
    ["not_paused", (cs: Callsheet) => cs.pauses.resume({ queue: "never-paused" })],
  ])("cannot be just anything: %s", async (code, call) => {
    const { cs } = await aFloor();
    expect(await refusal(() => call(cs))).toMatchObject({ code });
  });
});

describe("the barrier", () => {
  test("when a pause has answered, no job is started any more, on none of several nodes in several processes", async () => {
    const { cs, database, name, stage } = await alone();
    stage.clear();
    await cs.work({ name, types: [stage.type], slots: 4 });
    await cs.actions.put({ name: "witnessed", type: "witnessed" });
    const variables = { TEST_DATABASE: database.url, TEST_WITNESS: aWitness().file };
    const children = ["one", "two"].map((node) => aChild("node-process.mjs", { ...variables, TEST_NODE: node }));
    await Promise.all(children.map((child) => child.says("up")));
    const tokens = async (after: string) => {
      const { rows } = await database.db.query<{ last: string; later: number }>({
        text: `
          with started as (
            select job_id, token from callsheet.outcome union all select job_id, token from callsheet.work
            union all select unnest(ids), token from callsheet.claim
          )
          select (select last_value::text from callsheet.token_number) as last, count(*)::int as later
          from started join callsheet.job on id = job_id join callsheet.action a on a.id = action_id
          where a.name = 'witnessed' and token > $1::bigint`,
        values: [after],
      });
      return rows[0]!;
    };
    const many = (action: string, count: number) =>
      cs.jobs.createMany(
        action,
        Array.from({ length: count }, () => ({})),
      );
    for (let round = 0; round < 5; round += 1) {
      const before = await tokens("0");
      await many("witnessed", 3_000);
      await until(async () => (await tokens(before.last)).later > 0);
      await cs.pauses.pause({ action: "witnessed" });
      const { last } = await tokens("0");
      await many("witnessed", 10);
      for (const job of await many(name, 10)) await cs.jobs.wait(job);
      expect((await tokens(last)).later).toBe(0);
      await cs.pauses.resume({ action: "witnessed" });
    }
  });
});
