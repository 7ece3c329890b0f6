import { describe, expect, test } from "vitest";
import type { Callsheet } from "../../src/index.ts";
import { type TestDatabase, until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { fastEnvironment } from "../fixtures/fast.ts";
import { aFloor, eventsOf, inState, lineOf } from "../fixtures/floor.ts";

const RETRY = { limit: 0, delayMs: 1, jitter: 0 };

async function aBacklog(retry = RETRY): Promise<{ database: TestDatabase; cs: Callsheet }> {
  const { database, cs } = await aFloor({}, { alone: true, environment: fastEnvironment() });
  await cs.actions.put({ name: "witnessed", type: "witnessed", retry });
  return { database, cs };
}

describe("two nodes in two processes", () => {
  test("share a backlog: each job runs exactly once", async () => {
    const { database, cs } = await aBacklog();
    const witness = aWitness();
    const jobs = await cs.jobs.createMany(
      "witnessed",
      Array.from({ length: 600 }, () => ({ configuration: { how: "takes a moment" } })),
    );
    const variables = { TEST_DATABASE: database.url, TEST_WITNESS: witness.file, TEST_SLOTS: "2" };
    const children = ["one", "two"].map((name) => aChild("node-process.mjs", { ...variables, TEST_NODE: name }));
    await Promise.all(children.map((child) => child.says("up")));
    // Both are up: what comes now is for both.
    const more = await cs.jobs.createMany(
      "witnessed",
      Array.from({ length: 600 }, () => ({ configuration: { how: "meets another node" } })),
    );
    const all = [...jobs, ...more].map(({ id }) => id);
    await until(async () => (await database.store.countStates()).completed === all.length, { deadlineMs: 30_000 });
    const begun = witness.lines().filter((line) => line.startsWith("begin"));
    expect(begun.map((line) => line.split(" ")[1]).sort()).toEqual([...all].sort());
    expect(new Set(begun.map((line) => line.split(" ")[3]))).toEqual(new Set(["one", "two"]));
  });
});

describe("a process that died", () => {
  test("is declared dead at the next start on its machine; its jobs failed with it, and are retried", async () => {
    const { database, cs } = await aBacklog();
    const witness = aWitness();
    const variables = { TEST_DATABASE: database.url, TEST_WITNESS: witness.file, TEST_NODE: "one" };
    const child = aChild("node-process.mjs", variables);
    await child.says("up");
    const job = await cs.jobs.create("witnessed", { configuration: { how: "stays" } });
    await until(() => witness.lines().length === 1);
    child.process.kill("SIGKILL");
    await child.ended;
    expect((await cs.jobs.get(job)).state).toBe("running");

    const next = aChild("node-process.mjs", variables);
    await next.says("up");
    expect(await cs.jobs.wait(job)).toMatchObject({
      state: "completed",
      attempt: 2,
      retries: 0,
      result: { attempt: 2 },
    });
    expect(await eventsOf(cs, job)).toEqual(["create", "back_off", "complete"]);
    expect(await lineOf(cs, job, "back_off")).toMatchObject({ node: "one", data: { error: { code: "node_lost" } } });
    const { rows } = await database.db.query({
      text: "select name, state, cause from callsheet.node order by id",
      values: [],
    });
    expect(rows).toEqual([
      { name: "one", state: "dead", cause: "its process has ended" },
      { name: "one", state: "up", cause: null },
    ]);
  });

  test("three times while it ran the same job has made it poison; a retry by hand starts anew", async () => {
    const { database, cs } = await aBacklog({ limit: 9, delayMs: 1, jitter: 0 });
    const witness = aWitness();
    const variables = { TEST_DATABASE: database.url, TEST_WITNESS: witness.file };
    const job = await cs.jobs.create("witnessed", { configuration: { how: "aborts" } });
    for (const n of [1, 2, 3]) {
      const child = aChild("node-process.mjs", { ...variables, TEST_NODE: `n${n}` });
      expect(await child.ended).toBe("SIGKILL");
    }
    await cs.work({ name: "reaper", types: [(await aFloor()).stage.type] });
    const failed = await cs.jobs.wait(job);
    expect(failed).toMatchObject({ state: "failed", attempt: 3, retries: 0, error: { code: "poison" } });
    expect(witness.lines()).toHaveLength(3);
    expect(await eventsOf(cs, job)).toEqual(["create", "back_off", "back_off", "fail"]);
    await cs.jobs.amend(job, { how: "returns" });
    await cs.jobs.retry(job);
    aChild("node-process.mjs", variables);
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 4, retries: 1 });
  });
});

