import { queryObjects } from "node:v8";
import { describe, expect, test } from "vitest";
import { type Environment, systemEnvironment } from "../../src/index.ts";
import { openDatabase } from "../../src/store/database.ts";
import { Client } from "../../src/store/driver/client.ts";
import { isRead } from "../../src/store/statement.ts";
import { until } from "../../src/testing/index.ts";
import { aFloor } from "../fixtures/floor.ts";
import { aProxy } from "../fixtures/proxy.ts";

function aDatabase(url: string, clock: Pick<Environment, "monotonic" | "timers"> = systemEnvironment()) {
  return openDatabase({
    ...{ schema: "callsheet", poolSize: 2, clock, onError: () => {} },
    connection: { connectionString: url, application_name: "callsheet test" },
  });
}

describe("connections that have ended", () => {
  test("are forgotten: a database that opens many keeps none of them", async () => {
    const { database } = await aFloor();
    const db = aDatabase(database.url);
    await db.query({ text: "select 1", values: [] });
    const before = queryObjects(Client, { format: "count" });
    for (let n = 0; n < 20; n++) {
      const line = await db.line("short");
      const listener = await db.listen({ channel: "nothing", onMessage: () => {}, onLoss: () => {} });
      await line.close();
      await listener.close();
    }
    // The last ones may still be at hand; kept for good, they would be forty.
    const left = () => queryObjects(Client, { format: "count" }) - before;
    await until(() => left() < 10, { what: "The end of the connections" }).finally(() => db.close());
  });
});

describe("a database that is closed", () => {
  test("has no connection any more: its server can be stopped then, and nobody hears of it", async () => {
    const { database } = await aFloor();
    const before = sockets();
    const db = aDatabase(database.url);
    const wait = { text: "select pg_sleep(0.2)", values: [] };
    await Promise.all([db.query(wait), db.query(wait)]);
    const open = sockets();
    await db.close();
    expect({ open, left: sockets() }).toEqual({ open: before + 2, left: before });
  });
});

describe("a connection that is busy", () => {
  test("is waited for a moment before another one is opened", async () => {
    const { database } = await aFloor();
    const db = aDatabase(database.url, {
      ...systemEnvironment(),
      timers: { ...systemEnvironment().timers, after: never },
    });
    const before = sockets();
    const pid = { text: "select pg_backend_pid() as pid", values: [] };
    const answers = await Promise.all(Array.from({ length: 20 }, () => db.query<{ pid: number }>(pid)));
    const open = sockets();
    await db.close();
    expect(new Set(answers.map(({ rows }) => rows[0]!.pid)).size).toBe(1);
    expect(open).toBe(before + 1);
  });
});

const never: Environment["timers"]["after"] = () => ({ cancel: () => {} });
const sockets = () => process.getActiveResourcesInfo().filter((name) => /^(TCPSocket|Pipe)Wrap$/.test(name)).length;

describe("a listener on a connection that is dead", () => {
  test("hears of its loss, once, though nobody says anything on it", async () => {
    const { database } = await aFloor();
    const proxy = await aProxy(database.url);
    const { monotonic, timers } = systemEnvironment();
    const clock = {
      monotonic: () => monotonic() * 100,
      timers: { ...timers, after: (ms: number, call: () => void) => timers.after(ms / 100, call) },
    };
    const db = aDatabase(proxy.url, clock);
    let losses = 0;
    const onLoss = () => {
      losses += 1;
    };
    await db.listen({ channel: "nothing", onMessage: () => {}, onLoss });
    proxy.swallow("up", "down");
    await until(() => losses > 0, { what: "The loss" });
    await db.close();
    expect(losses).toBe(1);
  });
});

describe("a statement that only reads", () => {
  test.each([
    ["select 1", true],
    ["\n  with a as (select 1) select * from a", true],
    ["with a as (delete from x returning 1) select * from a", false],
    ["select * from x for update", false],
    ["insert into x select 1", false],
    ["update x set a = 1", false],
  ])("%s: %s", (text, isOne) => {
    expect(isRead({ text, values: [] })).toBe(isOne);
  });
});

test("a transaction that says nothing for too long is ended by the server, and what it had locked is free", async () => {
  const { database } = await aFloor();
  const silent = openDatabase({
    ...{ connection: { connectionString: database.url }, schema: "callsheet", poolSize: 1 },
    ...{ clock: systemEnvironment(), patience: { idle: 100 }, onError: () => {} },
  });
  const lock = { text: "lock table callsheet.barrier in exclusive mode", values: [] };
  const waiting = silent.transaction(async (tx) => {
    await tx.query(lock);
    await database.db.transaction((other) => other.query(lock));
    await tx.query({ text: "select 1", values: [] });
  });
  await expect(waiting).rejects.toMatchObject({ code: "database_lost" });
  await silent.close();
});
