import type { ActionInput, ActionType } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import type { Callsheet, Created } from "../../src/index.ts";
import { until } from "../../src/testing/index.ts";
import { aWitness } from "../fixtures/child.ts";
import { aFloor, eventsOf, refusal } from "../fixtures/floor.ts";
import { isolated } from "../fixtures/isolated.mjs";

interface Isolated {
  readonly cs: Callsheet;
  create(how: string, more?: object): Promise<Created>;
}

async function anIsolatedFloor(fields: Partial<ActionInput> = {}): Promise<Isolated> {
  const { cs, name } = await aFloor();
  const action = `${name}-isolated`;
  await cs.actions.put({
    retry: { limit: 0 },
    ...fields,
    name: action,
    type: isolated as ActionType,
    isolation: "process",
  });
  await cs.work({ name: action, types: [isolated as ActionType], slots: 2 });
  return {
    cs,
    create: (how, more) =>
      cs.jobs.create(action, { configuration: { how, ...more }, target: { type: "asset", id: "A" } }),
  };
}

describe("a handler in a process of its own", () => {
  test("is given its context and returns its result, as in the node's own process", async () => {
    const { cs, create } = await anIsolatedFloor();
    const done = await cs.jobs.wait(await create("returns"));
    expect(done).toMatchObject({ state: "completed", attempt: 1 });
    expect(done.result).toEqual({
      ...{ given: { how: "returns" }, attempt: 1, action: done.action, target: { type: "asset", id: "A" } },
    });
  });

  test.each([
    [
      "throws",
      { code: "handler_failed", message: "x is not a function", stack: expect.stringContaining("isolated.mjs") },
    ],
    ["refuses", { code: "not_found", message: "There is no such file.", data: { path: "/a" } }],
    ["exits", { code: "handler_exited" }],
    ["kills", { code: "handler_killed" }],
    ["rejects later", { code: "handler_failed", message: "nobody listens" }],
    ["fills its memory", { code: "handler_out_of_memory" }],
  ])("that %s fails its own job, with the reason, and harms no other", async (how, error) => {
    const { cs, create } = await anIsolatedFloor({ memoryMiB: 64 });
    const [bad, good] = [await create(how), await create("returns")];
    const ended = await cs.jobs.wait(bad);
    expect(ended).toMatchObject({ state: "failed", error, result: null });
    expect((await cs.jobs.wait(good)).state).toBe("completed");
    expect(await eventsOf(cs, bad)).toEqual(["create", "fail"]);
  });

  test("that lives for longer than its limit is ended, and nobody else; its time-out only marks it", async () => {
    const { cs, create } = await anIsolatedFloor({ timeLimitMs: 3_000, timeoutMs: 1, retry: { limit: 1, delayMs: 1 } });
    const [long, short] = [await create("never gives back"), await create("returns")];
    expect((await cs.jobs.wait(short)).state).toBe("completed");
    const ended = await cs.jobs.wait(long, { timeoutMs: 60_000 });
    expect(ended).toMatchObject({ state: "failed", attempt: 2, error: { code: "handler_out_of_time" } });
    expect(await eventsOf(cs, long)).toEqual(expect.arrayContaining(["overrun", "back_off", "fail"]));
  });

  test("has a limit of time only in a process of its own", async () => {
    const { cs } = await aFloor();
    const put = () => cs.actions.put({ name: "limited", type: "test", timeLimitMs: 1_000 });
    expect(await refusal(put)).toMatchObject({ code: "invalid_argument", details: { field: "timeLimitMs" } });
  });

  test("that fails is retried by the policy of its action", async () => {
    const { cs, create } = await anIsolatedFloor({ retry: { limit: 1, delayMs: 1 } });
    const job = await create("throws");
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "failed", attempt: 2, retries: 1 });
  });

  test("whose promises are rejected after it has returned has returned", async () => {
    const { cs, create } = await anIsolatedFloor();
    expect(await cs.jobs.wait(await create("returns then rejects"))).toMatchObject({
      state: "completed",
      result: "done",
    });
  });

  test("delivers a part, or asks to run again later", async () => {
    const { cs, create } = await anIsolatedFloor();
    const [part, later] = [await create("partly"), await create("snoozes")];
    expect(await cs.jobs.wait(part)).toMatchObject({
      ...{ state: "partial", result: { output: { copied: 1 }, problems: [{ path: "b", message: "unreadable" }] } },
    });
    expect(await cs.jobs.wait(later)).toMatchObject({ state: "completed", attempt: 2, retries: 0, result: "awake" });
  });

  test("speaks of its progress, writes to its log, keeps variables and has a workspace", async () => {
    const { cs, create } = await anIsolatedFloor();
    const job = await create("speaks");
    const done = await cs.jobs.wait(job);
    expect(done).toMatchObject({ state: "completed", variables: { seen: { n: 1 } } });
    expect((done.result as { pid: number }).pid).not.toBe(process.pid);
    expect((await cs.jobs.log(job)).map(({ message }) => message)).toEqual(["from a process of its own"]);
  });

  test("hears that it was asked to stop", async () => {
    const { cs, create } = await anIsolatedFloor({ cancellable: "asks" });
    const job = await create("waits for the signal");
    await until(async () => (await cs.jobs.log(job)).length === 1, { what: "Its first word" });
    await cs.jobs.cancel(job);
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "cancelled" });
    expect(await eventsOf(cs, job)).toEqual(["create", "ask_cancel", "settle"]);
  });

  test("journals like any other, and what it did is undone in a process of its own", async () => {
    const witness = aWitness();
    const { cs, create } = await anIsolatedFloor();
    const ended = await cs.jobs.wait(await create("journals", { witness: witness.file }));
    expect(ended).toMatchObject({
      state: "failed",
      rollback: "done",
      error: { message: "wrong_state invalid_argument" },
    });
    expect(witness.lines()).toEqual([expect.stringMatching(new RegExp(`^${ended.action} journals \\d+$`))]);
    expect(witness.lines()[0]).not.toContain(String(process.pid));
  });
});
