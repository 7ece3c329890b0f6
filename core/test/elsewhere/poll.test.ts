import { elsewhere, failed, type Json, partial } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aFarm, type FarmPlan, goesOn } from "../fixtures/farm.ts";
import { fastEnvironment } from "../fixtures/fast.ts";
import { eventsOf, lineOf } from "../fixtures/floor.ts";

type Poll = NonNullable<FarmPlan["poll"]>;
const run = () => elsewhere({ at: 0 });
/** Polled as often as may be. */
const aPolledFarm = (poll: Poll, plan: FarmPlan = {}, fields: Parameters<typeof aFarm>[1] = {}) =>
  aFarm({ run, poll, pollEveryMs: 100, ...plan }, fields);

describe("a poll", () => {
  test("is called until it finds that the work is done, with the handle that the one before gave", async () => {
    const seen: Json[] = [];
    const { cs, create, work } = await aPolledFarm(async (handle, { attempt, job, variables, progress, log }) => {
      seen.push(handle);
      const { at } = handle as { at: number };
      progress(at * 30, `step ${at}`);
      log.info(`saw ${at}`);
      await variables.set("at", at);
      return at === 3 ? { done: job.id, attempt } : elsewhere({ at: at + 1 });
    });
    await work();
    const job = await create();
    expect(await cs.jobs.wait(job)).toMatchObject({
      ...{ state: "completed", result: { done: job.id, attempt: 1 }, variables: { at: 3 } },
    });
    expect(seen).toEqual([{ at: 0 }, { at: 1 }, { at: 2 }, { at: 3 }]);
    expect((await cs.jobs.log(job)).map(({ n, message }) => `${n} ${message}`)).toEqual([
      ...["1 saw 0", "2 saw 1", "3 saw 2", "4 saw 3"],
    ]);
    expect(await eventsOf(cs, job)).toEqual(["create", "elsewhere", "complete"]);
  });

  test("says by `failed` that the work failed, and by `partial` that it succeeded in part", async () => {
    const { cs, create, work } = await aPolledFarm(async (_, { job }) =>
      job.tags.includes("bad")
        ? failed("no_codec", "It cannot be read.", { codec: "x" })
        : partial("a", [{ path: "b", message: "unreadable" }]),
    );
    await work();
    expect(await cs.jobs.wait(await create({ tags: ["bad"] }))).toMatchObject({
      ...{ state: "failed", error: { code: "no_codec", message: "It cannot be read.", data: { codec: "x" } } },
    });
    expect(await cs.jobs.wait(await create())).toMatchObject({ state: "partial", result: { output: "a" } });
  });

  test("that throws says nothing of the work: it is shown, and polled again", async () => {
    let isAnswering = false;
    const { cs, create, work } = await aPolledFarm(async () => {
      if (isAnswering) return "found";
      throw Object.assign(new Error("The farm does not answer."), { code: "ECONNREFUSED" });
    });
    await work();
    const job = await create();
    const problem = { code: "ECONNREFUSED", message: "The farm does not answer." };
    const now = await until(async () => {
      const { elsewhere: away } = await cs.jobs.get(job);
      return away?.problem ? away : undefined;
    });
    expect(now).toMatchObject({ problem, polledAt: expect.any(Date), nextPollAt: expect.any(Date) });
    expect((await cs.jobs.explain(job)).sentence).toContain("which failed: ECONNREFUSED: The farm does not answer.");
    isAnswering = true;
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: "found", attempt: 1 });
  });

  test("and a token end the attempt together: the first of them", async () => {
    const { cs, create, work, tokens } = await aFarm({
      run: async (context) => {
        tokens.set(context.job.id, await context.completionToken());
        return elsewhere(context.job.id);
      },
      poll: async (id) => {
        await cs.elsewhere.complete(tokens.get(id as string)!, "told");
        return "polled";
      },
      pollEveryMs: 100,
    });
    await work();
    expect(await cs.jobs.wait(await create())).toMatchObject({ state: "completed", result: "told" });
  });

  test("comes from a node of another process's making when the first one has stopped", async () => {
    const polled: string[] = [];
    const { database, cs, create, work, type } = await aPolledFarm(async (handle, { job }) => {
      polled.push(job.id);
      return isDone ? "done" : elsewhere(handle);
    });
    let isDone = false;
    const first = await work("first");
    const job = await create();
    await until(() => polled.length > 1, { what: "Two polls" });
    await first.stop();
    expect(await cs.jobs.get(job)).toMatchObject({ state: "running", attempt: 1 });
    isDone = true;
    const before = polled.length;
    await using other = await database.open();
    await other.work({ name: "second", types: [type], slots: 1 });
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 1, result: "done" });
    expect(polled.length).toBeGreaterThan(before);
    expect(await eventsOf(cs, job)).toEqual(["create", "elsewhere", "complete"]);
  });
});

