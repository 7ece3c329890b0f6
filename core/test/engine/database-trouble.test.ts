import { openTemporaryServer, stopServer } from "@callsheet/postgres";
import { describe, expect, onTestFinished, test } from "vitest";
import { Callsheet } from "../../src/index.ts";
import { type TestDatabase, until } from "../../src/testing/index.ts";
import { aChild, aWitness } from "../fixtures/child.ts";
import { aFloor, aFloorWith, refusal } from "../fixtures/floor.ts";
import { aFolder, publishText } from "../fixtures/folder.ts";

/** Ends connections to the database, all but the test's own, as an administrator would; answers how many. */
async function terminate({ db }: TestDatabase, application = "%"): Promise<number> {
  const { rows } = await db.query<{ n: number }>({
    text: `select count(pg_terminate_backend(pid))::int as n from pg_stat_activity
           where datname = current_database() and application_name <> 'callsheet test' and backend_type = 'client backend' and application_name like $1`,
    values: [application],
  });
  return rows[0]!.n;
}

async function connections({ db }: TestDatabase, application: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>({
    text: "select count(*)::int as n from pg_stat_activity where datname = current_database() and application_name = $1",
    values: [application],
  });
  return rows[0]!.n;
}

describe("connections that are ended", () => {
  test("time and again, idle and busy ones, while 500 jobs run: each job ends, and each ran once", async () => {
    const begun = new Map<string, number>();
    const { cs, name, database } = await aFloorWith(
      async ({ job, attempt }) => {
        begun.set(job.id, (begun.get(job.id) ?? 0) + 1);
        await new Promise((resolve) => setImmediate(resolve));
        return attempt;
      },
      {},
      { alone: true, slots: 3 },
    );
    const jobs = await cs.jobs.createMany(
      name,
      Array.from({ length: 500 }, () => ({})),
    );
    for (const count of [20, 100, 180, 260, 340, 420]) {
      await until(() => begun.size >= count, { deadlineMs: 20_000, what: `${count} jobs begun` });
      // Between two losses a process may have no connection for a moment: each strike is to hit some.
      await until(async () => (await terminate(database, "callsheet%")) > 1, { what: "Connections to end" });
    }
    await until(async () => (await database.store.countStates()).completed === 500, { deadlineMs: 25_000 });
    expect(begun.size).toBe(500);
    expect([...begun.values()].filter((times) => times !== 1)).toEqual([]);
    const some = await database.store.readJobs(jobs.slice(0, 3).map(({ id }) => id));
    expect(some.map(({ attempt }) => attempt)).toEqual([1, 1, 1]);
  });

  test("while jobs are created lose none that was acknowledged, and make none twice", async () => {
    const { create, name, database } = await aFloor({}, { alone: true });
    const acknowledged: string[] = [];
    let isOver = false;
    const creating = Promise.all(
      Array.from({ length: 8 }, async (_, creator) => {
        for (let n = 0; n < 60; n++) {
          const job = await create({ tags: [`${creator}-${n}`] }).catch((error: { code?: string }) => {
            if (error.code !== "database_lost") throw error;
          });
          if (job) acknowledged.push(job.id);
        }
      }),
    ).finally(() => {
      isOver = true;
    });
    while (!isOver) {
      const before = acknowledged.length;
      await until(() => isOver || acknowledged.length > before + 50, { deadlineMs: 20_000 });
      await terminate(database, "callsheet%");
    }
    await creating;
    const stored = await database.store.listJobs({ action: name, limit: 1_000 });
    const ids = new Set(stored.map(({ id }) => id));
    expect(acknowledged.filter((id) => !ids.has(id))).toEqual([]);
    const tags = stored.map(({ tags: [tag] }) => tag);
    expect(new Set(tags).size).toBe(tags.length);
    expect(acknowledged.length).toBe(480);
  });

  test("while they are idle are replaced without anybody noticing", async () => {
    const { cs, create, stage, work, database } = await aFloor({}, { alone: true });
    await work();
    const first = await create();
    (await stage.nth(1)).returns();
    await cs.jobs.wait(first);
    await terminate(database, "callsheet%");
    const second = await create();
    (await stage.nth(2)).returns();
    expect((await cs.jobs.wait(second)).state).toBe("completed");
    expect(await cs.actions.list()).toHaveLength(1);
  });

  test("among them the one that listens: it comes back, once, however often it is lost", async () => {
    const { cs, name, work, stage, database } = await aFloor({}, { alone: true });
    await work();
    for (let times = 0; times < 4; times++) {
      await until(async () => (await terminate(database, "callsheet listen")) === 1);
    }
    await until(async () => (await connections(database, "callsheet listen")) === 1);
    const elsewhere = await database.open();
    const job = await elsewhere.jobs.create(name);
    expect((await stage.nth(1)).context.job.id).toBe(job.id);
    await elsewhere.close();
    expect(cs.actor).toBe("system");
  });
});

