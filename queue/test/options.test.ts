import { EventEmitter } from "node:events";
import { describe, expect, onTestFinished, test } from "vitest";
import { readConnection } from "../src/connection.ts";
import { Queue, type QueueOptions } from "../src/index.ts";
import { aDatabase, aName, aQueue } from "./fixtures/bench.ts";

/** How a queue is refused at once. */
function refusal(connection: unknown, options?: unknown): unknown {
  try {
    new Queue(connection as never, options as never);
  } catch (error) {
    return error;
  }
  throw new Error("It was not refused.");
}

describe("a queue without options", () => {
  test("has the defaults", async () => {
    const { url } = await aDatabase();
    const queue = new Queue(url);
    onTestFinished(async () => void (await queue.stop()));
    expect(queue).toBeInstanceOf(EventEmitter);
    const { name, changeFeed, concurrency, limitJobLogs, master, masterInterval, removeFinishedJobs } = queue;
    expect({ name, changeFeed, concurrency, limitJobLogs, master, masterInterval, removeFinishedJobs }).toEqual({
      name: "rjqJobList",
      changeFeed: true,
      concurrency: 1,
      limitJobLogs: 1_000,
      master: true,
      masterInterval: 310_000,
      removeFinishedJobs: 15_552_000_000,
    });
    expect([queue.running, queue.paused, queue.idle]).toEqual([0, false, true]);
    const ready: unknown[] = [];
    queue.on("ready", (id) => void ready.push(id));
    expect(await queue.ready()).toBe(true);
    expect(ready).toEqual([queue.id]);
  });

  test("is known by host, database, name, process and a number of its own", async () => {
    const [one, other] = [await aQueue({ name: "same" }), await aQueue({ name: "same" })];
    const { host, db, name } = one;
    expect(one.id).toMatch(new RegExp(`^${host}:${db}:${name}:${process.pid}:[0-9a-f-]{36}$`));
    expect(other.id).not.toBe(one.id);
  });

  test("keeps what may only be read", async () => {
    const queue = await aQueue();
    const properties = ["name", "id", "host", "port", "db", "r", "running", "paused", "idle"];
    const settings = ["changeFeed", "master", "masterInterval", "limitJobLogs", "removeFinishedJobs"];
    for (const property of [...properties, ...settings])
      expect(() => Object.assign(queue, { [property]: "other" })).toThrow(TypeError);
  });
});

describe("a queue's connection", () => {
  test("may be null, with options", async () => {
    const { url } = await aDatabase();
    const before = process.env.DATABASE_URL;
    process.env.DATABASE_URL = url;
    const queue = new Queue(null, { name: aName() });
    if (before === undefined) delete process.env.DATABASE_URL;
    else process.env.DATABASE_URL = before;
    onTestFinished(async () => void (await queue.stop()));
    expect(await queue.ready()).toBe(true);
    expect(queue.db).toBe(new URL(url).pathname.slice(1));
    expect((await queue.r()).address).toBe((await (await aDatabase()).open()).address);
  });

  test("may be an open Callsheet, which stays open when the queue stops", async () => {
    const database = await aDatabase();
    const cs = await database.open();
    const queue = new Queue(cs, { name: aName() });
    const named = await aQueue();
    expect([queue.host, queue.port, queue.db]).toEqual([named.host, named.port, named.db]);
    expect(cs.address).not.toContain("@");
    await queue.addJob(queue.createJob({ to: "ada" }));
    expect(await (await queue.r()).queues.list()).toContainEqual(
      expect.objectContaining({ name: queue.name, added: 1 }),
    );
    await queue.stop();
    const jobs = await cs.jobs.list({ states: ["pending"] });
    expect(jobs.filter(({ owner, kind }) => owner === cs.actor && kind === "queue")).toHaveLength(1);
  });

  const DATABASE_URL = "postgres://ada@base.example:5433/work";
  const places: readonly (readonly [given: object, variables: Record<string, string>, expected: string | undefined])[] =
    [
      [{}, {}, undefined],
      [{}, { DATABASE_URL }, DATABASE_URL],
      [{ dataDir: "/data" }, { DATABASE_URL }, undefined],
      [{ host: "db.example", port: 5433, db: "jobs" }, {}, "postgres://db.example:5433/jobs"],
      [{ host: "db.example", user: "ada", password: "p@ss" }, {}, "postgres://ada:p%40ss@db.example"],
      [{ port: 5433 }, {}, "postgres://localhost:5433"],
      [{ host: "::1" }, {}, "postgres://[::1]"],
      [{ host: "/var/run/postgresql", db: "jobs" }, {}, "postgres://%2Fvar%2Frun%2Fpostgresql/jobs"],
      [{ db: "jobs" }, { DATABASE_URL }, "postgres://ada@base.example:5433/jobs"],
      [{ host: "db.example" }, { DATABASE_URL }, "postgres://db.example"],
    ];
  test.each(places)("may be told by its parts: %j with %j", (given, variables, expected) => {
    expect(readConnection(given, variables).options.databaseUrl).toBe(expected);
  });

  test.each([{ port: 99_999 }, { port: 0 }, { port: "five" }, { host: "" }, { host: "a b" }, { host: 5 }, { db: 5 }])(
    "is refused by the name of its part: %j",
    (place) => {
      const [field] = Object.keys(place);
      expect(refusal(place)).toMatchObject({ code: "invalid_argument", details: { field } });
    },
  );

  test("may name a database, which is made if it is missing; queues of several are open at once", {
    timeout: 120_000,
  }, async () => {
    const { url, db } = await aDatabase();
    const name = `${new URL(url).pathname.slice(1)}_other "1"`;
    const here = await aQueue();
    const there = new Queue({ databaseUrl: url, db: name }, { name: here.name });
    await there.addJob([there.createJob(), there.createJob()]);
    await here.addJob(here.createJob());
    expect([there.db, (await there.summary()).total, (await here.summary()).total]).toEqual([name, 2, 1]);
    const again = new Queue({ databaseUrl: url, db: name }, { name: here.name });
    expect(await again.summary()).toMatchObject({ added: 2 });
    await Promise.all([there.stop(), again.stop()]);
    await db.query({ text: `drop database "${name.replaceAll('"', '""')}"`, values: [] });
  });

  test.each([{ strange: true }, 42, true, [], () => {}])("is refused when it is %j", (connection) => {
    expect(refusal(connection)).toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("Database driver or options invalid"),
    });
  });

  test("that leads nowhere is told by the event and by every call", async () => {
    const queue = new Queue("postgres://nobody@localhost:1/none", { name: aName() });
    const errors: unknown[] = [];
    queue.on("error", (error) => void errors.push(error));
    await expect(queue.ready()).rejects.toMatchObject({ code: "database_lost", queueId: queue.id });
    await expect(queue.summary()).rejects.toMatchObject({ queueId: queue.id });
    expect(errors).not.toEqual([]);
    await expect(queue.drop()).rejects.toMatchObject({ code: "database_lost" });
    const unheard = new Queue("postgres://nobody@localhost:1/none", { name: aName() });
    expect(await unheard.stop()).toBe(true);
  });
});