describe("a job whose work goes on elsewhere and is cancelled", () => {
  test("is refused where its action does not allow it, and polled on", async () => {
    const { cs, create, work } = await aFarm();
    await work();
    const job = await create();
    await goesOn(cs, job);
    await expect(cs.jobs.cancel(job)).rejects.toMatchObject({ code: "not_cancellable" });
    await cs.elsewhere.complete(job.id);
  });

  test("is over when its type's cancel has stopped the work", async () => {
    const stopped: Json[] = [];
    const { cs, create, work } = await aFarm(
      { run, cancel: async (handle, { signal }) => void stopped.push(handle, signal.aborted) },
      { cancellable: "asks" },
    );
    await work();
    const job = await create();
    await goesOn(cs, job);
    expect(await cs.as("ada", "not needed").jobs.cancel(job)).toBe("cancelling");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "cancelled" });
    expect(stopped).toEqual([{ at: 0 }, false]);
    expect(await eventsOf(cs, job)).toEqual(["create", "elsewhere", "ask_cancel", "settle"]);
  });

  test("is polled until it ends where cancel says that this takes a while, and asked again when cancel failed", async () => {
    let asked = 0;
    const { cs, create, work } = await aPolledFarm(
      async (handle, { signal }) =>
        signal.aborted && asked > 1 ? failed("stopped", "It stopped.") : elsewhere(handle),
      {
        cancel: async (handle) => {
          asked += 1;
          if (asked === 1) throw new Error("try again");
          return elsewhere(handle);
        },
      },
      { cancellable: "asks" },
    );
    await work();
    const job = await create();
    await goesOn(cs, job);
    await cs.jobs.cancel(job);
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "cancelled" });
    expect(asked).toBe(2);
  });

  test("tells its poll where its type has no cancel, and may have completed", async () => {
    const { cs, create, work } = await aPolledFarm(
      async (handle, { signal }) => (signal.aborted ? "done before" : elsewhere(handle)),
      {},
      { cancellable: "asks" },
    );
    await work();
    const job = await create();
    await goesOn(cs, job);
    await cs.jobs.cancel(job);
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: "done before" });
  });

  test("answers `cancelling` to whoever reports its progress, until a token ends it", async () => {
    const { cs, create, work, tokens } = await aFarm({}, { cancellable: "asks" });
    await work();
    const job = await create();
    await goesOn(cs, job);
    await cs.jobs.cancel(job);
    const token = tokens.get(job.id)!;
    expect(await cs.elsewhere.heartbeat(token)).toBe("cancelling");
    expect((await cs.jobs.explain(job)).sentence).toContain("ends when its work does, elsewhere since");
    expect(await cs.elsewhere.fail(token, { message: "It stopped." })).toBe("cancelled");
  });

  test("is abandoned at once where its action says so, and what it holds is free when its work has stopped", async () => {
    const told: Json[] = [];
    let isOver = false;
    const { cs, create, work } = await aPolledFarm(
      async (handle) => (isOver ? "late" : elsewhere(handle)),
      {
        cancel: async (handle) => {
          told.push(handle);
          return elsewhere(handle);
        },
      },
      { cancellable: "abandon", lock: "exclusive" },
    );
    await work();
    const target = { type: "asset", id: "A-9" };
    const job = await create({ target });
    await goesOn(cs, job);
    expect(await cs.jobs.cancel(job)).toBe("cancelled");
    await until(() => told.length === 1, { what: "The call of cancel" });
    expect(await cs.locks.get(target)).toMatchObject({ holders: [{ jobId: job.id }] });
    isOver = true;
    await until(async () => (await cs.locks.get(target)).holders.length === 0, { what: "The end of the work" });
    expect(await cs.jobs.get(job)).toMatchObject({ state: "cancelled", result: null });
    expect(told).toHaveLength(1);
  });
});

