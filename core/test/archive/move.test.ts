import { JOB_STATES, type JobState } from "@callsheet/contract";
import { describe, expect, onTestFinished, test } from "vitest";
import { Callsheet, exportDatabase } from "../../src/index.ts";
import { migrate, shippedMigrations } from "../../src/store/migrate.ts";
import { aJob, openTestDatabase, type TestDatabase, until } from "../../src/testing/index.ts";
import { aSink, contents, exported, imported } from "../fixtures/archive.ts";
import { aType, eventsOf, inState } from "../fixtures/floor.ts";
import { aServerOf, distributionBinaries } from "../fixtures/servers.ts";

/** Jobs of the large move; 100,000 where time is no matter. */
const SCALE = Number(process.env.CALLSHEET_TEST_MOVE_JOBS ?? 4_000);
const RETRY = { limit: 1, delayMs: 1, jitter: 0 };
const type = aType(({ log }) => {
  log.info("at work");
  return "done";
}, "test");

/** A system with a job in each state, and two that are locked and served by a resource. */
async function aSystem(): Promise<{ readonly database: TestDatabase; readonly placed: ReadonlyMap<JobState, string> }> {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const cs = await database.open();
  await cs.resources.put("gpu", { capacity: 2 });
  await cs.actions.put({ name: "test", type, retry: RETRY });
  await cs.actions.put({ name: "contended", type, retry: RETRY, needs: { gpu: 1 }, lock: "exclusive" });
  const placed = new Map<JobState, string>();
  for (const state of JOB_STATES) placed.set(state, (await aJob(database, { state })).id);
  await aJob(database, { state: "running", as: "member" });
  return { database, placed };
}

const settled = async (cs: Callsheet, count: number) =>
  until(
    async () => {
      const counts = await cs.jobs.count();
      const open = counts.running + counts.pending + counts.queued + counts.timed_out + counts.cancelling;
      return open === 0 && counts.completed >= count ? counts : undefined;
    },
    { deadlineMs: 20_000, what: "The end of what was under way" },
  );

describe("a system that is exported and imported into another server", { timeout: 120_000 }, () => {
  test.for([
    ["the private one", undefined],
    ["the distribution's", distributionBinaries() ?? ""],
  ] as const)(
    "%s, goes on there: nothing is lost, and what was under way is done again",
    async ([, binaries], { skip }) => {
      skip(binaries === "", "no PostgreSQL of the distribution");
      const { database, placed } = await aSystem();
      const source = await database.open();
      const working = await source.work({ name: "old", types: [type] });
      const first = await source.jobs.create("contended", { target: { type: "asset", id: "A-17" } });
      expect(await source.jobs.wait(first)).toMatchObject({ state: "completed" });
      await working.stop();
      const archive = await exported(database.url);

      const url = await aServerOf(binaries);
      const facts = await imported(url, archive);
      expect(facts).toMatchObject({ jobs: JOB_STATES.length + 2, applied: [] });
      const troubles: unknown[] = [];
      const cs = await Callsheet.open({ databaseUrl: url, onError: (_, error) => void troubles.push(error) });
      onTestFinished(() => cs.close());
      expect(await cs.jobs.get(first.id)).toEqual(await source.jobs.get(first.id));
      expect(await cs.jobs.history(first.id)).toEqual(await source.jobs.history(first.id));
      expect(await cs.jobs.log(first.id)).toEqual(await source.jobs.log(first.id));
      expect(await cs.jobs.count()).toEqual(await source.jobs.count());

      await cs.work({ name: "new", types: [type] });
      await settled(cs, 6);
      for (const state of ["running", "timed_out"] as const) {
        const id = placed.get(state)!;
        const job = await inState(cs, id, "completed");
        expect(job).toMatchObject({ attempt: 2, result: "done", node: "new" });
        expect(await eventsOf(cs, id)).toContain("back_off");
        expect((await cs.jobs.history(id)).find(({ event }) => event === "back_off")?.data).toMatchObject({
          error: { code: "node_lost" },
        });
      }
      expect(await cs.jobs.get(placed.get("cancelling")!)).toMatchObject({ state: "cancelled" });
      for (const state of ["created", "paused", "failed", "partial", "skipped", "cancelled"] as const)
        expect(await cs.jobs.get(placed.get(state)!)).toMatchObject({ state });
      // New ones are neither mixed up with the old ones nor fenced off by them.
      const next = await cs.jobs.create("contended", { target: { type: "asset", id: "A-17" } });
      expect(await cs.jobs.wait(next)).toMatchObject({ state: "completed", attempt: 1 });
      const tokens = await Promise.all(
        [first, next].map(async ({ id }) => (await cs.jobs.history(id)).findLast(({ token }) => token)?.token),
      );
      expect(BigInt(tokens[1]!) - BigInt(tokens[0]!)).toBeGreaterThanOrEqual(1_000_000n);
      expect(await cs.jobs.retry(placed.get("failed")!)).toBe("pending");
      await inState(cs, placed.get("failed")!, "completed");
      // That it is another server is no loss of what the old one had.
      expect(troubles).toEqual([]);
    },
  );
});

