import type { JobState } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { aJob, until } from "../../src/testing/index.ts";
import { aFloor, eventsOf, inState, lineOf, refusal } from "../fixtures/floor.ts";

const NOT_LIVE: JobState[] = ["created", "scheduled", "pending", "queued", "retrying", "paused", "failed", "partial"];

describe("a cancel", () => {
  test.each(NOT_LIVE)("of a job that is %s cancels it at once, whatever its action says", async (state) => {
    const { cs, database } = await aFloor();
    const { id } = await aJob(database, { state, action: { cancellable: "never" } });
    expect(await cs.as("ada", "not needed").jobs.cancel(id)).toBe("cancelled");
    const job = await cs.jobs.get(id);
    expect(job).toMatchObject({ state: "cancelled", dueAt: null });
    expect(job.endedAt).not.toBeNull();
    expect((await eventsOf(cs, id)).at(-1)).toBe("cancel");
    expect((await cs.jobs.history(id)).at(-1)).toMatchObject({ actor: "ada", reason: "not needed", to: "cancelled" });
  });

  test.each(["completed", "skipped", "cancelled"] as const)("of a job that is %s is refused", async (state) => {
    const { cs, database } = await aFloor();
    const { id } = await aJob(database, { state });
    expect(await refusal(() => cs.jobs.cancel(id))).toMatchObject({ code: "wrong_state", details: { state } });
  });

  test("keeps the outcome of a failed job: its error and when it ended", async () => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    (await stage.nth(1)).throws({ code: "broken", message: "It broke." });
    const failed = await cs.jobs.wait(job);
    await cs.jobs.cancel(job);
    expect(await cs.jobs.get(job)).toMatchObject({ error: failed.error, endedAt: failed.endedAt, attempt: 1 });
    expect(await eventsOf(cs, job)).toEqual(["create", "fail", "cancel"]);
  });
});

describe("a cancel of a running job", () => {
  test("is refused when its action says never, and its handler hears nothing", async () => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    const { context, returns } = await stage.nth(1);
    expect(await refusal(() => cs.jobs.cancel(job))).toMatchObject({
      code: "not_cancellable",
      details: { id: job.id },
    });
    expect(context.signal.aborted).toBe(false);
    returns("done");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: "done" });
    expect(await eventsOf(cs, job)).toEqual(["create", "complete"]);
  });

  const asked = async () => {
    const floor = await aFloor({ cancellable: "asks" });
    await floor.work();
    const job = await floor.create();
    const entered = await floor.stage.nth(1);
    expect(await floor.cs.as("ada").jobs.cancel(job)).toBe("cancelling");
    await until(() => entered.context.signal.aborted, { what: "The signal" });
    expect((await floor.cs.jobs.get(job)).state).toBe("cancelling");
    return { ...floor, ...entered, job };
  };

  test("asks the handler when its action says asks; it is cancelled when the handler has stopped", async () => {
    const { cs, job, context, throws } = await asked();
    expect(await refusal(() => cs.jobs.cancel(job))).toMatchObject({ code: "wrong_state" });
    throws(context.signal.reason);
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "cancelled", attempt: 1, result: null });
    expect(await eventsOf(cs, job)).toEqual(["create", "ask_cancel", "settle"]);
    expect(await lineOf(cs, job, "ask_cancel")).toMatchObject({ actor: "ada", to: "cancelling" });
  });

  test("does not undo what is done: a handler that ends its work in spite of it has completed", async () => {
    const { cs, job, returns } = await asked();
    returns(7);
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: 7 });
    expect(await eventsOf(cs, job)).toEqual(["create", "ask_cancel", "complete"]);
  });

  test("abandons it at once when its action says abandon; the handler is told, its late word refused and counted", async () => {
    const { cs, create, stage, work } = await aFloor({ cancellable: "abandon" });
    const node = await work({ slots: 1 });
    const job = await create();
    const { context, returns } = await stage.nth(1);
    expect(await cs.jobs.cancel(job)).toBe("cancelled");
    expect((await cs.jobs.wait(job)).state).toBe("cancelled");
    await until(() => context.signal.aborted, { what: "The signal" });
    expect(node.running).toBe(1);
    returns("too late");
    await until(() => node.running === 0);
    await until(() => node.refused === 1, { what: "The count of refused words" });
    expect(await cs.jobs.get(job)).toMatchObject({ state: "cancelled", result: null });
    expect(await eventsOf(cs, job)).toEqual(["create", "abandon"]);
    stage.clear();
    expect((await cs.jobs.wait(await create())).state).toBe("completed");
  });

  test("abandons a job whose handler ignores that it was asked", async () => {
    const { cs, create, stage, work } = await aFloor({ cancellable: "abandon", timeoutMs: 50 });
    await work();
    const job = await create();
    await stage.nth(1);
    await inState(cs, job, "timed_out");
    expect(await cs.jobs.cancel(job)).toBe("cancelled");
    expect(await eventsOf(cs, job)).toEqual(["create", "overrun", "abandon"]);
  });

  test("is heard by the node of another process, with or without a hint", async () => {
    const { cs, create, stage, work, database } = await aFloor({ cancellable: "asks" });
    await work();
    const job = await create();
    const { context, throws } = await stage.nth(1);
    const elsewhere = await database.open();
    expect(await elsewhere.jobs.cancel(job)).toBe("cancelling");
    await until(() => context.signal.aborted, { what: "The signal" });
    throws(new Error("stopped"));
    expect((await elsewhere.jobs.wait(job)).state).toBe("cancelled");
    await elsewhere.close();
    await eventsOf(cs, job);
  });
});
