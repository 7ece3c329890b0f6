import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aFloor, eventsOf, inState, lineOf } from "../fixtures/floor.ts";

describe("a job that runs longer than its time-out", () => {
  test("is only marked: it still runs, hears nothing, and completes", async () => {
    const { cs, create, stage, work } = await aFloor({ timeoutMs: 50, cancellable: "asks" });
    const node = await work();
    const job = await create();
    const { context, returns } = await stage.nth(1);
    expect(await inState(cs, job, "timed_out")).toMatchObject({ attempt: 1, node: node.name, endedAt: null });
    expect(context.signal.aborted).toBe(false);
    expect(node.running).toBe(1);
    returns("late");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: "late", attempt: 1, retries: 0 });
    expect(await eventsOf(cs, job)).toEqual(["create", "overrun", "complete"]);
    const [overrun, complete] = [await lineOf(cs, job, "overrun"), await lineOf(cs, job, "complete")];
    expect(overrun.token).toBe(complete.token);
  });

  test("is marked, and fails when its handler fails", async () => {
    const { cs, create, stage, work } = await aFloor({ timeoutMs: 50 });
    await work();
    const job = await create();
    const { throws } = await stage.nth(1);
    await inState(cs, job, "timed_out");
    throws({ code: "broken", message: "It broke." });
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "failed", error: { code: "broken" } });
    expect(await eventsOf(cs, job)).toEqual(["create", "overrun", "fail"]);
  });

  test("fails where its action says so: its attempt is fenced off, its late word refused and counted", async () => {
    const { cs, create, stage, work } = await aFloor({ timeoutMs: 50, onTimeout: "fail" });
    const node = await work();
    const job = await create();
    const { context, returns } = await stage.nth(1);
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "failed", error: { code: "timed_out" } });
    expect(node.running).toBe(1);
    returns("too late");
    await until(() => node.refused === 1, { what: "The count of refused words" });
    expect(await cs.jobs.get(job)).toMatchObject({ state: "failed", result: null });
    // Its action does not let a running job be stopped: no signal is sent to it.
    expect(context.signal.aborted).toBe(false);
    expect(await eventsOf(cs, job)).toEqual(["create", "fail"]);
  });

  test("keeps its slot after it was fenced off, also when the job runs again on the same node", async () => {
    const { cs, create, stage, work } = await aFloor({
      ...{ timeoutMs: 80, onTimeout: "fail", retry: { limit: 1, delayMs: 0, jitter: 0 } },
    });
    const node = await work({ slots: 2 });
    const job = await create();
    await stage.nth(1);
    const second = await stage.nth(2);
    expect(second.context).toMatchObject({ attempt: 2, job: { id: job.id, retries: 1 } });
    expect(node.running).toBe(2);
    const third = await create();
    const failed = await cs.jobs.wait(job);
    expect(failed).toMatchObject({ state: "failed", attempt: 2 });
    // Both slots are still taken by handlers whose words do not count any more.
    expect(stage.entered).toHaveLength(2);
    stage.entered[0]!.returns("late");
    expect((await stage.nth(3)).context.job.id).toBe(third.id);
    second.returns("later");
    stage.entered[2]!.returns();
    await cs.jobs.wait(third).catch(() => undefined);
    await until(() => node.running === 0);
    await until(() => node.refused >= 2, { what: "The count of refused words" });
    expect(await eventsOf(cs, job)).toEqual(["create", "back_off", "fail"]);
  });

  test("has one that counts from the start of each attempt", async () => {
    const limits = { timeoutMs: 60_000, onTimeout: "fail" } as const;
    const floor = await aFloor({ ...limits, retry: { limit: 1, delayMs: 0, jitter: 0 } }, { alone: true });
    const { cs, database, name, create, stage, work } = floor;
    await cs.actions.put({ name: "once", type: name, ...limits, retry: { limit: 0 } });
    const clock = await database.stopClock();
    await work();
    const [job, other] = [await create(), await cs.jobs.create("once")];
    await stage.nth(2);
    await clock.advance(40_000);
    stage.entered.find(({ context }) => context.job.id === job.id)!.throws(new Error("half way"));
    expect((await stage.nth(3)).context).toMatchObject({ attempt: 2, job: { id: job.id } });
    await clock.advance(30_000);
    expect(await inState(cs, other, "failed")).toMatchObject({ error: { code: "timed_out" } });
    expect(await cs.jobs.get(job)).toMatchObject({ state: "running", attempt: 2 });
    await clock.advance(31_000);
    expect(await inState(cs, job, "failed")).toMatchObject({ attempt: 2, error: { code: "timed_out" } });
  });

  test("and whose time-out is told late, of an attempt that has ended, is not marked, nor is its next attempt", async () => {
    const { cs, create, stage, work, database } = await aFloor({ retry: { limit: 1, delayMs: 0, jitter: 0 } });
    await work();
    const job = await create();
    const first = await stage.nth(1);
    first.throws(new Error("at once"));
    const second = await stage.nth(2);
    const tellLate = (token: string) =>
      database.store.transaction((tx) =>
        tx.transition({ event: "overrun", changes: [{ id: job.id, token, to: "timed_out" }] }),
      );
    expect(await tellLate(first.context.fencing)).toEqual([]);
    expect(await cs.jobs.get(job)).toMatchObject({ state: "running", attempt: 2 });
    second.returns("in time");
    await cs.jobs.wait(job);
    expect(await tellLate(second.context.fencing)).toEqual([]);
    expect(await eventsOf(cs, job)).toEqual(["create", "back_off", "complete"]);
  });
});
