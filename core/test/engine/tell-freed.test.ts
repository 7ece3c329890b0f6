import { afterEach, beforeEach, expect, test } from "vitest";
import { systemEnvironment } from "../../src/engine/environment.ts";
import { endOverdue } from "../../src/engine/overrun.ts";
import type { Part } from "../../src/engine/part.ts";
import { recoverNow } from "../../src/engine/reaper.ts";
import { createCatalogue } from "../../src/operations/catalogue.ts";
import type { Hint } from "../../src/operations/hint.ts";
import { aJob, aNode, openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";
import { aDispatcher } from "../admission/dispatcher.ts";
import { poolOf } from "../admission/holdings.ts";

let database: TestDatabase;
let part: Part;
let told: Hint[];
beforeEach(async () => {
  database = await openTestDatabase();
  told = [];
  const environment = systemEnvironment();
  const { store } = database;
  const catalogue = createCatalogue(store, environment.monotonic, () => {});
  part = { store, catalogue, environment, bus: { publish: (hint: Hint) => void told.push(hint) } } as unknown as Part;
});
afterEach(() => database.close());

test("what a dead node held is told to those who wait for it: the next in line, and units", async () => {
  const pool = await poolOf(database, "gpu", 1);
  const cs = await database.open();
  await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
  await cs.actions.put({ name: "encode", type: "test", needs: { gpu: 1 } });
  const target = { type: "asset", id: "A-17" };
  const node = await aDispatcher(database, "here");
  await aNode(database, "other");
  await cs.jobs.create("encode");
  await cs.jobs.create("edit", { target });
  expect(await node.claim(2)).toHaveLength(2);
  const next = await cs.jobs.create("edit", { target, priority: "high" });
  expect(await node.claim()).toEqual([]);
  await database.store.endNode(node.nodeId, "dead", "by a test");
  const changed = await recoverNow(part, "test");
  const { laneId, rank } = changed.find(({ id }) => id === next.id)!;
  expect(told).toContainEqual({ kind: "lane", laneId, rank });
  expect(told).toContainEqual({ kind: "pool", poolId: pool });
  await node.close();
});

test("a job that its time-out fails and that is to be tried again at once is told as one that waits", async () => {
  const { id, laneId } = await aJob(database, {
    state: "running",
    action: { timeoutMs: 1, onTimeout: "fail", retry: { limit: 0 } },
  });
  await database.db.query({
    text: "update callsheet.work set deadline = started_at, intent = 1 where job_id = $1",
    values: [id],
  });
  const { changed } = await endOverdue(part);
  expect(changed.at(-1)).toMatchObject({ id, to: "pending" });
  expect(told).toContainEqual({ kind: "lane", laneId, rank: 3 });
});
