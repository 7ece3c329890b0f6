import { defineActionType } from "@callsheet/contract";
import { expect, onTestFinished, test } from "vitest";
import { z } from "zod";
import { readFloor } from "../../src/engine/units.ts";
import { aJob, openTestDatabase, type TestDatabase, until } from "../../src/testing/index.ts";
import { withDatabase } from "../store/place.ts";
import { aDispatcher } from "./dispatcher.ts";
import { checkHoldings, poolOf } from "./holdings.ts";

const run = (database: TestDatabase, text: string, ...values: unknown[]) => database.db.query({ text, values });
const reservationOf = async (database: TestDatabase, id: number) =>
  (await database.store.allPools()).find((pool) => pool.id === id)!.reservation;

test(
  "what attempts hold is read of members, of rows of their own, and of attempts that outlived their job",
  withDatabase(async (database) => {
    const { store } = database;
    const pool = await poolOf(database, "transcode", 10);
    const member = await aJob(database, { state: "running", as: "member" });
    const own = await aJob(database, { state: "timed_out" });
    const over = await aJob(database, { state: "failed" });
    await run(
      database,
      "update callsheet.claim set pool_ids = $1, units = $2 where token = $3",
      [pool],
      [2],
      member.token,
    );
    for (const [job, units] of [
      [own, 3],
      [over, 4],
    ] as const)
      await run(
        database,
        "insert into callsheet.grant_of_units values ($1, $2, $3, $4)",
        job.token,
        job.id,
        pool,
        units,
      );
    await run(database, "update callsheet.job set size = 7.5 where id = $1", own.id);
    const held = [...(await store.heldUnits())].sort((a, b) => a.units - b.units);
    const version = member.action.id;
    expect(held).toEqual([
      {
        poolId: pool,
        units: 2,
        startedAt: expect.any(Date),
        elapsedMs: expect.any(Number),
        actionVersionId: version,
        size: null,
      },
      {
        poolId: pool,
        units: 3,
        startedAt: expect.any(Date),
        elapsedMs: expect.any(Number),
        actionVersionId: version,
        size: 7.5,
      },
      { poolId: pool, units: 4, startedAt: null, elapsedMs: 0, actionVersionId: version, size: null },
    ]);
    expect(await store.sizesOf([member.id, own.id])).toEqual(new Map([[own.id, 7.5]]));
  }),
);

test(
  "a round takes as used what it knows will come back, though attempts end while it reads",
  withDatabase(async (database) => {
    const { store } = database;
    const pool = await poolOf(database, "transcode", 10);
    const member = await aJob(database, { state: "running", as: "member" });
    await run(database, "update callsheet.claim set pool_ids = $1, units = $2", [pool], [2]);
    await run(database, "update callsheet.pool set used = 2");
    const reading = {
      ...store,
      allPools: async () => {
        const pools = await store.allPools();
        await run(database, "delete from callsheet.claim where token = $1", member.token);
        return pools;
      },
    };
    expect((await readFloor(reading)).pools).toMatchObject([{ id: pool, used: 0 }]);
  }),
);

test(
  "a reservation is written as it was decided on, less what was taken meanwhile, and taken back",
  withDatabase(async (database) => {
    const { store } = database;
    const pool = await poolOf(database, "transcode", 10);
    const job = await aJob(database);
    const reservation = { poolId: pool, jobId: job.id, units: 4, until: new Date("2026-08-01T12:00:00Z"), spare: 3 };
    await run(database, "update callsheet.pool set used = 5");
    await store.putReservations([{ poolId: pool, used: 3, reservation }]);
    const { poolId: _, ...written } = reservation;
    expect(await reservationOf(database, pool)).toEqual({ ...written, spare: 1 });
    const cs = await database.open();
    await store.putReservations([{ poolId: pool, used: 3, reservation: { ...reservation, until: null } }]);
    expect(await reservationOf(database, pool)).toMatchObject({ jobId: job.id, until: null });
    expect((await cs.resources.get("transcode")).reserved).toEqual({ jobId: job.id, units: 4, until: null });
    await store.putReservations([{ poolId: pool, used: 3, reservation: null }]);
    expect(await reservationOf(database, pool)).toBeNull();
    expect((await cs.resources.get("transcode")).reserved).toBeNull();
  }),
);