describe("a queue's options", () => {
  const values: readonly (readonly [QueueOptions, Partial<Record<keyof Queue, unknown>>])[] = [
    [{ masterInterval: false }, { master: false, masterInterval: false }],
    [{ masterInterval: 0 }, { master: false, masterInterval: false }],
    [{ masterInterval: -5 }, { master: false, masterInterval: false }],
    [{ masterInterval: 1_000 }, { master: true, masterInterval: 1_000 }],
    [{ concurrency: 0 }, { concurrency: 1 }],
    [{ concurrency: 20 }, { concurrency: 20 }],
    [{ limitJobLogs: 3 }, { limitJobLogs: 3 }],
    [{ removeFinishedJobs: 0.5 }, { removeFinishedJobs: false }],
    [{ removeFinishedJobs: true }, { removeFinishedJobs: true }],
    [{ changeFeed: false }, { changeFeed: false }],
  ];
  test.each(values)("%j are read as %j", async (options, expected) => {
    expect(await aQueue(options)).toMatchObject(expected);
  });

  test.each([
    ["name", ""],
    ["name", "n".repeat(101)],
    ["concurrency", "many"],
    ["masterInterval", "often"],
    ["limitJobLogs", Number.NaN],
    ["removeFinishedJobs", "never"],
    ["changeFeed", 1],
    ["words", "3.2"],
    ["color", "red"],
  ])("%s of %j is refused by its name", (option, value) => {
    expect(refusal(undefined, { [option]: value })).toMatchObject({
      code: "invalid_argument",
      details: { field: option },
      message: expect.stringContaining(option),
    });
  });

  test("concurrency is changed to a whole number; anything else leaves it, and says so", async () => {
    const queue = await aQueue();
    const errors: string[] = [];
    queue.on("error", ({ message }) => void errors.push(message));
    queue.concurrency = 7;
    for (const value of [-50, 1.5, "x", 0]) queue.concurrency = value as number;
    expect(queue.concurrency).toBe(7);
    expect(errors).toEqual(new Array(4).fill("Queue concurrency must be a whole number of 1 or more."));
  });

  test("job options are merged one by one; what is invalid or missing leaves them", async () => {
    const queue = await aQueue();
    const standard = { priority: "normal", timeout: 300_000, retryMax: 3, retryDelay: 600_000 };
    expect(queue.jobOptions).toEqual({ ...standard, repeat: false, repeatDelay: 300_000 });
    queue.jobOptions = { priority: "high", timeout: -1 } as never;
    queue.jobOptions = undefined as never;
    queue.jobOptions = { retryMax: 0, retryDelay: "long" } as never;
    expect(queue.jobOptions).toMatchObject({ ...standard, priority: "high", retryMax: 0 });
    const options = { priority: "high", retryMax: 0, retryDelay: 600_000 };
    expect(queue.createJob()).toMatchObject(options);
    expect(queue.createJob({ to: "ada" })).toMatchObject({ ...options, to: "ada" });
    expect(queue.createJob({ priority: "low" })).toMatchObject({ ...options, priority: "low" });
  });
});

test("queues are told apart by their exact names, whatever letters these have", async () => {
  const names = ["Mail", "mail", "MAIL", "Versand für Ada", "a".repeat(100), "../x"];
  const queues = await Promise.all(names.map((name) => aQueue({ name })));
  for (const queue of queues) await queue.addJob(queue.createJob({ name: queue.name }));
  for (const queue of queues) {
    const [job, ...others] = await queue.findJob({});
    expect([job?.name, others]).toEqual([queue.name, []]);
  }
  const listed = await (await queues[0]!.r()).queues.list();
  expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(names));
});