describe("an export", () => {
  test("is of one moment, whatever happens while it is written, and says who is at work", async () => {
    const { database } = await aSystem();
    const cs = await database.open();
    await cs.work({ name: "busy", types: [aType(() => null, "other")] });
    const before = await contents(database.db);
    let letGo = () => {};
    const { to, begun, bytes } = aSink(
      new Promise<void>((resolve) => {
        letGo = resolve;
      }),
    );
    const exporting = exportDatabase({ databaseUrl: database.url, to });
    await begun;
    await cs.jobs.createMany(
      "test",
      Array.from({ length: 50 }, () => ({ startAt: null })),
    );
    await cs.resources.remove("gpu").catch(() => cs.resources.put("gpu", { capacity: 7 }));
    letGo();
    expect((await exporting).nodesUp).toContain("busy");
    const target = await openTestDatabase();
    onTestFinished(() => target.close());
    await imported(target.url, bytes());
    const after = await contents(target.db);
    for (const table of ["job", "work", "outcome", "event", "pool"]) expect(after[table]).toEqual(before[table]);
  });

  test("of a schema of an earlier version is brought up to date where it is imported", async () => {
    const [source, target] = [await openTestDatabase(), await openTestDatabase()];
    onTestFinished(async () => void (await Promise.all([source.close(), target.close()])));
    for (const { db } of [source, target]) await db.query({ text: "drop schema callsheet cascade", values: [] });
    const shipped = shippedMigrations();
    await migrate(source.db, shipped.slice(0, 1));
    const text = "insert into callsheet.setting values ('from_the_first', '1')";
    await source.db.query({ text, values: [] });
    const facts = await imported(target.url, await exported(source.url));
    expect(facts).toMatchObject({ version: shipped[0]!.name, applied: shipped.slice(1).map(({ name }) => name) });
    expect((await contents(target.db)).setting).toContain("(from_the_first,1)");
  });

  test(`of ${SCALE} jobs, some of them open, is imported into another server, which goes on; all histories are sound`, {
    timeout: 600_000,
  }, async () => {
    const source = await openTestDatabase();
    onTestFinished(() => source.close());
    const cs = await source.open();
    await cs.actions.put({ name: "test", type, retry: RETRY });
    const node = await cs.work({ name: "old", types: [type], slots: 50 });
    const inputs = Array.from({ length: SCALE / 2 }, (_, n) => ({ configuration: { n }, tags: [`t${n % 7}`] }));
    await cs.jobs.createMany("test", inputs);
    await until(async () => (await cs.jobs.count()).completed === SCALE / 2, { deadlineMs: 300_000 });
    await node.stop();
    await cs.jobs.createMany("test", inputs);
    const url = await aServerOf();
    const heldBefore = process.memoryUsage().rss;
    const began = Date.now();
    const archive = await exported(source.url);
    const exportedAt = Date.now();
    const facts = await imported(url, archive);
    const importedAt = Date.now();
    expect(facts).toMatchObject({ jobs: SCALE });
    // Neither side ever holds the whole: at most a few batches.
    expect(process.memoryUsage().rss - heldBefore).toBeLessThan(300_000_000);
    const there = await Callsheet.open({ databaseUrl: url });
    onTestFinished(() => there.close());
    await there.work({ name: "new", types: [type], slots: 50 });
    await until(async () => (await there.jobs.count()).completed === SCALE, { deadlineMs: 300_000 });
    const doneAt = Date.now();
    expect(await there.verify()).toMatchObject({ isSound: true, checked: { jobs: SCALE } });
    const took = { export: exportedAt - began, import: importedAt - exportedAt, check: Date.now() - doneAt };
    console.log(`${SCALE} jobs moved, ${archive.length} bytes; in milliseconds: ${JSON.stringify(took)}`);
  });
});
