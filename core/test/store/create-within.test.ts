import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Callsheet } from "../../src/callsheet.ts";
import { aNode } from "../../src/testing/index.ts";
import { databaseOfFile, rowsOf } from "./place.ts";

const file = databaseOfFile();
let cs: Callsheet;
let caller: pg.Client;
beforeAll(async () => {
  cs = await file.get().open();
  await cs.actions.put({ name: "copy", type: "copy" });
  caller = new pg.Client({ connectionString: file.get().url });
  await caller.connect();
});
afterAll(() => caller.end());

describe("in a caller's own transaction", () => {
  beforeEach(async () => {
    await caller.query("begin");
  });
  afterEach(async () => {
    await caller.query("rollback");
  });

  test("rolled back, nothing is left", async () => {
    const jobs = await cs.jobs.createMany("copy", [{}, { tags: ["x"], idempotencyKey: "left" }], { tx: caller });
    await caller.query("rollback");
    for (const { id } of jobs) {
      const rows = await rowsOf(file.get(), id);
      expect(Object.values(rows).flat()).toEqual([]);
    }
  });

  test("committed, they are there; before that, nobody else sees them", async () => {
    const [job] = await cs.jobs.createMany("copy", [{}], { tx: caller });
    await expect(cs.jobs.get(job!)).rejects.toMatchObject({ code: "job_not_found" });
    await caller.query("commit");
    expect(await cs.jobs.get(job!)).toMatchObject({ state: "pending" });
  });

  test("a failure of the creation leaves the transaction to the caller", async () => {
    await caller.query("savepoint before");
    const conflict = async () => {
      await cs.jobs.create("copy", { idempotencyKey: "within", tags: ["a"] }, { tx: caller });
      await cs.jobs.create("copy", { idempotencyKey: "within", tags: ["b"] }, { tx: caller });
    };
    await expect(conflict()).rejects.toMatchObject({ code: "idempotency_conflict" });
    await caller.query("rollback to savepoint before");
    expect((await caller.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });

  test("it holds no lock but those of its own new rows", async () => {
    await cs.jobs.createMany("copy", [{ target: { type: "file", id: "a" }, tags: ["t"], owner: "new owner" }, {}], {
      tx: caller,
    });
    const { rows } = await caller.query(`
      select locktype, mode, coalesce(relation::regclass::text, '') as relation from pg_locks
      where pid = pg_backend_pid() and locktype <> 'virtualxid' and coalesce(relation::regclass::text, '') not like 'pg_%'`);
    // Tables and indexes that it wrote to, in the mode that writers share; its own number; nothing of lanes, owners, advisory locks.
    expect([...new Set(rows.map((row) => row.locktype))].sort()).toEqual(["relation", "transactionid"]);
    const tables = rows.filter((row) => row.locktype === "relation");
    expect(new Set(tables.map((row) => row.mode))).toEqual(new Set(["RowExclusiveLock"]));
    for (const { relation } of tables) expect(relation).toMatch(/^(callsheet\.)?(job|work)(_|$)/);
  });

  test("others create, claim, finish and change jobs meanwhile", async () => {
    await cs.jobs.createMany("copy", [{}, { idempotencyKey: "held" }], { tx: caller });
    const { store } = file.get();
    const mine = await cs.jobs.createMany("copy", [{}, {}, {}]);
    const { rows } = await file.get().db.query<{ lane_id: number }>({
      text: "select lane_id from callsheet.job where id = $1",
      values: [mine[0]!.id],
    });
    const hot = await store.openHotPath("within");
    const nodeId = await aNode(file.get());
    const { jobs } = await hot.claim({ nodeId, lanes: [{ id: rows[0]!.lane_id }], want: 2 });
    expect(jobs).toHaveLength(2);
    const { token } = jobs[0]!;
    const completion = { token, size: 2, ordinals: [1, 2], results: [null, null], offsets: [0, 0] };
    expect(await hot.complete([completion])).toEqual([[]]);
    await cs.jobs.hold(mine[2]!);
    await hot.close();
    expect(await cs.jobs.get(mine[2]!)).toMatchObject({ state: "paused" });
  });

  test("a new action, lane and owner are made beside it, and stay", async () => {
    await cs.actions.put({ name: "fresh", type: "fresh" });
    await cs.jobs.create("fresh", { owner: "fresh owner" }, { tx: caller });
    await caller.query("rollback");
    const { rows } = await file.get().db.query({
      text: "select name from callsheet.owner where name = 'fresh owner'",
      values: [],
    });
    expect(rows).toHaveLength(1);
  });
});
