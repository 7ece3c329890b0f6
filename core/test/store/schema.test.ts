import { JOB_KINDS, JOB_STATES, ORIGINS, SETTLED } from "@callsheet/contract";
import { expect, test } from "vitest";
import { aJob, openTestDatabase } from "../../src/testing/index.ts";
import { databaseOfFile } from "./place.ts";

const file = databaseOfFile();

async function labels(type: string): Promise<readonly string[]> {
  const { rows } = await file.get().db.query<{ label: string }>({
    text: "select enumlabel as label from pg_enum where enumtypid = $1::regtype order by enumsortorder",
    values: [`callsheet.${type}`],
  });
  return rows.map(({ label }) => label);
}

test.each([
  ["job_state", JOB_STATES],
  ["job_kind", JOB_KINDS],
  ["job_origin", ORIGINS],
  ["rollback_state", ["none", "required", "running", "done", "failed"]],
] as const)("the database's %s has the contract's names in the contract's order", async (type, names) => {
  expect(await labels(type)).toEqual(names);
});

const isSettled = (state: string) => (SETTLED as readonly string[]).includes(state);

test.each(JOB_STATES)("a row of work or of outcome, as the contract says, may hold the state %s", async (state) => {
  const { db } = file.get();
  const unsettled = await aJob(file.get(), { state: "running" });
  const settled = await aJob(file.get(), { state: "completed" });
  const put = (table: string, id: string) =>
    db
      .query({
        text: `update callsheet.${table} set state = $2::callsheet.job_state${table === "work" ? ", node_id = case when $2::callsheet.job_state in ('running', 'timed_out', 'cancelling') then 1 end, turn = 1" : ""} where job_id = $1`,
        values: [id, state],
      })
      .then(
        () => "accepted",
        (error: { cause: { constraint?: string } }) => error.cause.constraint,
      );
  expect(await put("work", unsettled.id)).toBe(isSettled(state) ? "work_state" : "accepted");
  expect(await put("outcome", settled.id)).toBe(isSettled(state) ? "accepted" : "outcome_state");
});

test.each([
  ["a queued job without a turn", "pending", "state = 'queued'"],
  ["a waiting job with a node", "pending", "node_id = 1"],
  ["a due job without a time", "pending", "due_at = null"],
] as const)("the database refuses %s", async (_, state, change) => {
  const { id } = await aJob(file.get(), { state });
  const changed = file.get().db.query({ text: `update callsheet.work set ${change} where job_id = $1`, values: [id] });
  await expect(changed).rejects.toMatchObject({ cause: { constraint: "work_state" } });
});

test("the database refuses two nodes of one name that are up, and allows a second life", async () => {
  const { store } = file.get();
  const identity = {
    host: "h",
    bootId: "b",
    pid: 1,
    pidStarted: "1",
    site: "default",
    slots: 1,
    types: [],
    capabilities: [],
  };
  const uuid = (n: number) => `00000000-0000-4000-8000-00000000000${n}`;
  const first = await store.registerNode({ ...identity, name: "one", incarnation: uuid(1) });
  const second = { ...identity, name: "one", incarnation: uuid(2) };
  await expect(store.registerNode(second)).rejects.toMatchObject({ cause: { constraint: "node_name" } });
  expect(await store.endNode(first, "dead", "test")).toBe(true);
  expect(await store.registerNode(second)).toBeGreaterThan(first);
});

test("callsheet.now() is the time of the transaction, and can be read as part of an index condition", async () => {
  const { db } = file.get();
  const { rows } = await db.query<{ same: boolean; inlined: string }>({
    text: "select callsheet.now() = pg_catalog.now() as same",
    values: [],
  });
  expect(rows).toEqual([{ same: true }]);
  const { rows: plan } = await db.query<{ "QUERY PLAN": string }>({
    text: "explain (costs off) select from callsheet.work where state = 'running' and deadline <= callsheet.now()",
    values: [],
  });
  const text = plan.map((row) => row["QUERY PLAN"]).join("\n");
  // Inlined: the planner sees the built-in function.
  expect(text).toContain("deadline <= now()");
});

test("no constraint of a hot table refers to another table", async () => {
  const database = await openTestDatabase();
  const { rows } = await database.db.query({
    text: "select conname from pg_constraint where contype = 'f' and connamespace = 'callsheet'::regnamespace and conrelid <> 'callsheet.collection_member'::regclass",
    values: [],
  });
  expect(rows).toEqual([]);
  await database.close();
});
