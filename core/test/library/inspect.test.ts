import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { inspectDatabase, migrateDatabase, systemEnvironment } from "../../src/index.ts";
import { openTransactions } from "../../src/store/inspect.ts";
import { shippedMigrations } from "../../src/store/migrate.ts";
import { openTestDatabase, type TestDatabase, until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aFloor } from "../fixtures/floor.ts";

const NAMES = shippedMigrations().map(({ name }) => name);

async function aDatabase(): Promise<TestDatabase> {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  return database;
}

test("a database is looked at: version, encoding, size, settings, clock, schema", async () => {
  const { url, name } = await aDatabase();
  const facts = await inspectDatabase({ databaseUrl: url });
  expect(facts).toMatchObject({
    database: name,
    encoding: "UTF8",
    mayCreate: true,
    isStandby: false,
    hasPooler: false,
    schema: { state: "current", version: NAMES.at(-1), pending: [] },
    longTransactions: [],
    nodes: [],
  });
  expect(facts.version).toMatch(/^\d+\.\d+$/);
  expect(facts.versionNumber).toBeGreaterThanOrEqual(150_000);
  expect(facts.bytes).toBeGreaterThan(1_000_000);
  expect(facts.maxConnections).toBeGreaterThan(facts.connections);
  expect(Math.abs(facts.skewMs)).toBeLessThan(5_000);
});

test("a clock that is ahead of the server's is told by how much", async () => {
  const { url } = await aDatabase();
  const real = systemEnvironment();
  const environment = { ...real, now: () => real.now() + 90_000 };
  const { skewMs } = await inspectDatabase({ databaseUrl: url, environment });
  expect(skewMs).toBeGreaterThan(85_000);
  expect(skewMs).toBeLessThan(95_000);
});

test("looking changes nothing; migrating brings the schema up to date and says how", async () => {
  const { url, db } = await aDatabase();
  await db.query({ text: "drop schema callsheet cascade", values: [] });
  const look = async () => (await inspectDatabase({ databaseUrl: url })).schema;
  expect(await look()).toEqual({ state: "absent", version: null, pending: NAMES });
  expect(await look()).toEqual({ state: "absent", version: null, pending: NAMES });
  expect(await migrateDatabase({ databaseUrl: url })).toEqual(NAMES);
  expect(await look()).toEqual({ state: "current", version: NAMES.at(-1), pending: [] });
  expect(await migrateDatabase({ databaseUrl: url })).toEqual([]);
});

test("a schema of another version of Callsheet is told from ours", async () => {
  const { url, db } = await aDatabase();
  const state = async () => (await inspectDatabase({ databaseUrl: url })).schema.state;
  await db.query({ text: "delete from callsheet.migration where number = $1", values: [NAMES.length] });
  expect(await state()).toBe(NAMES.length > 1 ? "behind" : "absent");
  await migrateAgain(db, NAMES.length, "another text");
  expect(await state()).toBe("changed");
  const { checksum } = shippedMigrations().at(-1)!;
  await db.query({
    text: "update callsheet.migration set checksum = $1 where number = $2",
    values: [checksum, NAMES.length],
  });
  await migrateAgain(db, NAMES.length + 1, "of the future");
  expect(await state()).toBe("newer");
  await expect(migrateDatabase({ databaseUrl: url })).rejects.toMatchObject({ code: "schema_newer" });
});

const migrateAgain = (db: TestDatabase["db"], number: number, checksum: string) =>
  db.query({
    text: "insert into callsheet.migration (number, name, checksum) values ($1, $2, $3)",
    values: [number, `${number}_made_up.sql`, checksum],
  });

test("a node whose process was killed is not heard, and one that lives is", async () => {
  const { database, work, name } = await aFloor({}, { alone: true });
  const variables = { TEST_DATABASE: database.url, TEST_WITNESS: aWitness().file, TEST_NODE: "x" };
  const child = aChild("node-process.mjs", variables);
  await child.says("up");
  child.process.kill("SIGKILL");
  await child.ended;
  const { nodes } = await inspectDatabase({ databaseUrl: database.url, watchMs: 500 });
  expect(nodes).toMatchObject([{ name: "x", isAlive: false, heardAfterMs: null, state: "up" }]);
  await work();
  const { nodes: later } = await inspectDatabase({ databaseUrl: database.url, watchMs: 20_000 });
  const found = later.find((node) => node.name === name);
  expect(found).toMatchObject({ isAlive: true, heardAfterMs: expect.any(Number), pid: process.pid });
  expect(found!.timeZones).toBe(process.versions.tz);
});

test("a session with an open transaction is named", async () => {
  const { db } = await aDatabase();
  let pid = 0;
  // Other tests use the same server.
  const ofSession = async () => (await openTransactions(db, 0)).find((session) => session.pid === pid);
  await db.transaction(async (tx) => {
    const { rows } = await tx.query<{ pid: number }>({ text: "select pg_backend_pid() as pid", values: [] });
    pid = rows[0]!.pid;
    const found = await until(ofSession, { what: "The session among the oldest five" });
    expect(found).toMatchObject({ application: "callsheet test", state: "idle in transaction" });
    expect(found!.ms).toBeGreaterThanOrEqual(0);
  });
  expect(await ofSession()).toBeUndefined();
});

test("whoever stands between us and the server is noticed, since the process that answers is another", async () => {
  const { url } = await aDatabase();
  const { url: pooled } = await aPooler(url);
  expect((await inspectDatabase({ databaseUrl: pooled })).hasPooler).toBe(true);
});

test("a server that cannot be reached, and one that refuses, are told apart", async () => {
  const { url } = await aDatabase();
  await expect(inspectDatabase({ databaseUrl: "postgres://127.0.0.1:1/none" })).rejects.toMatchObject({
    code: "database_lost",
  });
  const wrong = url.replace(/\/[^/?]*(\?|$)/, "/no_such_database$1");
  await expect(inspectDatabase({ databaseUrl: wrong })).rejects.toMatchObject({ code: "database_refused" });
  await expect(migrateDatabase({ databaseUrl: wrong })).rejects.toMatchObject({ code: "database_refused" });
});

/** Passes everything on, but tells clients a process of its own as the one to cancel at, as poolers do. */
async function aPooler(url: string): Promise<{ readonly url: string }> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const host = decodeURIComponent(hostname);
  const target = host.startsWith("/") ? { path: `${host}/.s.PGSQL.${port || 5432}` } : { host, port: Number(port) };
  const directory = mkdtempSync(join(tmpdir(), "callsheet-pooler-"));
  const proxy = createServer((client) => {
    const server = connect(target as { path: string });
    client.pipe(server);
    server.on("data", (data) => void client.write(withOwnKey(data)));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on("error", () => undefined);
      one.on("close", () => other.destroy());
    }
  });
  proxy.listen(join(directory, ".s.PGSQL.5432"));
  await once(proxy, "listening");
  onTestFinished(async () => {
    proxy.close();
    rmSync(directory, { recursive: true });
  });
  return { url: `postgresql://${username}:${password}@${encodeURIComponent(directory)}:5432${pathname}` };
}

/** BackendKeyData: "K", the length 12, process, secret. */
function withOwnKey(data: Buffer): Buffer {
  const at = data.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]));
  if (at >= 0) data.writeUInt32BE(4_242_424, at + 5);
  return data;
}
