import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aFloor, eventsOf, inState, lineOf, refusal } from "../fixtures/floor.ts";

describe("the list of nodes", () => {
  test("tells what each announced and how it stands, by site and labels, and those that have ended if asked", async () => {
    const { cs, stage, create } = await aFloor({}, { alone: true });
    const base = { types: [stage.type], capabilities: ["ffmpeg"], slots: 2 };
    const node = await cs.work({ ...base, name: "edit-01", labels: { rack: "3", gpu: "" } });
    await cs.work({ ...base, name: "edit-02", site: "london", labels: { rack: "4" } });
    const job = await create({ target: { type: "asset", id: "A-17" } });
    await stage.nth(1);

    const names = async (filter?: Parameters<typeof cs.nodes.list>[0]) =>
      (await cs.nodes.list(filter)).map(({ name }) => name);
    expect(await names()).toEqual(["edit-01", "edit-02"]);
    expect(await names({ site: "london" })).toEqual(["edit-02"]);
    expect(await names({ labels: { rack: "3" } })).toEqual(["edit-01"]);
    const shown = await cs.nodes.get("edit-01");
    expect(shown).toMatchObject({
      ...{ state: "up", site: "default", slots: 2, running: 1, types: [stage.type.type], capabilities: ["ffmpeg"] },
      timeZones: process.versions.tz,
      ...{ labels: { rack: "3", gpu: "" }, pid: process.pid, refused: 0, reason: null, endedAt: null, earlier: [] },
      jobs: [{ id: job.id, state: "running", target: { type: "asset", id: "A-17" } }],
    });
    stage.clear();
    await cs.jobs.wait(job);
    await node.stop();
    expect(await names()).toEqual(["edit-02"]);
    expect(await cs.nodes.list({ ended: true, site: "default" })).toMatchObject([
      { name: "edit-01", state: "gone", cause: "it was stopped", running: 0 },
    ]);
    await cs.work({ ...base, name: "edit-01" });
    expect(await cs.nodes.get("edit-01")).toMatchObject({ state: "up", labels: {}, earlier: [{ state: "gone" }] });
  });

  test("refuses what it does not know", async () => {
    const { cs, work } = await aFloor();
    expect(await refusal(() => cs.nodes.get("nobody"))).toMatchObject({ code: "unknown_node" });
    expect(await refusal(() => cs.nodes.list({ limit: 0 }))).toMatchObject({ details: { field: "limit" } });
    expect(await refusal(() => cs.nodes.list({ colour: 1 } as never))).toMatchObject({ details: { field: "colour" } });
    const labels = { Rack: "3" };
    expect(await refusal(() => work({ labels } as never))).toMatchObject({ code: "invalid_argument" });
  });
});

describe("a node that is drained by somebody", () => {
  test("starts nothing more from that moment on, lets end what runs, and ends itself", async () => {
    const { cs, stage, create, work, name } = await aFloor({ cancellable: "asks" });
    const node = await work({ slots: 1 });
    const job = await create();
    const { context, returns } = await stage.nth(1);
    const drained = await cs.as("ada").nodes.drain(name, "a new release");
    expect(drained).toMatchObject({ state: "draining", actor: "ada", reason: "a new release", running: 1 });
    const other = await create();
    await inState(cs, other, "queued");
    expect(context.signal.aborted).toBe(false);
    returns("done");
    await node.ended;
    expect(await cs.jobs.get(job)).toMatchObject({ state: "completed", result: "done" });
    expect(await cs.jobs.get(other)).toMatchObject({ state: "queued", attempt: 0 });
    expect(await cs.nodes.get(name)).toMatchObject({ state: "gone", reason: "a new release" });
    expect(await refusal(() => cs.nodes.drain(name))).toMatchObject({ code: "node_ended", details: { name } });
    await work();
    stage.clear();
    expect((await cs.jobs.wait(other)).state).toBe("completed");
  });
});