test(
  "a round counts what the outside leaves of a pool",
  withDatabase(async (database) => {
    const { store } = database;
    const pool = await poolOf(database, "licence", 10);
    const external = JSON.stringify({ staleAfterMs: 60_000, whenStale: "keep" });
    await run(
      database,
      "update callsheet.pool set external = $1::jsonb, external_total = 3, external_at = callsheet.now()",
      external,
    );
    expect((await readFloor(store)).pools).toMatchObject([{ id: pool, capacity: 3 }]);
  }),
);

test("a claim lets a job pass that is expected to end before the reserved units are wanted, and no other", async () => {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const { store } = database;
  const cs = await database.open();
  const pool = await poolOf(database, "transcode", 4);
  const needs = { transcode: 1 };
  await cs.actions.put({ name: "short", type: "test", needs, timeoutMs: 1_000, onTimeout: "fail" });
  await cs.actions.put({ name: "long", type: "test", needs, timeoutMs: 7_200_000 });
  await cs.actions.put({ name: "unknown", type: "test", needs });
  await cs.jobs.create("long");
  await cs.jobs.create("unknown");
  const short = await cs.jobs.create("short");
  const until = new Date((await store.databaseNow()).getTime() + 3_600_000);
  const wide = await aJob(database, { state: "scheduled" });
  await store.putReservations([
    { poolId: pool, used: 0, reservation: { poolId: pool, jobId: wide.id, units: 4, until, spare: 0 } },
  ]);
  const node = await aDispatcher(database, "here");
  onTestFinished(() => node.close());
  expect((await node.claim(4)).map(({ id }) => id)).toEqual([short.id]);
  expect(await node.claim(4)).toEqual([]);
  await checkHoldings(database);
});

/** An action type whose handlers end as the test says. */
function aStage() {
  const entered: { readonly action: string; readonly end: () => void }[] = [];
  const type = defineActionType({
    type: "test.units",
    version: 1,
    configuration: z.object({}),
    run: (ctx) => new Promise<void>((resolve) => void entered.push({ action: ctx.job.action, end: resolve })),
  });
  return { type, entered };
}

test("a job that needs all of a pool gets it although narrow ones keep coming", async () => {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const cs = await database.open();
  const { type, entered } = aStage();
  const pool = await poolOf(database, "transcode", 4);
  const narrow = await cs.actions.put({ name: "narrow", type, needs: { transcode: 1 } });
  const wide = await cs.actions.put({ name: "wide", type, needs: { transcode: 4 } });
  const free = await cs.actions.put({ name: "free", type });
  const few = Array.from({ length: 4 }, () => ({}));
  await cs.jobs.createMany(narrow, few);
  await cs.work({ name: "here", types: [type], slots: 8 });
  await until(() => entered.length === 4);
  const job = await cs.jobs.create(wide, { owner: "bob" });
  await until(async () => (await reservationOf(database, pool))?.jobId === job.id);
  await cs.jobs.createMany(narrow, few);
  entered[0]!.end();
  await until(async () => (await cs.jobs.count()).completed === 1);
  // When this one begins, the node has looked for work with a unit free.
  await cs.jobs.create(free);
  await until(() => entered.length > 4);
  expect(entered[4]!.action).toBe("free");
  for (const { end } of entered.slice(1)) end();
  await until(() => entered.length > 5);
  expect(entered[5]!.action).toBe("wide");
  entered[5]!.end();
  await until(() => entered.length > 9);
  for (const { end } of entered) end();
  await until(async () => (await cs.jobs.count()).completed === 10);
  await until(async () => (await reservationOf(database, pool)) === null);
  await checkHoldings(database);
});
