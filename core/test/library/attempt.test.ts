import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { until } from "../../src/testing/index.ts";
import { aFloor, aFloorWith, type Context, inState, refusal } from "../fixtures/floor.ts";

describe("the context of a handler", () => {
  test("tells of its job and nothing else", async () => {
    const { create, stage, work, name } = await aFloor({ configuration: { crf: 20 } });
    const job = await create({ target: { type: "asset", id: "A-17" }, tags: ["a", "b"], owner: "ada" });
    await work();
    const { context } = await stage.nth(1);
    const said = { id: job.id, action: name, type: name, owner: "ada", tags: ["a", "b"], retries: 0, isFresh: true };
    expect(context.job).toEqual(said);
    expect(context).toMatchObject({ attempt: 1, configuration: { crf: 20 }, target: { type: "asset", id: "A-17" } });
    expect(context.signal.aborted).toBe(false);
  });

  test("can be taken apart", async () => {
    const seen: unknown[] = [];
    const run = async ({ progress, log, workspace, variables }: Context) => {
      progress(10, "begun");
      log.info("hello");
      await variables.set("a", 1);
      seen.push(existsSync(await workspace()), variables.get("a"));
    };
    const { cs, create } = await aFloorWith(run);
    expect((await cs.jobs.wait(await create())).state).toBe("completed");
    expect(seen).toEqual([true, 1]);
  });
});

describe("the variables of a job", () => {
  test("are seen by its later attempts, with those that it was created with", async () => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create({ variables: { from: "the caller", n: 0 } });
    const first = await stage.nth(1);
    expect(first.context.variables.all()).toEqual({ from: "the caller", n: 0 });
    await first.context.variables.set("n", { deep: [1] });
    expect(first.context.variables.get("n")).toEqual({ deep: [1] });
    expect((await cs.jobs.get(job)).variables).toEqual({ from: "the caller", n: { deep: [1] } });
    first.throws(new Error("once more"));
    await inState(cs, job, "failed");
    await cs.jobs.retry(job);
    const second = await stage.nth(2);
    expect(second.context.variables.all()).toEqual({ from: "the caller", n: { deep: [1] } });
    expect(second.context.variables.get("none")).toBeUndefined();
  });

  test("can be set at the same time", async () => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    const { context } = await stage.nth(1);
    await Promise.all(["a", "b", "c", "d"].map((key) => context.variables.set(key, key)));
    expect((await cs.jobs.get(job)).variables).toEqual({ a: "a", b: "b", c: "c", d: "d" });
  });

  test("are refused to an attempt that was superseded", async () => {
    const { cs, create, stage, work } = await aFloor({ cancellable: "abandon" });
    await work();
    const job = await create();
    const { context } = await stage.nth(1);
    await cs.jobs.cancel(job);
    expect(await refusal(() => context.variables.set("a", 1))).toMatchObject({ code: "stale_attempt" });
    expect((await cs.jobs.get(job)).variables).toEqual({});
  });

  test.each([
    ["a name that is no text", 5 as never, 1],
    ["an empty name", "", 1],
    ["a name with NUL", "a\0", 1],
    ["no value", "a", undefined as never],
    ["half of a surrogate pair", "a", "\ud800"],
    ["a value beyond 1 MiB", "a", "x".repeat(1_100_000)],
  ])("are refused with %s, and the handler can go on", async (_, key, value) => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    const { context, returns } = await stage.nth(1);
    expect((await refusal(() => context.variables.set(key, value))).code).toMatch(/invalid_argument|payload_too_large/);
    returns();
    expect((await cs.jobs.wait(job)).state).toBe("completed");
  });
});

