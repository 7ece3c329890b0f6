import { PRIORITIES, turnOf } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { guestHeads, liveByOwner } from "../../src/store/admission.ts";
import { aJob, type TestDatabase, until } from "../../src/testing/index.ts";
import { aFloor } from "../fixtures/floor.ts";
import { withDatabase } from "../store/place.ts";
import { otherIndexes, plansOf, statementsOf } from "../store/plan.ts";

/** An action whose jobs ada used first, with as many jobs of each owner as it is said, in this order. */
async function aSharedLane(database: TestDatabase, owners: Readonly<Record<string, number>>) {
  const cs = await database.open();
  await cs.actions.put({ name: "shared", type: "nobody-runs-it" });
  const create = (owner: string, count: number) =>
    cs.as(owner).jobs.createMany(
      "shared",
      Array.from({ length: count }, () => ({})),
    );
  await create("ada", 1);
  const jobs = new Map<string, readonly string[]>();
  for (const [owner, count] of Object.entries(owners))
    jobs.set(
      owner,
      (await create(owner, count)).map(({ id }) => id),
    );
  return { cs, jobs };
}

const ids = (jobs: readonly { readonly id: string }[]) => jobs.map(({ id }) => id).sort();

describe("the heads of guests", () => {
  test(
    "are the first jobs of so many owners, and go on behind those that were seen",
    withDatabase(async (database) => {
      const { store } = database;
      const { jobs } = await aSharedLane(database, { bob: 3, eve: 3, joe: 1 });
      const first = await store.guestHeads({ limit: 2, owners: 2, seen: [] });
      expect(ids(first)).toEqual([...jobs.get("bob")!.slice(0, 2), ...jobs.get("eve")!.slice(0, 2)].sort());
      const { laneId, rank } = first[0]!;
      const seen = [{ laneId, rank, ownerId: Math.max(...first.map(({ ownerId }) => ownerId)) }];
      expect(ids(await store.guestHeads({ limit: 2, owners: 2, seen }))).toEqual(jobs.get("joe"));
    }),
  );

  test(
    "are those of the host as well, once there are guests: no crowd of theirs stands before them",
    withDatabase(async (database) => {
      const { store } = database;
      const clock = await database.stopClock();
      const { cs, jobs } = await aSharedLane(database, {});
      const later = await cs
        .as("ada")
        .jobs.create("shared", { startAt: new Date((await store.databaseNow()).getTime() + 1_000) });
      jobs.set(
        "bob",
        (await cs.as("bob").jobs.createMany("shared", [{}, {}, {}])).map(({ id }) => id),
      );
      const last = await cs.as("ada").jobs.create("shared");
      expect(ids(await store.guestHeads({ limit: 1, owners: 9, seen: [] }))).toEqual(
        [jobs.get("bob")![0], last.id].sort(),
      );
      await clock.advance(2_000);
      await store.comeDue(10);
      const heads = await store.guestHeads({ limit: 9, owners: 9, seen: [] });
      expect(ids(heads)).toEqual([...jobs.get("bob")!, last.id, later.id].sort());
    }),
  );

  test(
    "of a paused lane are none",
    withDatabase(async (database) => {
      await aSharedLane(database, { bob: 1 });
      await database.db.query({ text: "update callsheet.lane set paused = true", values: [] });
      expect(await database.store.guestHeads({ limit: 2, owners: 2, seen: [] })).toEqual([]);
      expect(await database.store.pendingHeads(10)).toEqual([]);
    }),
  );

  test(
    "are read by their own index",
    withDatabase(async (database) => {
      const statements = await statementsOf((db) => guestHeads(db, { limit: 20, owners: 100, seen: [] }));
      const [plan] = await plansOf(database, statements, "duty");
      expect(new Set(otherIndexes(plan!))).toEqual(new Set(["work_guest"]));
      const [live] = await plansOf(database, await statementsOf(liveByOwner), "duty");
      expect(otherIndexes(live!)).toEqual(["work_live"]);
    }),
  );
});

test(
  "the jobs of an owner that live are counted, in rows of their own and as members of claims",
  withDatabase(async (database) => {
    const { store } = database;
    const [ada, bob] = [await store.ownerId("ada"), await store.ownerId("bob")];
    for (const state of ["running", "timed_out", "cancelling"] as const) await aJob(database, { owner: "ada", state });
    for (const state of ["pending", "queued", "completed"] as const) await aJob(database, { owner: "ada", state });
    for (const owner of ["ada", "bob", "bob"]) await aJob(database, { owner, state: "running", as: "member" });
    const gone = await aJob(database, { owner: "bob", state: "running", as: "member" });
    await database.db.query({ text: "update callsheet.claim set ended = '1' where token = $1", values: [gone.token] });
    expect(await store.liveByOwner()).toEqual(
      new Map([
        [ada, 4],
        [bob, 2],
      ]),
    );
  }),
);

test(
  "a lane without room shows one job of each rank",
  withDatabase(async (database) => {
    const { store } = database;
    const jobs = [await aJob(database), await aJob(database), await aJob(database, { rank: 1 }), await aJob(database)];
    expect(ids(await store.pendingHeads(10))).toEqual(ids(jobs));
    expect(ids(await store.pendingHeads(10, [jobs[0]!.laneId]))).toEqual(ids([jobs[0]!, jobs[2]!]));
  }),
);

test(
  "a job whose locks were handed over keeps its turn",
  withDatabase(async (database) => {
    const { store, db } = database;
    const job = await aJob(database, { state: "queued" });
    await db.query({ text: "update callsheet.work set turn = -7", values: [] });
    await store.transaction(async (tx) => {
      await tx.admitJobs([{ id: job.id, turn: 1 }]);
      await tx.giveWay([job.id]);
    });
    expect(await store.queuedJobs()).toMatchObject([{ id: job.id, turn: -7 }]);
  }),
);

test(
  "a job that was never queued and is handed back stands where its priority and due time say",
  withDatabase(async (database) => {
    const { store } = database;
    const low = await aJob(database, { state: "running", rank: 5 });
    await store.transaction((tx) =>
      tx.transition({ event: "hand_back", changes: [{ id: low.id, token: low.token!, to: "queued" }] }),
    );
    const high = await aJob(database, { state: "queued", rank: 2 });
    const queue = await store.queuedJobs();
    expect(queue.map(({ id }) => id)).toEqual([high.id, low.id]);
    expect(queue[1]!.turn).toBe(turnOf(PRIORITIES.lowest, queue[1]!.dueAt));
  }),
);

describe("one round", () => {
  test("lets the owner with one job stand before the second of another, whoever came first", async () => {
    const floor = await aFloor({}, { alone: true });
    await floor.create({ owner: "ada" });
    await floor.work({ slots: 1 });
    await floor.stage.nth(1);
    const crowd = await floor.cs.jobs.createMany(
      floor.name,
      Array.from({ length: 5 }, () => ({ owner: "ada" })),
    );
    const single = await floor.create({ owner: "bob" });
    const queue = await until(async () => {
      const jobs = await floor.database.store.queuedJobs();
      return jobs.length === 6 ? jobs : undefined;
    });
    expect(queue.map(({ id }) => id)).toEqual([single.id, ...crowd.map(({ id }) => id)]);
  });
});
