import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aFloor, aFloorWith, aType, type Context, eventsOf, inState, refusal } from "../fixtures/floor.ts";

describe("a node that drains", () => {
  test("takes no more jobs and waits for those that run; nothing is killed", async () => {
    const { cs, create, stage, work } = await aFloor({ cancellable: "asks" });
    const node = await work({ slots: 1 });
    const job = await create();
    const { context, returns } = await stage.nth(1);
    let isDrained = false;
    const draining = node.drain().then(() => {
      isDrained = true;
    });
    const other = await create();
    await inState(cs, other, "queued");
    expect([isDrained, context.signal.aborted, node.running]).toEqual([false, false, 1]);
    returns("done");
    await draining;
    expect(await cs.jobs.get(job)).toMatchObject({ state: "completed", result: "done" });
    expect(await cs.jobs.get(other)).toMatchObject({ state: "queued", attempt: 0 });
    expect(stage.entered).toHaveLength(1);
  });

  test("can still be stopped before its handlers have ended", async () => {
    const { create, stage, work } = await aFloor();
    const node = await work();
    await create();
    await stage.nth(1);
    const draining = node.drain();
    await node.stop({ graceMs: 0 });
    await draining;
  });
});

describe("a node that stops", () => {
  test("hands back what it had claimed and not begun: the attempt counts, it is no retry, and every job runs once", async () => {
    const begun = new Map<string, number>();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const run = async ({ job }: Context) => {
      begun.set(job.id, (begun.get(job.id) ?? 0) + 1);
      if (begun.size === 400) await held;
    };
    const { cs, name, database, node } = await aFloorWith(run, {}, { slots: 1, alone: true });
    const jobs = await cs.jobs.createMany(
      name,
      Array.from({ length: 800 }, () => ({})),
    );
    await until(() => begun.size === 400, { deadlineMs: 20_000 });
    const stopping = node.stop();
    await until(async () => (await database.store.countStates()).running === 1, {
      what: "Nothing but the one that runs",
    });
    release();
    await stopping;
    const { rows } = await database.db.query<{ n: number }>({
      text: "select count(*)::int as n from callsheet.event where event = 'hand_back'",
      values: [],
    });
    expect(rows[0]!.n).toBeGreaterThan(0);
    await cs.work({ name: `${name}-2`, types: [aType(run, name)], slots: 4 });
    await until(async () => (await database.store.countStates()).completed === 800, { deadlineMs: 20_000 });
    expect([...begun.values()].every((times) => times === 1)).toBe(true);
    expect(begun.size).toBe(800);
    const all = await cs.jobs.list({ action: name, limit: 1_000 });
    expect(all.every(({ retries }) => retries === 0)).toBe(true);
    expect(Math.max(...all.map(({ attempt }) => attempt))).toBeGreaterThan(1);
    for (const job of jobs.slice(395, 440)) await eventsOf(cs, job);
  });

  test("waits as long as its grace; what still runs then is lost, retried elsewhere, and has no late word", async () => {
    const { cs, create, stage, work, database, name } = await aFloor({ retry: { limit: 0, delayMs: 1, jitter: 0 } });
    const node = await work();
    const job = await create();
    const { returns } = await stage.nth(1);
    await node.stop({ graceMs: 20 });
    const elsewhere = await database.open();
    await elsewhere.work({ name: `${name}-2`, types: [stage.type] });
    const second = await stage.nth(2);
    expect(second.context).toMatchObject({ attempt: 2, job: { id: job.id, retries: 0 } });
    returns("late");
    second.returns("in time");
    expect(await elsewhere.jobs.wait(job)).toMatchObject({ state: "completed", result: "in time" });
    expect(await eventsOf(cs, job)).toEqual(["create", "back_off", "complete"]);
    await elsewhere.close();
  });

  test("stores what has ended before it is gone", async () => {
    const { cs, create, node } = await aFloorWith(async () => "stored");
    const jobs = await Promise.all(Array.from({ length: 100 }, () => create()));
    await until(async () => (await cs.jobs.get(jobs[0]!)).state !== "pending");
    await node.stop();
    const states = await Promise.all(jobs.map(async (job) => (await cs.jobs.get(job)).state));
    expect(new Set(states)).not.toContain("running");
  });

  test("leaves its name to the next one; while it is up nobody else can have it", async () => {
    const { work } = await aFloor();
    const node = await work({ name: "edit-01" });
    expect(await refusal(() => work({ name: "edit-01" }))).toMatchObject({
      ...{ code: "node_name_in_use", details: { name: "edit-01" } },
    });
    await node.stop();
    await node.stop();
    await work({ name: "edit-01" });
  });
});

describe("a Callsheet that is closed", () => {
  test("stops its nodes, may be closed twice, and refuses everything afterwards", async () => {
    const { cs, create, stage, work } = await aFloor();
    const node = await work();
    const job = await create();
    (await stage.nth(1)).returns("done");
    await cs.jobs.wait(job);
    await cs.close();
    await cs.close();
    expect(node.running).toBe(0);
    const calls = [
      () => create(),
      () => work(),
      () => cs.jobs.get(job),
      () => cs.jobs.cancel(job),
      () => cs.actions.list(),
    ];
    for (const call of calls) expect(await refusal(call)).toMatchObject({ code: "stopped" });
  });
});

describe("a process with a node", () => {
  test("lives as long as the node is up, and ends by itself when it is closed", async () => {
    const { database } = await aFloor();
    const witness = aWitness();
    const child = aChild("node-process.mjs", { TEST_DATABASE: database.url, TEST_WITNESS: witness.file });
    await child.says("up");
    child.process.kill("SIGTERM");
    expect(await child.ended).toBe(0);
    expect(child.output()).toContain("closed");
  });
});
