import { describe, expect, test } from "vitest";
import { aFloor, aFloorWith, eventsOf } from "../fixtures/floor.ts";

const cyclic: Record<string, unknown> = {};
cyclic.self = cyclic;
const thenable = {
  // biome-ignore lint/suspicious/noThenProperty: what looks like a promise is what is tested.
  then: () => {
    throw new Error("thenable");
  },
};
let deep: unknown[] = [];
for (let depth = 0; depth < 100_000; depth++) deep = [deep];

describe("an outcome that cannot be stored", () => {
  const UNSTORABLE: readonly [what: string, result: unknown][] = [
    ["a NUL character", { text: "a\0b" }],
    ["a NUL character in a key", { "\0": 1 }],
    ["half of a surrogate pair", ["\ud83d"]],
    ["more than 1 MiB", "x".repeat(1_048_600)],
    ["a cycle", cyclic],
    ["a BigInt", { frames: 25n }],
    ["a depth that nobody can follow", deep],
    [
      "a toJSON that throws",
      {
        toJSON: () => {
          throw new Error("not today");
        },
      },
    ],
    [
      "a toJSON that throws nothing",
      {
        toJSON: () => {
          throw undefined;
        },
      },
    ],
    ["a function", () => 1],
    ["a symbol", Symbol("x")],
  ];

  test("ends its own job as failed, and nobody else's that ended at the same time", async () => {
    const { cs, create, stage, work } = await aFloor({ retry: { limit: 3, delayMs: 1 } });
    await work({ slots: 100 });
    const good = await Promise.all(Array.from({ length: 20 }, () => create({ tags: ["good"] })));
    const bad = await Promise.all(UNSTORABLE.map((_, n) => create({ configuration: { n } })));
    await stage.nth(good.length + bad.length);
    // All in one turn of the event loop: they share a batch.
    for (const { context, returns } of stage.entered) {
      const { n } = context.configuration;
      returns(n === undefined ? { fine: true } : UNSTORABLE[n as number]![1]);
    }
    for (const job of good)
      expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: { fine: true } });
    for (const [n, job] of bad.entries()) {
      const ended = await cs.jobs.wait(job);
      expect(ended, UNSTORABLE[n]![0]).toMatchObject({ state: "failed", attempt: 1, result: null });
      expect(ended.error, UNSTORABLE[n]![0]).toMatchObject({ code: "unstorable_result" });
      expect(ended.error!.message.length).toBeGreaterThan(10);
      expect(await eventsOf(cs, job)).toEqual(["create", "fail"]);
    }
  });

  const withTrigger = async (body: string) => {
    const floor = await aFloor({}, { alone: true });
    const run = (text: string) => floor.database.db.query({ text, values: [] });
    await run("create sequence callsheet.refusals");
    await run(
      `create function callsheet.refuse() returns trigger language plpgsql as $$ begin ${body} return new; end $$`,
    );
    await run(
      "create trigger refuse before insert on callsheet.outcome for each row execute function callsheet.refuse()",
    );
    await floor.work({ slots: 30 });
    const jobs = await Promise.all(Array.from({ length: 20 }, (_, n) => floor.create({ configuration: { n } })));
    await floor.stage.nth(20);
    for (const { context, returns } of floor.stage.entered) returns(context.configuration);
    return { ...floor, jobs };
  };

  test("ends its own job also when only the server finds out", async () => {
    const { cs, jobs } = await withTrigger(
      "if new.result ->> 'n' = '7' then raise exception 'not this one' using errcode = '22P05'; end if;",
    );
    for (const [n, job] of jobs.entries()) {
      const ended = await cs.jobs.wait(job);
      if (n === 7) expect(ended).toMatchObject({ state: "failed", error: { code: "unstorable_result" } });
      else expect(ended).toMatchObject({ state: "completed", result: { n } });
    }
  });

  test("for a while, because the disk is full, is stored when there is room again", async () => {
    const { cs, jobs, database } = await withTrigger(
      "if nextval('callsheet.refusals') < 6 then raise exception 'no space left' using errcode = '53100'; end if;",
    );
    for (const [n, job] of jobs.entries())
      expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", result: { n }, attempt: 1 });
    const { rows } = await database.db.query<{ n: string }>({
      text: "select last_value as n from callsheet.refusals",
      values: [],
    });
    expect(Number(rows[0]!.n)).toBeGreaterThan(5);
  });
});

describe("a handler that fails", () => {
  const FAILURES: readonly [what: string, run: () => unknown, error: object][] = [
    [
      "throws at once",
      () => {
        throw new Error("at once");
      },
      { code: "handler_failed", message: "at once" },
    ],
    [
      "rejects",
      async () => {
        throw new Error("later");
      },
      { code: "handler_failed", message: "later" },
    ],
    [
      "throws null",
      () => {
        throw null;
      },
      { code: "handler_failed", message: "null" },
    ],
    [
      "throws undefined",
      async () => {
        throw undefined;
      },
      { code: "handler_failed", message: "undefined" },
    ],
    [
      "throws a text",
      async () => {
        throw "plain text";
      },
      { code: "handler_failed", message: "plain text" },
    ],
    [
      "throws a symbol",
      () => {
        throw Symbol("odd");
      },
      { code: "handler_failed", message: "Symbol(odd)" },
    ],
    [
      "throws an object without a message",
      () => {
        throw {};
      },
      { code: "handler_failed" },
    ],
    [
      "throws an error that cannot be read",
      () => {
        throw {
          get message() {
            throw new Error("no");
          },
        };
      },
      { code: "handler_failed" },
    ],
    [
      "throws an error with NUL in it",
      () => {
        throw new Error("a\0b \ud800");
      },
      { code: "handler_failed", message: "a\u2400b \ufffd" },
    ],
    [
      "throws a very long message",
      () => {
        throw new Error("x".repeat(100_000));
      },
      { code: "handler_failed", message: "x".repeat(10_000) },
    ],
    [
      "throws a code that is no code",
      () => {
        throw { code: "a b\0", message: "m" };
      },
      { code: "handler_failed", message: "m" },
    ],
    [
      "throws data that cannot be stored",
      () => {
        throw { code: "bad", message: "m", data: cyclic };
      },
      { code: "bad", message: "m" },
    ],
    ["returns what only looks like a promise", () => thenable, { code: "handler_failed", message: "thenable" }],
    ["is no async function and returns nothing", () => undefined, {}],
  ];

  test.each(FAILURES)("because it %s ends its own job only", async (_, run, error) => {
    const { cs, create } = await aFloorWith((context) => (context.job.tags[0] === "good" ? "fine" : run()));
    const [bad, good] = [await create(), await create({ tags: ["good"] })];
    const ended = await cs.jobs.wait(bad);
    if (Object.keys(error).length === 0) expect(ended).toMatchObject({ state: "completed", result: null });
    else expect(ended).toMatchObject({ state: "failed", error });
    expect(await cs.jobs.wait(good)).toMatchObject({ state: "completed", result: "fine" });
    expect((await cs.jobs.wait(await create({ tags: ["good"] }))).state).toBe("completed");
  });

  test("time and again leaves no slot behind", async () => {
    let entered = 0;
    const { cs, name, node } = await aFloorWith(
      () => {
        entered += 1;
        throw {
          get code() {
            throw new Error("unreadable");
          },
        };
      },
      {},
      { slots: 1 },
    );
    const jobs = await cs.jobs.createMany(
      name,
      Array.from({ length: 50 }, () => ({})),
    );
    for (const job of jobs) expect((await cs.jobs.wait(job)).state).toBe("failed");
    expect([entered, node.running]).toEqual([50, 0]);
  });
});