describe("a time-out", () => {
  test("marks it, and lets it be polled at once; it completes", async () => {
    const overdue: boolean[] = [];
    const { cs, create, work } = await aFarm(
      {
        run,
        poll: async (handle, { isOverdue }) => {
          overdue.push(isOverdue);
          return isOverdue ? "resumed" : elsewhere(handle);
        },
        pollEveryMs: 3_600_000,
      },
      { timeoutMs: 300 },
    );
    await work();
    const job = await create();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: "resumed", attempt: 1 });
    expect(overdue).toEqual([true]);
    expect(await eventsOf(cs, job)).toEqual(["create", "elsewhere", "overrun", "complete"]);
  });

  test("fails it where its action says so: its late word is refused, and what it holds is free then", async () => {
    const { cs, create, work, tokens } = await aFarm({}, { timeoutMs: 300, onTimeout: "fail", lock: "exclusive" });
    await work();
    const target = { type: "asset", id: "A-7" };
    const job = await create({ target });
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "failed", error: { code: "timed_out" } });
    expect(await cs.locks.get(target)).toMatchObject({ holders: [{ jobId: job.id }] });
    const token = tokens.get(job.id)!;
    await expect(cs.elsewhere.complete(token, "late")).rejects.toMatchObject({ code: "stale_attempt" });
    expect(await cs.locks.get(target)).toMatchObject({ holders: [] });
    await expect(cs.elsewhere.complete(token, "later")).rejects.toMatchObject({ code: "already_ended" });
    expect(await cs.jobs.get(job)).toMatchObject({ state: "failed", result: null });
  });

  test("of an attempt that nobody will end is ended by an operator, who frees what it holds", async () => {
    const { cs, create, work } = await aFarm({}, { timeoutMs: 300, onTimeout: "fail" });
    await work();
    const job = await create();
    await cs.jobs.wait(job);
    await cs.as("ada").jobs.declareLost(job, { reason: "the farm is gone" });
    await expect(cs.elsewhere.complete(job.id)).rejects.toMatchObject({ code: "already_ended" });
  });

  test("is put off by each word where its type counts it from progress", async () => {
    const { database, cs, create, work } = await aFarm({ timeoutFrom: "progress" }, { timeoutMs: 60_000 });
    await work();
    const job = await create();
    await goesOn(cs, job);
    const extraMs = async () => {
      const text = `select extract(epoch from deadline - started_at) * 1000 - 60000 as ms from callsheet.work where job_id = $1`;
      return Number((await database.db.query<{ ms: string }>({ text, values: [job.id] })).rows[0]!.ms);
    };
    expect(await extraMs()).toBe(0);
    await cs.elsewhere.heartbeat(job.id);
    const first = await extraMs();
    expect(first).toBeGreaterThan(0);
    await cs.elsewhere.progress(job.id, 10);
    expect(await extraMs()).toBeGreaterThan(first);
    expect(await cs.elsewhere.complete(job.id)).toBe("completed");
  });
});

test("work elsewhere that shows nothing has stalled, until something is heard of it", async () => {
  const { cs, create, work, tokens } = await aFarm(
    { stallAfterMs: 2_000 },
    {},
    { alone: true, environment: fastEnvironment() },
  );
  await work();
  const job = await create();
  await until(async () => (await cs.jobs.get(job)).stalledSince !== null, { what: "The stall" });
  expect(await cs.jobs.explain(job)).toMatchObject({ reason: "stalled", details: { elsewhere: { polledAt: null } } });
  await cs.elsewhere.progress(tokens.get(job.id)!, 10);
  expect((await cs.jobs.get(job)).stalledSince).toBeNull();
  await cs.elsewhere.complete(job.id);
  expect(await eventsOf(cs, job)).toEqual(["create", "elsewhere", "stall", "stall_end", "complete"]);
  expect(await lineOf(cs, job, "stall")).toMatchObject({ data: { silentMs: expect.any(Number) } });
});