describe("hints", () => {
  test("that are all lost cost time, never a job", async () => {
    const { cs, name, database } = await aFloor(
      { retry: { limit: 1, delayMs: 1 }, cancellable: "asks" },
      { alone: true },
    );
    const run = (text: string) => database.db.query({ text, values: [] });
    await run("create schema shadow");
    await run("create function shadow.pg_notify(text, text) returns void language sql as 'select'");
    await run(`alter database ${database.name} set search_path = shadow, pg_catalog`);
    const [creator, worker] = [await database.open(), await database.open()];
    const stage = (await aFloor()).stage;
    await worker.actions.put({ name: "deaf", type: stage.type, retry: { limit: 1, delayMs: 1 } });
    await worker.work({ name: "worker", types: [stage.type], slots: 50 });
    const jobs = await creator.jobs.createMany(
      "deaf",
      Array.from({ length: 20 }, (_, n) => (n % 2 ? {} : { startAt: new Date(Date.now() + 100) })),
    );
    await stage.nth(20);
    for (const one of stage.entered) one.throws(new Error("once"));
    await stage.nth(40);
    stage.clear();
    for (const job of jobs) expect(await creator.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 2 });
    expect([cs.actor, name]).toBeDefined();
  });
});

describe("a small pool", () => {
  test("of two connections serves a thousand calls of creation at once", async () => {
    const { cs, create, name, database } = await aFloor({}, { alone: true, poolSize: 2 });
    const ids = await Promise.all(
      Array.from({ length: 1_000 }, (_, n) => create(n % 10 ? { owner: `o${n % 7}` } : { idempotencyKey: `k${n}` })),
    );
    expect(new Set(ids.map(({ id }) => id)).size).toBe(1_000);
    expect(await cs.jobs.list({ action: name, limit: 1_000 })).toHaveLength(1_000);
    expect(await connections(database, "callsheet")).toBeLessThanOrEqual(2);
    expect(await connections(database, "callsheet create")).toBeLessThanOrEqual(3);
  });
});

describe("a server that is restarted under load", () => {
  const aServer = async () => {
    const server = await openTemporaryServer();
    onTestFinished(() => server.close());
    return {
      url: server.url,
      stop: () => stopServer(server.dataDir, { whenUsed: "stop" }),
      start: () => server.revive(),
    };
  };

  test("finds the process alive; every job runs once and none is lost", { timeout: 60_000 }, async () => {
    const server = await aServer();
    const witness = aWitness();
    const cs = await Callsheet.open({ databaseUrl: server.url, onError: () => {} });
    onTestFinished(() => cs.close());
    await cs.actions.put({ name: "witnessed", type: "witnessed" });
    const child = aChild("node-process.mjs", {
      TEST_DATABASE: server.url,
      TEST_WITNESS: witness.file,
      TEST_SLOTS: "2",
    });
    await child.says("up");
    const input = { configuration: { how: "takes a moment" } };
    const jobs = await cs.jobs.createMany(
      "witnessed",
      Array.from({ length: 2_000 }, () => input),
    );
    await until(() => witness.lines().length > 100);
    await server.stop();
    expect((await refusal(() => cs.jobs.create("witnessed", input))).code).toBe("database_lost");
    expect(child.process.exitCode).toBeNull();
    await server.start();
    const last = await until(() => cs.jobs.create("witnessed", input).catch(() => undefined));
    await until(async () => (await cs.jobs.count()).completed === jobs.length + 1, { deadlineMs: 40_000 });
    const begun = witness.lines().filter((line) => line.startsWith("begin"));
    expect(begun.map((line) => line.split(" ")[1]).sort()).toEqual([...jobs, last].map(({ id }) => id).sort());
    child.process.kill("SIGTERM");
    expect(await child.ended).toBe(0);
    expect(await cs.verify()).toMatchObject({ findings: [], checked: { jobs: jobs.length + 1 } });
  });

  test("and does not come back keeps nobody from stopping", { timeout: 60_000 }, async () => {
    const server = await aServer();
    const cs = await Callsheet.open({ databaseUrl: server.url, onError: () => {} });
    const { stage } = await aFloor();
    await cs.actions.put({ name: "test", type: stage.type });
    const node = await cs.work({ name: "here", types: [stage.type] });
    await cs.jobs.create("test");
    const { returns, context } = await stage.nth(1);
    const folder = aFolder();
    await publishText(context, folder.at("a"));
    await server.stop();
    returns("nobody will know");
    await node.stop({ graceMs: 100 });
    await cs.close();
    await until(() => folder.names().length === 0, { what: "The staged file's end" });
    await server.start();
  });

  test("keeps what was published hidden until it can say that the attempt still counts", {
    timeout: 60_000,
  }, async () => {
    const server = await aServer();
    const troubles: string[] = [];
    const cs = await Callsheet.open({ databaseUrl: server.url, onError: (where) => void troubles.push(where) });
    onTestFinished(() => cs.close());
    const { stage } = await aFloor();
    await cs.actions.put({ name: "test", type: stage.type });
    await cs.work({ name: "here", types: [stage.type] });
    const job = await cs.jobs.create("test");
    const { returns, context } = await stage.nth(1);
    const folder = aFolder();
    await publishText(context, folder.at("a"));
    await server.stop();
    returns("at last");
    await until(() => troubles.includes("publication"), { what: "A word of the publication" });
    expect(folder.names()).not.toContain("a");
    await server.start();
    expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed", attempt: 1, result: "at last" });
    expect(folder.names()).toEqual(["a"]);
  });
});
