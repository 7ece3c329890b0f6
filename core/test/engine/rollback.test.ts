import { partial, snooze } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { expectSound, until } from "../../src/testing/index.ts";
import { poolOf } from "../admission/holdings.ts";
import { eventsOf, inState, lineOf, refusal } from "../fixtures/floor.ts";
import { aGate, aPlace, journalOf } from "../fixtures/world.ts";

describe("what an attempt journaled", () => {
  test("is undone when it fails, the last first, before it is tried again", async () => {
    const { cs, create, work, world } = await aPlace(
      {
        run: async (context, { effect, done }) => {
          expect(done, "the ground is clean").toEqual([]);
          for (const name of ["a", "b", "c"]) await effect(context, `${name}${context.attempt}`);
          if (context.attempt === 1) throw new Error("halfway");
          return "done";
        },
      },
      { retry: { limit: 1, delayMs: 1, jitter: 0 } },
    );
    await work();
    const job = await create();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 2, rollback: "none" });
    expect(world.done).toEqual(["a2", "b2", "c2"]);
    await until(() => world.log.at(-1) === "kept c2", { what: "All that is kept" });
    expect(world.log).toEqual([
      ...["done a1", "done b1", "done c1", "undone c1", "undone b1", "undone a1"],
      ...["done a2", "done b2", "done c2", "kept a2", "kept b2", "kept c2"],
    ]);
    expect(await journalOf(cs, job)).toEqual([
      ...["1.1 undone", "1.2 undone", "1.3 undone", "2.1 kept", "2.2 kept", "2.3 kept"],
    ]);
    expect(await eventsOf(cs, job)).toEqual(["create", "back_off", "rolled_back", "complete"]);
  });

  test("is stored before the handler goes on, and undone though its effect never came", async () => {
    const { cs, create, work, world } = await aPlace({
      run: async ({ undo, job }) => {
        await undo("effect", "never");
        expect((await cs.jobs.rollback(job)).entries).toMatchObject([
          { name: "effect", data: "never", state: "intent" },
        ]);
        throw new Error("before it");
      },
    });
    await work();
    const ended = await cs.jobs.wait(await create());
    expect(ended).toMatchObject({ state: "failed", rollback: "done", error: { message: "before it" } });
    expect(world.log).toEqual(["undone never"]);
  });

  test("is refused for a name that its type cannot undo", async () => {
    const refused: unknown[] = [];
    const { cs, create, work } = await aPlace({
      run: async ({ undo }) => void refused.push(await refusal(() => undo("efect", null))),
    });
    await work();
    expect((await cs.jobs.wait(await create())).state).toBe("completed");
    expect(refused).toMatchObject([
      { code: "invalid_argument", message: expect.stringContaining("it can undo effect.") },
    ]);
  });

  test("of a snoozed attempt is undone with that of the one that failed", async () => {
    const { cs, create, work, world } = await aPlace({
      run: async (context, { effect }) => {
        await effect(context, `of ${context.attempt}`);
        if (context.attempt === 1) return snooze(new Date(0));
        throw new Error("after all");
      },
    });
    await work();
    expect(await cs.jobs.wait(await create())).toMatchObject({ state: "failed", attempt: 2, rollback: "done" });
    expect(world.log).toEqual(["done of 1", "done of 2", "undone of 2", "undone of 1"]);
  });

  test("of a snoozed attempt is undone when its job is cancelled before the next", async () => {
    const { cs, create, work, world, database } = await aPlace({
      run: async (context, { effect }) => {
        await effect(context, "of 1");
        return snooze(new Date(Date.now() + 3_600_000));
      },
    });
    await work();
    const job = await create();
    await inState(cs, job, "scheduled");
    await cs.jobs.cancel(job);
    await until(async () => (await cs.jobs.get(job)).rollback === "done", { what: "The rollback" });
    expect(world.log).toEqual(["done of 1", "undone of 1"]);
    expect(await eventsOf(cs, job)).toEqual(["create", "snooze", "cancel", "rolled_back"]);
    await expectSound(database);
  });

  test("belongs to paths: those of failed ones are undone when it ends partial, the others are kept", async () => {
    const { cs, create, work, world } = await aPlace({
      run: async (context, { effect }) => {
        await effect(context, "all");
        for (const path of ["a", "b", "c"]) await effect(context, path, path);
        return partial({ processed: ["a", "c"] }, [{ path: "b", message: "unreadable" }]);
      },
    });
    await work();
    const job = await create();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "partial", rollback: "done" });
    await until(() => world.log.at(-1) === "kept c", { what: "All that is kept" });
    expect(world.log.slice(4)).toEqual(["undone b", "kept all", "kept a", "kept c"]);
    expect(world.done).toEqual(["all", "a", "c"]);
  });
});

describe("until all is undone", () => {
  test("locks and units stay with the job; then the next in line gets them", async () => {
    const gate = aGate();
    const { cs, create, work, database } = await aPlace(
      {
        run: async (context, { effect }) => {
          if (context.job.tags.includes("second")) return "second";
          await effect(context, "a");
          throw new Error("no");
        },
        onUndo: () => gate.opened,
      },
      { needs: { gpu: 1 }, lock: "exclusive" },
      { alone: true },
    );
    const gpu = await poolOf(database, "gpu", 2);
    await work();
    const target = { type: "asset", id: "A-1" };
    const first = await create({ target });
    await until(async () => (await cs.jobs.get(first)).rollback === "running", { what: "A running rollback" });
    const second = await create({ target, tags: ["second"] });
    await inState(cs, second, "waiting_for_lock");
    expect(await cs.jobs.explain(first)).toMatchObject({ state: "failed", reason: "rollback_unfinished" });
    expect((await cs.jobs.list({ rollback: "running" })).map(({ id }) => id)).toEqual([first.id]);
    expect(await cs.locks.get(target)).toMatchObject({ holders: [{ jobId: first.id }], waitingCount: 1 });
    const { rows } = await database.db.query({
      text: "select used::int from callsheet.pool where id = $1",
      values: [gpu],
    });
    expect(rows).toEqual([{ used: 1 }]);
    gate.open();
    expect(await cs.jobs.wait(second)).toMatchObject({ state: "completed", result: "second" });
    expect(await cs.locks.get(target)).toMatchObject({ holders: [], quarantine: null });
    expect(await cs.jobs.list({ rollback: "running" })).toEqual([]);
  });

  test("a retry and an amendment are refused, and a cancel is remembered", async () => {
    const gate = aGate();
    const { cs, create, work } = await aPlace(
      {
        run: async (context, { effect }) => {
          await effect(context, "a");
          throw new Error("no");
        },
        onUndo: () => gate.opened,
      },
      { retry: { limit: 1, delayMs: 60_000 } },
    );
    await work();
    const job = await create();
    await until(async () => (await cs.jobs.get(job)).rollback === "running", { what: "A running rollback" });
    expect(await refusal(() => cs.jobs.retry(job))).toMatchObject({ code: "rollback_unfinished" });
    expect(await refusal(() => cs.jobs.amend(job, {}))).toMatchObject({ code: "rollback_unfinished" });
    expect(await cs.as("ada", "not needed").jobs.cancel(job)).toBe("retrying");
    expect(await cs.jobs.rollback(job)).toMatchObject({ state: "running", remembered: "cancel" });
    gate.open();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "cancelled", rollback: "done" });
    expect(await lineOf(cs, job, "cancel")).toMatchObject({ actor: "ada", reason: "not needed" });
  });
});
