import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { eventsOf, inState, lineOf, refusal } from "../fixtures/floor.ts";
import { aGate, aPlace, journalOf, type Plan } from "../fixtures/world.ts";

const TARGET = { type: "asset", id: "A-1" };
const failing: Plan = {
  run: async (context, { effect }) => {
    for (const name of ["a", "b", "c"]) await effect(context, name);
    throw new Error("no");
  },
};

describe("an undo that fails", () => {
  test("is tried again, and what is undone already is not undone twice", async () => {
    let tries = 0;
    const { cs, create, work, world } = await aPlace({
      ...failing,
      onUndo: (name) => {
        if (name === "b" && tries++ === 0) throw new Error("not yet");
      },
    });
    await work();
    expect(await cs.jobs.wait(await create())).toMatchObject({ state: "failed", rollback: "done" });
    expect(world.log.slice(3)).toEqual(["undone c", "undone b", "undone a"]);
  });

  test("for good is left to an operator, who tries it again", async () => {
    let isBroken = true;
    const place = await aPlace(
      {
        ...failing,
        onUndo: (name) => {
          if (name === "b" && isBroken) throw Object.assign(new Error("no answer"), { code: "remote_gone" });
        },
      },
      { lock: "exclusive" },
    );
    const { cs, create, work, world, troubles } = place;
    await work();
    const job = await create({ target: TARGET });
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "failed", rollback: "failed", error: { message: "no" } });
    expect(troubles).toMatchObject([{ where: "undo", error: { message: expect.stringContaining("no answer") } }]);
    expect((await cs.jobs.list({ rollback: "failed" })).map(({ id }) => id)).toEqual([job.id]);
    expect(await cs.jobs.explain(job)).toMatchObject({
      reason: "rollback_failed",
      sentence: expect.stringContaining('The last try failed at "effect": no answer.'),
    });
    expect(await cs.jobs.rollback(job)).toMatchObject({ state: "failed", nextAt: null, node: null });
    expect(await journalOf(cs, job)).toEqual(["1.1 intent", "1.2 failed", "1.3 undone"]);
    expect(await lineOf(cs, job, "rollback_failed")).toMatchObject({
      data: { attempt: 1, error: { code: "remote_gone" } },
    });
    expect(await cs.locks.get(TARGET)).toMatchObject({
      ...{ holders: [], quarantine: { actor: "system", reason: `The rollback of job ${job.id} failed.` } },
    });
    expect(await refusal(() => cs.jobs.retry(job))).toMatchObject({ code: "rollback_unfinished" });
    isBroken = false;
    await cs.jobs.retryRollback(job);
    await until(async () => (await cs.jobs.get(job)).rollback === "done", { what: "A finished rollback" });
    expect(world.log.slice(3)).toEqual(["undone c", "undone b", "undone a"]);
    expect((await cs.locks.get(TARGET)).quarantine).toBeNull();
    expect(await eventsOf(cs, job)).toEqual(["create", "fail", "rollback_failed", "rollback_retried", "rolled_back"]);
    expect(await cs.jobs.retry(job)).toBe("pending");
  });

  test("for good may be resolved with a reason; a cancel that was asked for follows", async () => {
    const { cs, create, work } = await aPlace(
      {
        ...failing,
        onUndo: () => {
          throw new Error("never");
        },
      },
      { lock: "exclusive", retry: { limit: 3, delayMs: 1 } },
    );
    await work();
    const job = await create({ target: { type: "asset", id: "A-2" } });
    await cs.jobs.wait(job);
    expect(await cs.jobs.get(job)).toMatchObject({ state: "failed", error: { code: "rollback_failed" } });
    expect(await cs.jobs.cancel(job)).toBe("failed");
    expect(await refusal(() => cs.jobs.resolveRollback(job, ""))).toMatchObject({ code: "invalid_argument" });
    expect(await cs.as("ada").jobs.resolveRollback(job, "removed by hand")).toBe("cancelled");
    expect(await cs.jobs.get(job)).toMatchObject({ state: "cancelled", rollback: "done" });
    expect(await journalOf(cs, job)).toEqual(["1.1 resolved", "1.2 resolved", "1.3 resolved"]);
    expect(await lineOf(cs, job, "rollback_resolved")).toMatchObject({ actor: "ada", reason: "removed by hand" });
    expect((await cs.locks.get({ type: "asset", id: "A-2" })).quarantine).toBeNull();
    expect(await refusal(() => cs.jobs.resolveRollback(job, "again"))).toMatchObject({ code: "wrong_state" });
    expect(await refusal(() => cs.jobs.retryRollback(job))).toMatchObject({ code: "wrong_state" });
  });
});

