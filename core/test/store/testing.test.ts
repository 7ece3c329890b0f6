import { checkHistory, JOB_STATES } from "@callsheet/contract";
import pg from "pg";
import { expect, test } from "vitest";
import { systemEnvironment } from "../../src/engine/environment.ts";
import { Callsheet } from "../../src/index.ts";
import { aJob, countTimers, openTestDatabase, runUntilIdle, until } from "../../src/testing/index.ts";
import { newTestName } from "../../src/testing/template.ts";
import { aType } from "../fixtures/floor.ts";
import { databaseOfFile, withDatabase } from "./place.ts";

const file = databaseOfFile();
const SERVER = () => process.env.CALLSHEET_TEST_DATABASE_URL!;

async function onServer<T extends pg.QueryResultRow>(
  text: string,
  values: readonly unknown[] = [],
): Promise<readonly T[]> {
  const client = new pg.Client({ connectionString: SERVER() });
  await client.connect();
  try {
    return (await client.query<T>(text, [...values])).rows;
  } finally {
    await client.end();
  }
}

const names = async (prefix: string) =>
  (
    await onServer<{ name: string }>("select datname as name from pg_database where starts_with(datname, $1)", [prefix])
  ).map(({ name }) => name);

test.each(JOB_STATES)("a job can be put into state %s, with a history that led there", async (state) => {
  const database = file.get();
  const { id } = await aJob(database, { state });
  const history = await database.store.readHistory([id]);
  expect(checkHistory(history)).toEqual([]);
  expect(history.at(-1)?.to).toBe(state === "queued" ? "pending" : state);
  expect(await database.store.readJobs([id])).toMatchObject([{ id, state }]);
});

test("each test has a database of its own, which is gone at the end", async () => {
  const [one, other] = [await openTestDatabase(), await openTestDatabase()];
  await aJob(one!);
  expect((await other!.store.countStates()).pending).toBe(0);
  await one!.close();
  await one!.close();
  await other!.close();
  expect([...(await names(one!.name)), ...(await names(other!.name))]).toEqual([]);
});

test("a connection that a test leaves open fails it, and is named; the database is dropped all the same", async () => {
  const database = await openTestDatabase();
  const leaked = new pg.Client({ connectionString: database.url, application_name: "forgotten" });
  leaked.on("error", () => {});
  await leaked.connect();
  await leaked.query("select 'what it did'");
  await expect(database.close()).rejects.toThrow(/test_leak.*"forgotten".*what it did/);
  expect(await names(database.name)).toEqual([]);
  await leaked.end().catch(() => {});
});

test("a timer that has neither rung nor been cancelled is known", async () => {
  const { environment, pending } = countTimers(systemEnvironment());
  const timer = environment.timers.after(60_000, () => {});
  let hasRung = false;
  environment.timers.after(1, () => {
    hasRung = true;
  });
  await until(() => hasRung);
  expect(pending()).toHaveLength(1);
  expect(pending()[0]).toContain("of 60000 ms");
  timer.cancel();
  expect(pending()).toEqual([]);
});

test("what a killed run left behind is removed by the next; what lives, or is another machine's, stays", async () => {
  const own = newTestName();
  const [pid, started, host, boot, ...rest] = own.slice("callsheet_test_".length).split("_");
  const name = (...parts: (string | undefined)[]) => `callsheet_test_${[...parts, ...rest].join("_")}`;
  const dead = [name("4194303", started, host, boot), name(pid, "1", host, boot), name(pid, started, host, "00000000")];
  const alive = [own, name("4194303", started, "00000000", boot)];
  for (const one of [...dead, ...alive]) await onServer(`create database ${one} template template0`);
  try {
    // Another address of the same server: a process looks once for each.
    const url = `${SERVER()}${SERVER().includes("?") ? "&" : "?"}application_name=again`;
    await (await openTestDatabase({ databaseUrl: url })).close();
    const left = await names("callsheet_test_");
    expect(dead.filter((one) => left.includes(one))).toEqual([]);
    expect(alive.filter((one) => !left.includes(one))).toEqual([]);
  } finally {
    for (const one of alive) await onServer(`drop database ${one}`);
  }
});

test("without a server there is a sentence that says what to do", async () => {
  const saved = SERVER();
  delete process.env.CALLSHEET_TEST_DATABASE_URL;
  try {
    await expect(openTestDatabase()).rejects.toMatchObject({ code: "database_missing" });
  } finally {
    process.env.CALLSHEET_TEST_DATABASE_URL = saved;
  }
});

test(
  "a clock that is moved by hand: jobs come due when it says so",
  withDatabase(async (database) => {
    const clock = await database.stopClock();
    const begin = await clock.set(new Date("2040-01-01T00:00:00Z"));
    expect(await clock.now()).toEqual(begin);
    expect(await clock.now()).toEqual(begin);
    const type = aType(async () => null);
    const cs = await database.open();
    await cs.actions.put({ name: "test", type });
    await cs.work({ name: "one", types: [type] });
    const job = await cs.jobs.create("test", { startAt: new Date("2040-01-01T01:00:00Z") });
    await runUntilIdle(cs);
    await clock.advance(3_599_999);
    await runUntilIdle(cs);
    expect(await cs.jobs.get(job)).toMatchObject({ state: "scheduled" });
    expect(await clock.advance(1)).toEqual(new Date("2040-01-01T01:00:00Z"));
    await runUntilIdle(cs);
    expect(await cs.jobs.get(job)).toMatchObject({ state: "completed", endedAt: await clock.now() });
  }),
);

test(
  "an idle engine is waited for, and one that never rests is given up",
  withDatabase(async (database) => {
    const type = aType(async () => null);
    const cs = await database.open();
    await cs.actions.put({ name: "test", type });
    const jobs = await cs.jobs.createMany(
      "test",
      Array.from({ length: 50 }, () => ({})),
    );
    await expect(runUntilIdle(cs, { deadlineMs: 50 })).rejects.toMatchObject({ code: "wait_timeout" });
    await cs.work({ name: "one", types: [type] });
    await runUntilIdle(cs);
    expect((await cs.jobs.count()).completed).toBe(jobs.length);
  }),
);

test("only a Callsheet that a test database opened can be waited for", async () => {
  const cs = await Callsheet.open({ databaseUrl: file.get().url });
  await expect(runUntilIdle(cs)).rejects.toMatchObject({ code: "invalid_argument" });
  await cs.close();
});

test("a condition is looked at until it holds, and its value is answered", async () => {
  let looks = 0;
  expect(await until(() => (++looks >= 3 ? `${looks} looks` : undefined))).toBe("3 looks");
  await expect(until(() => false, { deadlineMs: 30, what: "Snow" })).rejects.toThrow(/^Snow did not come about/);
});
