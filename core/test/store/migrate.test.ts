import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { Callsheet, inspectDatabase, systemEnvironment } from "../../src/index.ts";
import { type Database, openDatabase, type Queryable } from "../../src/store/database.ts";
import { compatibleFrom, type Migration, migrate, migrateAlone, shippedMigrations } from "../../src/store/migrate.ts";
import { type TestDatabase, until } from "../../src/testing/index.ts";
import { aType } from "../fixtures/floor.ts";
import { withDatabase } from "./place.ts";

/** A database like a new one: nothing of ours is in it. */
const onEmpty = (run: (database: TestDatabase) => Promise<void>) =>
  withDatabase(async (database) => {
    await database.db.query({ text: "drop schema callsheet cascade", values: [] });
    await run(database);
  });

const SHIPPED = shippedMigrations();
const MIGRATES = fileURLToPath(new URL("../fixtures/migrate-once.mjs", import.meta.url));
const next = (text: string): Migration => ({ number: 9_000, name: "9000_next.sql", text, checksum: "next" });

async function tables(db: Queryable, schema = "callsheet"): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>({
    text: "select tablename as name from pg_tables where schemaname = $1 order by 1",
    values: [schema],
  });
  return rows.map(({ name }) => name);
}

/** One job or more of each way through the tables. */
async function serve(cs: Callsheet): Promise<void> {
  const type = aType(async (context) => ({ read: context.configuration.n }));
  await cs.configure({ queueCapacity: 100 });
  await cs.actions.put({ name: "test", type });
  const node = await cs.work({ name: "one", types: [type] });
  const later = await cs.jobs.create("test", { startAt: null, tags: ["x"], idempotencyKey: "k" });
  const jobs = await cs.jobs.createMany("test", [{ configuration: { n: 1 } }, { configuration: { n: 2 } }]);
  const done = await cs.jobs.wait(jobs[1]!, { timeoutMs: 20_000 });
  expect(done).toMatchObject({ state: "completed", result: { read: 2 } });
  await cs.jobs.amend(later, { n: 3 });
  await cs.jobs.schedule(later, new Date(0));
  expect(await cs.jobs.wait(later, { timeoutMs: 20_000 })).toMatchObject({ state: "completed", result: { read: 3 } });
  expect((await cs.jobs.history(later)).map(({ event }) => event)).toEqual(["create", "amend", "plan", "complete"]);
  expect(await cs.jobs.list({ tag: "x", states: ["completed"] })).toHaveLength(1);
  const never = await cs.jobs.create("test", { startAt: null });
  expect(await cs.jobs.cancel(never)).toBe("cancelled");
  await node.stop();
}

