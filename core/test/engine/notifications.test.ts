import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { openTemporaryServer, stopServer } from "@callsheet/postgres";
import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { Bus } from "../../src/engine/bus.ts";
import { Callsheet, inspectDatabase, systemEnvironment } from "../../src/index.ts";
import type { Hint } from "../../src/operations/hint.ts";
import { until } from "../../src/testing/index.ts";
import { aFloor, aType } from "../fixtures/floor.ts";

async function aClient(url: string): Promise<pg.Client> {
  const client = new pg.Client(url);
  client.on("error", () => {});
  await client.connect();
  onTestFinished(() => client.end().catch(() => {}));
  return client;
}

/** A server with these settings, who creates jobs there, and a node in a Callsheet of its own. */
async function aPlace(settings: string, sql = "select") {
  const server = await openTemporaryServer();
  onTestFinished(() => server.close());
  await aClient(server.url).then((client) => client.query(sql).then(() => client.end()));
  await stopServer(server.dataDir, { whenUsed: "stop" });
  await appendFile(join(server.dataDir, "pg", "postgresql.auto.conf"), `${settings}\n`);
  await server.revive();
  const open = () => Callsheet.open({ databaseUrl: server.url, onError: () => {} });
  const [cs, worker] = [await open(), await open()];
  onTestFinished(async () => void (await Promise.all([cs.close(), worker.close()])));
  const type = aType(({ attempt }) => attempt);
  await cs.actions.put({ name: "test", type });
  await worker.work({ name: "worker", types: [type] });
  return { url: server.url, cs };
}

const ends = (cs: Callsheet, jobs: readonly { readonly id: string }[]) =>
  Promise.all(jobs.map(async (job) => (await cs.jobs.wait(job, { timeoutMs: 30_000 })).result));

test("a notification names what it tells of, and everything when that is too much: it is never too long", async () => {
  const { database } = await aFloor({}, { alone: true });
  const listener = await aClient(database.url);
  const payloads: string[] = [];
  listener.on("notification", ({ payload }) => void payloads.push(payload!));
  await listener.query("listen callsheet_hint");
  const environment = systemEnvironment();
  const aBus = () => new Bus(database.store, environment, { error: () => {} });
  const [speaker, hearer] = [aBus(), aBus()];
  const heard: (Hint | undefined)[] = [];
  await hearer.listen();
  hearer.subscribe((hint) => heard.push(hint));
  const tell = (count: number) => {
    for (let n = 0; n < count; n++) speaker.publish({ kind: "job", id: environment.newIncarnation() });
  };
  tell(150);
  await until(() => heard.length === 150, { what: "150 hints" });
  expect(heard).not.toContain(undefined);
  tell(400);
  await until(() => heard.length === 151, { what: "One for all" });
  expect(heard.at(-1)).toBeUndefined();
  const came = (jobId: string, isNew = true): Hint => ({ kind: "lane", laneId: 1, rank: 3, jobId, isNew });
  speaker.publish(came("a"));
  await until(() => heard.length === 152, { what: "A job by its id" });
  for (const jobId of ["b", "c"]) speaker.publish(came(jobId));
  await until(() => heard.length === 153, { what: "Two of a lane" });
  expect(heard.slice(-2)).toEqual([came("a"), { kind: "lane", laneId: 1, rank: 3, isNew: true }]);
  for (const isNew of [true, false]) speaker.publish(came("d", isNew));
  await until(() => heard.length === 154, { what: "One of a lane that was there before, too" });
  expect(heard.at(-1)).toEqual({ kind: "lane", laneId: 1, rank: 3, isNew: false });
  const data = { text: "x".repeat(1_000_000) };
  await database.open().then(async (cs) => {
    await cs.actions.put({ name: "large", type: "large" });
    await cs.jobs.createMany("large", [{ configuration: data }, { configuration: data }]);
    await cs.jobs.create("large", { configuration: data });
  });
  await until(() => payloads.length >= 4, { what: "The hints of the large jobs" });
  expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThan(7_999);
  await Promise.all([speaker.close(), hearer.close()]);
});

test("a server that cannot take one more notification takes jobs, and runs them", { timeout: 60_000 }, async () => {
  const { url, cs } = await aPlace("max_notify_queue_pages = 64");
  const [sleeper, speaker] = [await aClient(url), await aClient(url)];
  await sleeper.query("listen anything");
  await sleeper.query("begin; select 1");
  const fill = async (): Promise<void> => {
    for (let n = 0; ; n++) await speaker.query("select pg_notify('anything', $1)", [`${n}`.padEnd(7_000)]);
  };
  await expect(fill()).rejects.toMatchObject({ code: "54000" });
  expect((await inspectDatabase({ databaseUrl: url })).notificationsFull).toBeGreaterThan(0.9);
  const many = await cs.jobs.createMany(
    "test",
    Array.from({ length: 50 }, () => ({})),
  );
  const lone = await cs.jobs.create("test");
  expect(await ends(cs, [...many, lone])).toEqual(Array.from({ length: 51 }, () => 1));
  await sleeper.query("commit");
  await until(async () => (await inspectDatabase({ databaseUrl: url })).notificationsFull < 0.9, {
    what: "Room again",
  });
});

test("a commit that notifies and does not end holds up neither many creations nor the ends of jobs", {
  timeout: 60_000,
}, async () => {
  const { url, cs } = await aPlace(
    "synchronous_standby_names = 'nobody'",
    "do $$ begin execute format('alter database %I set synchronous_commit = local', current_database()); end $$",
  );
  const [stuck, watcher] = [await aClient(url), await aClient(url)];
  await stuck.query("set synchronous_commit = on");
  // It waits for a standby that is not there, and holds the lock that all commits with a notification need.
  const waiting = stuck.query("notify anything; create table held ()").catch(() => {});
  await until(async () => {
    const { rows } = await watcher.query("select from pg_stat_activity where wait_event = 'SyncRep'");
    return rows.length === 1;
  });
  const many = await cs.jobs.createMany(
    "test",
    Array.from({ length: 50 }, () => ({})),
  );
  expect(await ends(cs, many)).toEqual(Array.from({ length: 50 }, () => 1));
  const lone = cs.jobs.create("test");
  await watcher.query("select pg_cancel_backend(pid) from pg_stat_activity where wait_event = 'SyncRep'");
  await waiting;
  expect(await ends(cs, [await lone])).toEqual([1]);
});