describe("a node in maintenance", () => {
  test("stays and starts nothing, also when it is started anew, until it is resumed", async () => {
    const { cs, stage, create, work, name } = await aFloor();
    const first = await work();
    expect(await cs.as("ada").nodes.maintain(name, "a new disk")).toMatchObject({
      ...{ state: "maintenance", actor: "ada", reason: "a new disk" },
    });
    const job = await create();
    await inState(cs, job, "queued");
    await first.stop();
    await work();
    expect(await cs.nodes.get(name)).toMatchObject({ state: "maintenance", reason: "a new disk" });
    expect((await cs.jobs.get(job)).state).toBe("queued");
    expect(await cs.nodes.resume(name)).toMatchObject({ state: "up", reason: null, actor: null });
    (await stage.nth(1)).returns();
    expect((await cs.jobs.wait(job)).attempt).toBe(1);
    expect(await refusal(() => cs.nodes.resume(name))).toMatchObject({ code: "not_paused" });
  });
});

describe("an attempt that is declared lost", () => {
  test("fails its job by name and reason; what it held is free, its late word refused, and no policy retries it", async () => {
    const { cs, stage, create, work } = await aFloor({ lock: "exclusive", retry: { limit: 5, delayMs: 1 } });
    const node = await work();
    const target = { type: "asset", id: "hung" };
    const job = await create({ target });
    const { returns } = await stage.nth(1);
    const next = await create({ target });
    expect(await cs.as("ada").jobs.declareLost(job, { reason: "the storage is gone" })).toBe("failed");
    const second = await stage.nth(2);
    expect(second.context.job.id).toBe(next.id);
    returns("late");
    await until(() => node.refused === 1, { what: "The late word" });
    expect(await cs.jobs.get(job)).toMatchObject({
      ...{ state: "failed", result: null, retries: 0, error: { code: "node_lost" } },
    });
    expect(await lineOf(cs, job, "fail")).toMatchObject({ actor: "ada", reason: "the storage is gone" });
    second.returns();
    await cs.jobs.retry(job);
    (await stage.nth(3)).returns("again");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 2, retries: 1, result: "again" });
    await eventsOf(cs, job);
  });

  test("while it is being cancelled has its cancel done; one that was asked to be retried is", async () => {
    const { cs, stage, create, work } = await aFloor({ cancellable: "asks", timeoutMs: 100 });
    await work();
    const asked = await create();
    await stage.nth(1);
    expect(await cs.jobs.cancel(asked)).toBe("cancelling");
    expect(await cs.as("ada", "it hangs").jobs.declareLost(asked)).toBe("cancelled");
    const overdue = await create();
    await stage.nth(2);
    await inState(cs, overdue, "timed_out");
    await cs.jobs.retry(overdue);
    expect(await cs.as("ada", "it hangs").jobs.declareLost(overdue)).toBe("pending");
    (await stage.nth(3)).returns();
    expect(await cs.jobs.wait(overdue)).toMatchObject({ state: "completed", attempt: 2, retries: 1 });
    expect(await eventsOf(cs, overdue)).toEqual(["create", "overrun", "retry_asked", "fail", "retry", "complete"]);
  });

  test("after its job was abandoned frees what it still held, and the history says who did that", async () => {
    const { cs, stage, create, work } = await aFloor({ lock: "exclusive", cancellable: "abandon" });
    await work();
    const target = { type: "asset", id: "abandoned" };
    const job = await create({ target });
    await stage.nth(1);
    expect(await cs.jobs.cancel(job)).toBe("cancelled");
    const next = await create({ target });
    await until(async () => (await cs.locks.get(target)).waitingCount === 1, { what: "The next in line" });
    expect(await cs.as("ada").jobs.declareLost(job, { reason: "it hangs" })).toBe("cancelled");
    expect((await stage.nth(2)).context.job.id).toBe(next.id);
    expect((await cs.jobs.history(job)).at(-1)).toMatchObject({
      event: "declare_lost",
      actor: "ada",
      reason: "it hangs",
    });
    expect(await refusal(() => cs.as("ada", "again").jobs.declareLost(job))).toMatchObject({ code: "wrong_state" });
    await eventsOf(cs, job);
  });

  test("needs a live attempt, and a reason", async () => {
    const { cs, create } = await aFloor();
    const job = await create({ startAt: new Date(Date.now() + 3_600_000) });
    expect(await refusal(() => cs.jobs.declareLost(job))).toMatchObject({ details: { field: "reason" } });
    expect(await refusal(() => cs.jobs.declareLost(job, { reason: "why not" }))).toMatchObject({
      ...{ code: "wrong_state", details: { operation: "declare_lost", state: "scheduled" } },
    });
  });
});