/** What the guide grants to the role of an application. */
function grantsOfGuide(): string {
  const guide = readFileSync(new URL("../../../docs/guide/own-postgres.md", import.meta.url), "utf8");
  const [, grants] = /```sql administrator\n(grant usage [^`]+)```/.exec(guide)!;
  return grants!;
}

test("migrations are numbered without gaps, and their names say so", () => {
  expect(SHIPPED.map(({ number }) => number)).toEqual(SHIPPED.map((_, index) => index + 1));
  for (const { number, name, checksum } of SHIPPED) {
    expect(Number(name.slice(0, 4))).toBe(number);
    expect(checksum).toMatch(/^[0-9a-f]{64}$/);
  }
});

test("a schema that is up to date is found so without waiting for whoever changes it", async () => {
  await withDatabase(async ({ db }) => {
    await db.transaction(async (tx) => {
      await migrateAlone(tx, "callsheet");
      expect(await migrate(db)).toEqual([]);
    });
  });
});

describe("bringing a database up to date", () => {
  test(
    "applies all on an empty one, nothing a second time, and only the missing ones later",
    onEmpty(async ({ db }) => {
      expect(await migrate(db)).toEqual(SHIPPED.map(({ name }) => name));
      const made = await tables(db);
      expect(made).toContain("job");
      expect(await migrate(db)).toEqual([]);
      expect(await tables(db)).toEqual(made);
      expect(await migrate(db, [...SHIPPED, next("create table callsheet.next (id int)")])).toEqual(["9000_next.sql"]);
      expect(await tables(db)).toContain("next");
    }),
  );

  test(
    "one that fails leaves nothing of itself, nor of those before it",
    onEmpty(async ({ db }) => {
      const broken = next("create table callsheet.half (id int); select 1 / 0");
      await expect(migrate(db, [...SHIPPED, broken])).rejects.toMatchObject({
        code: "database_failed",
        details: { sqlstate: "22012" },
      });
      expect(await tables(db)).toEqual([]);
      expect(await migrate(db)).toHaveLength(SHIPPED.length);
    }),
  );

  test(
    "a schema that a newer version made is refused, and left as it is",
    withDatabase(async ({ db }) => {
      await migrate(db, [...SHIPPED, next("create table callsheet.next (id int)")]);
      await expect(migrate(db)).rejects.toMatchObject({
        code: "schema_newer",
        details: { migration: "9000_next.sql" },
      });
      expect(await tables(db)).toContain("next");
    }),
  );

  test(
    "a newer schema that says so is worked with, by who was there before it and by who comes after",
    withDatabase(async ({ db, url }) => {
      const text = "alter table callsheet.work add column shine int; create table callsheet.next (id int)";
      const release = [...SHIPPED, { ...next(text), compatibleFrom: SHIPPED.at(-1)!.number }];
      const before = await Callsheet.open({ databaseUrl: url });
      await migrate(db, release);
      await serve(before).finally(() => before.close());
      const after = await Callsheet.open({ databaseUrl: url });
      const job = await after.jobs.create("test");
      await after.work({ name: "two", types: [aType(() => "after")] });
      expect(await after.jobs.wait(job).finally(() => after.close())).toMatchObject({ result: "after" });
      expect((await inspectDatabase({ databaseUrl: url })).schema).toMatchObject({ state: "current", pending: [] });
      expect(await migrate(db, release)).toEqual([]);
    }),
  );

  test(
    "one that is compatible with later releases only is refused, whatever came before it",
    withDatabase(async ({ db }) => {
      const kind = { ...next("select 1"), compatibleFrom: SHIPPED.at(-1)!.number };
      const strict = { ...next("select 1"), number: 9_001, name: "9001_strict.sql", compatibleFrom: 9_000 };
      await migrate(db, [...SHIPPED, kind, strict]);
      await expect(migrate(db)).rejects.toMatchObject({
        ...{ code: "schema_newer", details: { migration: "9001_strict.sql" } },
      });
    }),
  );

  test.each([
    ["-- Adds a table.\n-- Compatible with releases from 0013 on.\ncreate table x ();", 13],
    ["create table x (); -- Compatible with releases from 0013 on.", undefined],
    ["create table x ();", undefined],
  ])("a migration says in a line of its own what it is compatible with: %j", (text, from) => {
    expect(compatibleFrom(text)).toBe(from);
  });

  test(
    "a migration whose text is not the one that was applied is refused",
    withDatabase(async ({ db }) => {
      const changed = SHIPPED.map((migration, index) =>
        index === 0 ? { ...migration, checksum: "changed" } : migration,
      );
      await expect(migrate(db, changed)).rejects.toMatchObject({
        code: "schema_changed",
        details: { migration: SHIPPED[0]!.name },
      });
    }),
  );

  test(
    "eight processes at once on an empty database all find it ready",
    onEmpty(async (database) => {
      const run = () => promisify(execFile)(process.execPath, [MIGRATES, database.url, "callsheet"]);
      const answers = await Promise.all(Array.from({ length: 8 }, run));
      for (const { stdout } of answers) expect(stdout).toMatch(/^ready \{.*"completed":0/);
      const { rows } = await database.db.query<{ number: number }>({
        text: "select number from callsheet.migration order by number",
        values: [],
      });
      expect(rows.map(({ number }) => number)).toEqual(SHIPPED.map(({ number }) => number));
    }),
    120_000,
  );
});

test(
  "a process that is killed in the middle of an update leaves the schema as it was, and the next one brings it up to date",
  withDatabase(async ({ url, db }) => {
    await db.query({ text: "drop schema callsheet cascade", values: [] });
    await migrate(db, SHIPPED.slice(0, 16));
    const before = await tables(db);
    // The second of those that are missing alters this table: its process waits there, with the first one done.
    const isWaiting = async () => {
      const text = `select exists (select from pg_locks l join pg_database d on d.oid = l.database
        where not l.granted and l.mode = 'AccessExclusiveLock' and d.datname = current_database()) as "isWaiting"`;
      return (await db.query<{ isWaiting: boolean }>({ text, values: [] })).rows[0]!.isWaiting;
    };
    await db.transaction(async (tx) => {
      await tx.query({ text: "lock table callsheet.node in access share mode", values: [] });
      const killed = spawn(process.execPath, [MIGRATES, url, "callsheet"], { stdio: "ignore" });
      const ended = once(killed, "exit");
      await until(isWaiting, { what: "An update in the middle", deadlineMs: 20_000 });
      killed.kill("SIGKILL");
      await ended;
    });
    await until(async () => !(await isWaiting()), { what: "The end of its session", deadlineMs: 20_000 });
    expect(await tables(db)).toEqual(before);
    const { stdout } = await promisify(execFile)(process.execPath, [MIGRATES, url, "callsheet"]);
    expect(stdout).toMatch(/^ready /);
    expect(await tables(db)).toContain("exclusion_calendar");
  }),
  60_000,
);

describe("a role that may create nothing", () => {
  test(
    "is refused where there is no schema, and works where an administrator made it and granted its use",
    onEmpty(async ({ db, name, url }) => {
      const run = (text: string) => db.query({ text, values: [] });
      await run(`create role ${name} login password 'application'`);
      try {
        const databaseUrl = Object.assign(new URL(url), { username: name, password: "application" }).href;
        await run(`revoke all on database ${name} from public; grant connect on database ${name} to ${name}`);
        await expect(Callsheet.open({ databaseUrl })).rejects.toMatchObject({
          code: "database_refused",
          message: expect.stringContaining("permission denied"),
        });
        await migrate(db);
        await run(grantsOfGuide().replaceAll("application", name));
        const cs = await Callsheet.open({ databaseUrl });
        await serve(cs).finally(() => cs.close());
        // What a later version adds is granted as well.
        await migrate(db, [...SHIPPED, next("create table callsheet.next (id int)")]);
        const may = `select has_table_privilege('${name}', 'callsheet.next', 'insert') as "may"`;
        expect((await run(may)).rows).toEqual([{ may: true }]);
      } finally {
        await run(
          `drop schema if exists callsheet cascade; revoke all on database ${name} from ${name}; drop role ${name}`,
        );
      }
    }),
  );
});

describe("servers that are not supported", () => {
  /** A server that says of itself what the test says, and must be asked nothing else. */
  const made = (facts: { readonly version: number; readonly encoding: string }): Database => ({
    schema: "callsheet",
    address: { connection: {}, schema: "callsheet", patience: {} },
    isPooled: false,
    clock: systemEnvironment(),
    query: async <Row extends object>() => ({ rows: [facts as unknown as Row], count: 1 }),
    transaction: () => Promise.reject(new Error("nothing may be changed")),
    line: () => Promise.reject(new Error("no line")),
    listen: () => Promise.reject(new Error("no listener")),
    connectAhead: () => {},
    within: () => ({ query: () => Promise.reject(new Error("no transaction")) }),
    close: async () => {},
  });

  test.each([
    [{ version: 140_012, encoding: "UTF8" }, /PostgreSQL 14; Callsheet needs 15/],
    [{ version: 96_024, encoding: "UTF8" }, /PostgreSQL 9; Callsheet needs 15/],
    [{ version: 170_000, encoding: "LATIN1" }, /encoded in LATIN1/],
  ])("%j", async (facts, message) => {
    await expect(migrate(made(facts))).rejects.toMatchObject({
      code: "database_unsupported",
      message: expect.stringMatching(message),
    });
  });
});

describe("a schema of another name", () => {
  test(
    "serves a job from its creation to its end, with no other schema there",
    onEmpty(async (database) => {
      await serve(await database.open({ schema: "night_shift" }));
      expect(await tables(database.db)).toEqual([]);
      expect(await tables(database.db, "night_shift")).toContain("job");
    }),
  );

  test(
    "stands beside another one, and knows nothing of its jobs",
    withDatabase(async (database) => {
      const [one, other] = [await database.open(), await database.open({ schema: "other" })];
      for (const cs of [one!, other!]) await cs.actions.put({ name: "test", type: "test" });
      const job = await one!.jobs.create("test");
      await expect(other!.jobs.get(job)).rejects.toMatchObject({ code: "job_not_found" });
      expect((await other!.jobs.count()).pending).toBe(0);
      expect((await one!.jobs.count()).pending).toBe(1);
    }),
  );

  test.each(["", "Upper", "a-b", "1a", 'x"; drop schema callsheet; --', "a".repeat(64)])("%j is refused", (schema) => {
    const open = () =>
      openDatabase({ connection: {}, schema, poolSize: 1, clock: systemEnvironment(), onError: () => {} });
    expect(open).toThrowError(expect.objectContaining({ code: "invalid_argument" }));
  });
});