describe("a rollback begins once the attempt has ended, when its job", () => {
  test("was failed by its time-out: the handler still runs", async () => {
    const gate = aGate();
    const { cs, create, work, world } = await aPlace(
      {
        run: async (context, { effect }) => {
          await effect(context, "a");
          await gate.opened;
          expect(await refusal(() => context.undo("effect", "late"))).toMatchObject({ code: "stale_attempt" });
        },
      },
      { timeoutMs: 20, onTimeout: "fail" },
    );
    await work();
    const job = await create();
    expect(await inState(cs, job, "failed")).toMatchObject({ rollback: "required", error: { code: "timed_out" } });
    expect(world.done).toEqual(["a"]);
    gate.open();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "failed", rollback: "done" });
    expect(world.log).toEqual(["done a", "undone a"]);
  });

  test("was abandoned", async () => {
    const gate = aGate();
    const { cs, create, work, world } = await aPlace(
      {
        run: async (context, { effect }) => {
          await effect(context, "a");
          await gate.opened;
        },
      },
      { cancellable: "abandon", lock: "exclusive" },
    );
    await work();
    const job = await create({ target: { type: "asset", id: "A-3" } });
    await until(() => world.done.length === 1, { what: "The effect" });
    expect(await cs.jobs.cancel(job)).toBe("cancelled");
    expect(await cs.jobs.get(job)).toMatchObject({ state: "cancelled", rollback: "required" });
    gate.open();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "cancelled", rollback: "done" });
    expect(world.log).toEqual(["done a", "undone a"]);
    expect((await cs.locks.get({ type: "asset", id: "A-3" })).holders).toEqual([]);
  });

  test("was asked to stop: it is cancelled when all is undone", async () => {
    const [gate, undoing] = [aGate(), aGate()];
    const { cs, create, work, world } = await aPlace(
      {
        run: async (context, { effect }) => {
          await effect(context, "a");
          await gate.opened;
          throw new Error("stopped");
        },
        onUndo: () => undoing.opened,
      },
      { cancellable: "asks" },
    );
    await work();
    const job = await create();
    await until(() => world.done.length === 1, { what: "The effect" });
    expect(await cs.jobs.cancel(job)).toBe("cancelling");
    gate.open();
    await until(async () => (await cs.jobs.get(job)).rollback === "running", { what: "A running rollback" });
    expect((await cs.jobs.get(job)).state).toBe("cancelling");
    undoing.open();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "cancelled", rollback: "done" });
    expect(await eventsOf(cs, job)).toEqual(["create", "ask_cancel", "rolled_back", "settle"]);
  });
});

describe("a node that dies", () => {
  test.each([
    ["before", ["done 1", "done 2", "done 3"]],
    ["while", ["done 1", "done 2", "done 3", "undone 3"]],
  ])("%s what it did is undone: another one goes on, and tries the job again", async (when, before) => {
    const { cs, database } = await aPlace({ run: () => null }, {}, { alone: true });
    const witness = aWitness();
    const variables = { TEST_DATABASE: database.url, TEST_WITNESS: witness.file };
    const first = aChild("undo-process.mjs", { ...variables, TEST_NODE: "first", TEST_DIES: when });
    await first.says("up");
    const job = await cs.jobs.create("undoing");
    expect(await first.ended).toBe("SIGKILL");
    expect(witness.lines()).toEqual(before);
    await aChild("undo-process.mjs", { ...variables, TEST_NODE: "second" }).says("up");
    expect(await cs.jobs.wait(job, { timeoutMs: 20_000 })).toMatchObject({ state: "completed", attempt: 2 });
    expect(await journalOf(cs, job)).toEqual(["1.1 undone", "1.2 undone", "1.3 undone"]);
    // What was begun by the first is begun again by the second, and goes on from there.
    const undone = witness.lines().filter((line) => line.startsWith("undone"));
    expect(undone.slice(-3)).toEqual(["undone 3", "undone 2", "undone 1"]);
  });
});