describe("a node that was declared dead while it is alive", () => {
  test("goes on as a new incarnation; its running jobs are retried, and their late words refused", async () => {
    const { cs, create, stage, work, database, name, troubles } = await aFloor(
      { retry: RETRY },
      { alone: true, environment: fastEnvironment() },
    );
    const node = await work({ slots: 2 });
    const job = await create();
    const first = await stage.nth(1);
    await database.db.query({ text: "update callsheet.node set state = 'dead', ended_at = now()", values: [] });
    const second = await stage.nth(2);
    expect(second.context).toMatchObject({ attempt: 2, job: { id: job.id, retries: 0 } });
    await until(() => troubles.some(({ where }) => where === "node"), { what: "A word about it" });
    first.returns("a late word");
    await until(() => node.refused >= 1, { what: "The count of refused words" });
    expect((await cs.jobs.get(job)).state).toBe("running");
    second.returns("the answer");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: "the answer", attempt: 2 });
    expect(await lineOf(cs, job, "back_off")).toMatchObject({ data: { error: { code: "node_lost" } } });
    await eventsOf(cs, job);
    const { rows } = await database.db.query({ text: "select state from callsheet.node order by id", values: [] });
    expect(rows).toEqual([{ state: "dead" }, { state: "up" }]);
    expect(name).toBeDefined();
  });

  test("whose handlers may not be stopped sends them no signal", async () => {
    const { create, stage, work, database } = await aFloor(
      { retry: { ...RETRY, delayMs: 60_000 } },
      { alone: true, environment: fastEnvironment() },
    );
    const node = await work();
    await create();
    const { context, returns } = await stage.nth(1);
    await database.db.query({ text: "update callsheet.node set state = 'dead', ended_at = now()", values: [] });
    await until(async () => (await database.store.standingNodes()).length === 1, { what: "The new incarnation" });
    expect(context.signal.aborted).toBe(false);
    returns();
    await until(() => node.refused === 1);
  });

  test("on another machine, by its heartbeat that stands still, and not before", async () => {
    const { cs, create, stage, work, database, name } = await aFloor(
      { retry: RETRY },
      { alone: true, environment: fastEnvironment() },
    );
    const strange = { host: "elsewhere", bootId: "b", pid: 1, pidStarted: "1" };
    const nodeId = await database.store.registerNode({
      ...{
        ...strange,
        name: "far",
        incarnation: "01890000-0000-4000-8000-000000000000",
        site: "default",
        slots: 1,
        types: [{ type: name, version: 1, schema: {} }],
        capabilities: [],
      },
    });
    const job = await create();
    const hot = await database.store.openHotPath("far");
    const [lane] = await database.store.lanesFor("default", [name]);
    await hot.claim({ nodeId, want: 1, lanes: [{ id: lane!.id }] } as never);
    await hot.close();
    await work();
    // As long as its heart beats it is left alone: 2.5 s of this test are 25 s of its world.
    for (let beats = 0; beats < 25; beats++) {
      await database.store.beat(nodeId, { lagMs: 0, refused: 0 });
      await until(async () => true);
      await new Promise<void>((resolve) => fastEnvironment().timers.after(1_000, resolve));
    }
    expect(await cs.jobs.get(job)).toMatchObject({ state: "running", node: "far", attempt: 1 });
    const second = await stage.nth(1);
    expect(second.context).toMatchObject({ attempt: 2, job: { id: job.id } });
    second.returns();
    await inState(cs, job, "completed");
    expect(await lineOf(cs, job, "back_off")).toMatchObject({ node: "far", data: { error: { code: "node_lost" } } });
  });
});
