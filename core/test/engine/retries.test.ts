import type { ActionInput } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { systemEnvironment } from "../../src/index.ts";
import { aFloor, aFloorWith, eventsOf, inState, lineOf } from "../fixtures/floor.ts";

const HOUR_MS = 3_600_000;
type Policy = NonNullable<ActionInput["retry"]>;

describe("retries by policy", () => {
  test("run a failing job as often as its policy says, then leave it failed", async () => {
    const { cs, create } = await aFloorWith(
      async ({ attempt }) => {
        throw new Error(`failure ${attempt}`);
      },
      { retry: { limit: 2, delayMs: 1, jitter: 0 } },
    );
    const job = await create();
    const failed = await cs.jobs.wait(job);
    expect(failed).toMatchObject({ state: "failed", attempt: 3, retries: 2, error: { message: "failure 3" } });
    expect(await eventsOf(cs, job)).toEqual(["create", "back_off", "back_off", "fail"]);
    const tokens = (await cs.jobs.history(job)).flatMap(({ token }) => (token === null ? [] : [BigInt(token)]));
    expect([...tokens].sort((a, b) => (a < b ? -1 : 1))).toEqual(tokens);
    expect(new Set(tokens).size).toBe(3);
  });

  test("end when an attempt succeeds", async () => {
    const { cs, create } = await aFloorWith(
      async ({ attempt, job }) => {
        if (attempt < 3) throw new Error("not yet");
        return { attempt, retries: job.retries };
      },
      { retry: { limit: 9, delayMs: 1, jitter: 0 } },
    );
    expect(await cs.jobs.wait(await create())).toMatchObject({
      ...{ state: "completed", attempt: 3, retries: 2, result: { attempt: 3, retries: 2 }, error: null },
    });
  });

  /** The waits of a job that fails time and again, on a clock that stands still, in milliseconds. */
  const waitsOf = async (retry: Policy, random: number): Promise<number[]> => {
    const environment = { ...systemEnvironment(), random: () => random };
    const { cs, create, stage, work, database } = await aFloor({ retry }, { alone: true, environment });
    const clock = await database.stopClock();
    await work();
    const job = await create();
    const waits: number[] = [];
    for (let attempt = 1; attempt <= retry.limit!; attempt++) {
      (await stage.nth(attempt)).throws(new Error("again"));
      const { dueAt } = await inState(cs, job, "retrying");
      waits.push(dueAt!.getTime() - (await clock.now()).getTime());
      // The database counts microseconds, a Date does not.
      await clock.set(new Date(dueAt!.getTime() + 1));
    }
    stage.clear();
    await cs.jobs.wait(job);
    return waits;
  };

  test.each([
    [{ limit: 4, delayMs: 1_000, backoff: "exponential", jitter: 0 }, 0.5, [1_000, 2_000, 4_000, 8_000]],
    [{ limit: 3, delayMs: 1_000, backoff: "linear", jitter: 0 }, 0.5, [1_000, 2_000, 3_000]],
    [{ limit: 3, delayMs: 1_000, backoff: "constant", jitter: 0 }, 0.5, [1_000, 1_000, 1_000]],
    [{ limit: 3, delayMs: 1_000, backoff: "exponential", jitter: 0, maxDelayMs: 1_500 }, 0.5, [1_000, 1_500, 1_500]],
    [{ limit: 2, delayMs: 1_000, backoff: "constant", jitter: 0.5 }, 0, [1_000, 1_000]],
    [{ limit: 2, delayMs: 1_000, backoff: "constant", jitter: 0.5 }, 0.999, [1_500, 1_500]],
  ] as const)("wait as %j says, and at most its jitter longer (draw %d)", async (retry, random, waits) => {
    expect(await waitsOf(retry, random)).toEqual(waits);
  });

  test.each([
    ["a code that the policy names", { code: "not_found", message: "There is no such file." }, ["not_found"]],
    ["a result that cannot be stored", undefined, []],
  ])("are not made after %s", async (_, thrown, never) => {
    const { cs, create } = await aFloorWith(
      async () => {
        if (thrown) throw thrown;
        return { text: "\0" };
      },
      { retry: { limit: 5, delayMs: 1, never: [...never] } },
    );
    const job = await create();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "failed", attempt: 1, retries: 0 });
    expect(await eventsOf(cs, job)).toEqual(["create", "fail"]);
  });

  test("are not made for a configuration that the code of the node does not accept", async () => {
    const { cs, create, work, stage, database, name } = await aFloor({ retry: { limit: 5, delayMs: 1 } });
    const job = await create({ configuration: { crf: 20 } });
    // Another version of the type stood here when the job was created.
    await database.db.query({ text: "update callsheet.job set configuration = '[]' where id = $1", values: [job.id] });
    await work();
    expect(await cs.jobs.wait(job)).toMatchObject({
      ...{ state: "failed", attempt: 1, retries: 0, error: { code: "invalid_configuration" } },
    });
    expect((await cs.jobs.get(job)).error).not.toHaveProperty("stack");
    expect(stage.entered).toEqual([]);
    expect(name).toBeDefined();
  });

  test("begin when their time has come, and tell the error until then", async () => {
    const { cs, create, stage, work } = await aFloor({ retry: { limit: 1, delayMs: HOUR_MS } });
    await work();
    const job = await create();
    (await stage.nth(1)).throws({ code: "busy", message: "The tape is in use." });
    expect(await inState(cs, job, "retrying")).toMatchObject({ error: { code: "busy" }, result: null });
    expect(await lineOf(cs, job, "back_off")).toMatchObject({
      ...{ attempt: 1, to: "retrying", data: { error: { code: "busy", message: "The tape is in use." } } },
    });
    await cs.jobs.schedule(job, new Date());
    expect((await stage.nth(2)).context.attempt).toBe(2);
  });
});
