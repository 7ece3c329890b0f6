import { performance } from "node:perf_hooks";
import { describe, expect, test } from "vitest";
import { type TestDatabase, until } from "../../src/testing/index.ts";
import { aFloor, aFloorWith } from "../fixtures/floor.ts";

/** Transactions that the database has counted. Each session tells of its own a second late at most, so they are made to settle. */
async function transactions({ db }: TestDatabase): Promise<number> {
  const { rows } = await db.query<{ n: number }>({
    text: "select (xact_commit + xact_rollback)::int as n from pg_stat_database where datname = current_database()",
    values: [],
  });
  return rows[0]!.n;
}

describe("a system at rest", () => {
  test("begins a job at its start time, and asks the database for little until then", async () => {
    const begun: number[] = [];
    const { cs, create, database } = await aFloorWith(
      async () => void begun.push(performance.now()),
      {},
      { alone: true },
    );
    // One look is no figure: the best of some is what the engine does when nobody else needs the machine.
    const late: number[] = [];
    for (let n = 0; n < 10 && !late.some((ms) => ms < 50); n++) {
      const planned = performance.now() + 700;
      const job = await create({ startAt: new Date(Date.now() + 700) });
      await cs.jobs.wait(job);
      late.push(begun.at(-1)! - planned);
    }
    expect(Math.min(...late)).toBeLessThan(50);
    expect(Math.min(...late)).toBeGreaterThanOrEqual(-2);

    // What it did before is told late: the least of some looks is what it asks at rest.
    const perSecond: number[] = [];
    for (let n = 0; n < 5 && !perSecond.some((rate) => rate < 12); n++) {
      const before = await transactions(database);
      const from = performance.now();
      await until(() => performance.now() - from > 2_000);
      perSecond.push(((await transactions(database)) - before) / ((performance.now() - from) / 1_000));
    }
    expect(Math.min(...perSecond)).toBeLessThan(12);
    expect(Math.max(...perSecond)).toBeGreaterThan(0);
  });

  test("starts a lone job in a moment, without waiting for any round", async () => {
    const begun = new Map<string, number>();
    const { cs, create } = await aFloorWith(
      async ({ job }) => void begun.set(job.id, performance.now()),
      {},
      { alone: true },
    );
    const took: number[] = [];
    for (let n = 0; n < 10; n++) {
      const from = performance.now();
      const job = await create();
      await cs.jobs.wait(job);
      took.push(begun.get(job.id)! - from);
    }
    // Far below every interval at which anything polls.
    expect(Math.min(...took)).toBeLessThan(50);
  });

  test("leaves no timer, no connection and no listener when it is closed", async () => {
    const { cs, work, create, stage } = await aFloor({}, { alone: true });
    await work();
    const job = await create();
    (await stage.nth(1)).returns();
    await cs.jobs.wait(job);
    await cs.close();
    // The database is closed after the test, which fails when anything was left.
    expect(stage.entered).toHaveLength(1);
  });
});
