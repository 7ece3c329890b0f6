import { describe, expect, test } from "vitest";
import { aFloor, eventsOf, inState } from "../fixtures/floor.ts";

const HOUR_MS = 3_600_000;

describe("the properties of a job", () => {
  test("are those of its action and of whoever created it, as long as nobody says otherwise", async () => {
    const { cs, action, name, create } = await aFloor({
      configuration: { crf: 23 },
      priority: "high",
      queue: "proxies",
    });
    const before = Date.now();
    const { id } = await create();
    const job = await cs.jobs.get(id);
    const at = job.createdAt;
    expect(Math.abs(at.getTime() - before)).toBeLessThan(10_000);
    expect(job).toEqual({
      ...{ id, kind: "job", action: name, actionVersion: action.version, type: name, site: "default" },
      ...{ queue: "proxies", state: "pending", priority: "high", owner: "system", origin: "library", parentId: null },
      ...{ target: null, tags: [], configuration: { crf: 23 }, configurationVersion: 1, variables: {} },
      ...{
        idempotencyKey: null,
        needs: {},
        locks: [],
        size: null,
        createdAt: at,
        startAt: at,
        dueAt: at,
        startedAt: null,
        endedAt: null,
        stalledSince: null,
        rollback: "none",
      },
      ...{ elsewhere: null, undoAction: null, redoAction: null, timedAction: null, lastOutcome: null },
      ...{ durationMs: null, attempt: 0, retries: 0, node: null, progress: null, result: null, error: null },
    });
  });

  test("are those that its creator gave it, beside the action's", async () => {
    const { cs, create } = await aFloor({ configuration: { crf: 23, preset: "proxy" } });
    const startAt = new Date(Date.now() + HOUR_MS);
    const given = {
      ...{ target: { type: "asset", id: "A-17" }, tags: ["news", "late"], priority: "lowest" as const, owner: "bo" },
      ...{ variables: { tries: [1, 2] }, idempotencyKey: "A-17/proxy", startAt },
    };
    const job = await create({ ...given, configuration: { crf: 20 } });
    expect(await cs.jobs.get(job)).toMatchObject({
      ...given,
      ...{ state: "scheduled", dueAt: startAt, configuration: { crf: 20, preset: "proxy" }, attempt: 0 },
    });
  });

  test("follow it from its creation to its end", async () => {
    const { cs, create, stage, work } = await aFloor({ retry: { limit: 1, delayMs: HOUR_MS, jitter: 0 } });
    const { id } = await create({ startAt: null });
    expect(await cs.jobs.get(id)).toMatchObject({ state: "created", startAt: null, dueAt: null });

    await work({ name: "edit-01" });
    const past = new Date(Date.now() - HOUR_MS);
    await cs.jobs.schedule(id, past);
    const first = await stage.nth(1);
    const running = await cs.jobs.get(id);
    expect(running).toMatchObject({ state: "running", startAt: past, dueAt: null, attempt: 1, node: "edit-01" });
    expect(running).toMatchObject({ endedAt: null, durationMs: null, result: null, error: null });
    expect(running.startedAt!.getTime()).toBeGreaterThan(past.getTime());

    first.throws(Object.assign(new Error("The disk is full."), { code: "disk_full" }));
    const retrying = await inState(cs, id, "retrying");
    expect(retrying).toMatchObject({ attempt: 1, retries: 1, endedAt: null, durationMs: null, node: null });
    expect(retrying.error).toEqual({ code: "disk_full", message: "The disk is full." });
    expect(retrying.dueAt!.getTime()).toBeGreaterThan(Date.now() + HOUR_MS / 2);

    await cs.jobs.retry(id);
    const second = await stage.nth(2);
    expect(await cs.jobs.get(id)).toMatchObject({ state: "running", attempt: 2, retries: 1, error: null });
    second.returns({ frames: 250 });
    const done = await cs.jobs.wait(id);
    expect(done).toMatchObject({
      state: "completed",
      attempt: 2,
      retries: 1,
      node: "edit-01",
      dueAt: null,
      error: null,
    });
    expect(done).toMatchObject({ result: { frames: 250 }, progress: { percent: 100 } });
    expect(done.durationMs).toBe(done.endedAt!.getTime() - done.startedAt!.getTime());
    expect(done.startedAt!.getTime()).toBeGreaterThanOrEqual(retrying.startedAt!.getTime());
    expect(await eventsOf(cs, id)).toEqual(["create", "plan", "back_off", "retry", "complete"]);
  });

  test("keep the error with its stack when a handler throws something unexpected", async () => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    (await stage.nth(1)).throws(new TypeError("x is not a function"));
    const { error, result, state } = await cs.jobs.wait(job);
    expect({ state, result }).toEqual({ state: "failed", result: null });
    expect(error).toMatchObject({ code: "handler_failed", message: "x is not a function" });
    expect(error!.stack).toContain("properties.test.ts");
  });

  test("keep the details that an error carries", async () => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    (await stage.nth(1)).throws({ code: "missing_frames", message: "Two are missing.", data: { frames: [7, 9] } });
    expect((await cs.jobs.wait(job)).error).toEqual({
      ...{ code: "missing_frames", message: "Two are missing.", data: { frames: [7, 9] } },
    });
  });
});

describe("a job with a start time", () => {
  test("is ignored without one until it is planned", async () => {
    const { cs, create, stage, work, database } = await aFloor({}, { alone: true });
    const ignored = await create({ startAt: null });
    await work();
    const other = await create();
    (await stage.nth(1)).returns();
    await cs.jobs.wait(other);
    const clock = await database.stopClock();
    await clock.advance(24 * HOUR_MS);
    const later = await create();
    expect((await stage.nth(2)).context.job.id).toBe(later.id);
    expect((await cs.jobs.get(ignored)).state).toBe("created");

    expect(await cs.jobs.schedule(ignored, await clock.now())).toBe("scheduled");
    expect((await stage.nth(3)).context.job.id).toBe(ignored.id);
  });

  test("in the past is due at once, and keeps it", async () => {
    const { cs, create } = await aFloor();
    const startAt = new Date("1999-12-31T23:59:59Z");
    const job = await create({ startAt });
    expect(await cs.jobs.get(job)).toMatchObject({ state: "pending", startAt, dueAt: startAt });
  });

  test("in the future begins then, and no earlier", async () => {
    const { cs, create, stage, work, database } = await aFloor({}, { alone: true });
    const clock = await database.stopClock();
    await work();
    const startAt = new Date((await clock.now()).getTime() + 60_000);
    const job = await create({ startAt });
    await clock.advance(59_999);
    const other = await create();
    expect((await stage.nth(1)).context.job.id).toBe(other.id);
    expect((await cs.jobs.get(job)).state).toBe("scheduled");
    await clock.advance(1);
    expect((await stage.nth(2)).context.job.id).toBe(job.id);
    expect(await cs.jobs.get(job)).toMatchObject({ state: "running", startedAt: startAt });
  });
});