describe("progress", () => {
  test("is seen while the job runs, with its message and numbers", async () => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    const { context } = await stage.nth(1);
    context.progress(12.5, "reading", { fps: 48 });
    const seen = await until(async () => (await cs.jobs.get(job)).progress, { what: "The progress" });
    expect(seen).toMatchObject({ percent: 12.5, message: "reading", stats: { fps: 48 } });
    expect(seen.at).toBeInstanceOf(Date);
  });

  test("is thinned out before it is stored: the last word counts", async () => {
    const { cs, create, stage, work, database } = await aFloor({}, { alone: true });
    await work();
    const job = await create();
    const { context } = await stage.nth(1);
    for (let n = 0; n < 10_000; n++) context.progress(n / 100);
    await until(async () => (await cs.jobs.get(job)).progress?.percent === 99.99);
    const written = async () => {
      const { rows } = await database.db.query<{ n: number }>({
        text: "select (n_tup_ins + n_tup_upd)::int as n from pg_stat_user_tables where relname = 'progress'",
        values: [],
      });
      return rows[0]!.n;
    };
    expect(await written()).toBeLessThan(10);
  });

  test("that a handler reported right before it failed is kept with the failure", async () => {
    const { cs, create } = await aFloorWith(async (context) => {
      context.progress(40, "half-way");
      throw { code: "broken", message: "It broke." };
    });
    expect((await cs.jobs.wait(await create())).progress).toMatchObject({ percent: 40, message: "half-way" });
  });

  test.each([
    [-5, 0],
    [250, 100],
    [Number.NaN, 0],
    ["much" as never, 0],
  ])("of %s is shown as %s", async (percent, shown) => {
    const { cs, create, stage, work } = await aFloor();
    await work();
    const job = await create();
    (await stage.nth(1)).context.progress(percent);
    expect((await until(async () => (await cs.jobs.get(job)).progress)).percent).toBe(shown);
  });

  test("with numbers that cannot be stored is stored without them, and holds up nobody else's", async () => {
    const { cs, create, stage, work } = await aFloor({ cancellable: "asks" });
    await work();
    const jobs = [await create(), await create(), await create(), await create()];
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const stats = [{ n: 1n }, { text: "\0" }, cyclic, { fps: 25 }];
    await stage.nth(4);
    for (const { context } of stage.entered)
      context.progress(50, 7 as never, stats[jobs.findIndex(({ id }) => id === context.job.id)] as never);
    expect(stage.entered).toHaveLength(4);
    const last = jobs[3]!;
    const seen = await until(async () => (await cs.jobs.get(last)).progress);
    expect(seen).toMatchObject({ percent: 50, message: "7", stats: { fps: 25 } });
    expect((await until(async () => (await cs.jobs.get(jobs[0]!)).progress)).stats).toBeNull();
    await cs.jobs.cancel(last);
    const { context } = stage.entered.find((one) => one.context.job.id === last.id)!;
    await until(() => context.signal.aborted, { what: "The signal" });
  });
});

describe("the log of a job", () => {
  test("has every line of every attempt, in order, as soon as the attempt has ended", async () => {
    let attempts = 0;
    const { cs, create } = await aFloorWith(
      async ({ log }) => {
        attempts += 1;
        log.info(`attempt ${attempts}`);
        log.warn("NUL \0 and half a pair \ud800");
        if (attempts === 1) log.error("x".repeat(20_000));
        if (attempts === 1) throw new Error("once");
      },
      { retry: { limit: 1, delayMs: 1 } },
    );
    const job = await create();
    await cs.jobs.wait(job);
    const lines = await cs.jobs.log(job);
    expect(lines.map(({ attempt, n, level }) => [attempt, n, level])).toEqual([
      ...[
        [1, 1, "info"],
        [1, 2, "warn"],
        [1, 3, "error"],
      ],
      ...[
        [2, 1, "info"],
        [2, 2, "warn"],
      ],
    ]);
    expect(lines[1]!.message).toBe("NUL \u2400 and half a pair \ufffd");
    expect(lines[2]!.message).toHaveLength(8_192);
    expect(lines[0]!.at).toBeInstanceOf(Date);
  });

  test("has the last lines also when the node stops at once", async () => {
    const { cs, create, node } = await aFloorWith(async ({ log }) => log.info("the last line"));
    const job = await create();
    await until(async () => (await cs.jobs.get(job)).attempt === 1);
    await node.stop();
    expect((await cs.jobs.log(job)).map(({ message }) => message)).toEqual(["the last line"]);
  });
});

describe("the workspace of an attempt", () => {
  test("is one directory of its own, and gone when the attempt has ended, however it ended", async () => {
    const paths: string[] = [];
    const { cs, create } = await aFloorWith(
      async (context) => {
        const [first, second] = await Promise.all([context.workspace(), context.workspace()]);
        await writeFile(join(first, "frame"), "x");
        paths.push(first, second);
        if (context.attempt === 1) throw new Error("once");
      },
      { retry: { limit: 1, delayMs: 1 } },
    );
    await cs.jobs.wait(await create());
    expect(new Set(paths).size).toBe(2);
    expect(paths[0]).toBe(paths[1]);
    await until(() => paths.every((path) => !existsSync(path)), { what: "The removal" });
  });
});
