import { turnOf } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import type { CandidateRequest } from "../../src/store/contended.ts";
import { aNode, openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";
import { withDatabase } from "../store/place.ts";
import { aDispatcher } from "./dispatcher.ts";

/** A lane of ada's jobs, of which so many are queued at the turns of an owner who has all. */
async function aQueue(database: TestDatabase, count: number) {
  const cs = await database.open();
  await cs.actions.put({ name: "shared", type: "test" });
  const create = (owner: string, priority: "low" | "normal" | "high" = "normal") =>
    cs.as(owner).jobs.create("shared", { priority });
  const queued: string[] = [];
  for (let n = 0; n < count; n++) queued.push((await create("ada")).id);
  await admit(database);
  return { cs, create, queued };
}

/** Queues all pending jobs, as admission queues those of one owner. */
async function admit({ store }: TestDatabase): Promise<void> {
  const heads = await store.pendingHeads(100);
  await store.transaction((tx) => tx.admitJobs(heads.map(({ id, dueAt }) => ({ id, turn: turnOf(3, dueAt) }))));
}

async function candidatesOf(database: TestDatabase, fields: Partial<CandidateRequest> = {}, hasNews = true) {
  const { store } = database;
  const nodeId = await aNode(database);
  const lanes = (await store.lanesFor("default", ["test"])).map(({ id, isShared }) => ({
    ...{ id, quota: 10, isShared, hasNews },
  }));
  const hot = await store.openHotPath("here");
  const request = { nodeId, lanes, want: 10, running: new Map(), seesObjects: true, ...fields };
  const { jobs } = await hot.contend((tx) => tx.lockCandidates(request));
  await hot.close();
  await store.endNode(nodeId, "gone", "it has looked");
  return jobs.map(({ id }) => id);
}

describe("the first job of an owner who has nothing else", () => {
  test(
    "goes before the queued ones of another, before admission has seen it",
    withDatabase(async (database) => {
      const { create, queued } = await aQueue(database, 3);
      const { id } = await create("bob");
      const second = await create("bob");
      expect(await candidatesOf(database)).toEqual([id, ...queued, second.id]);
      expect(await candidatesOf(database, { want: 2 })).toEqual([id, queued[0], queued[1]]);
      expect((await candidatesOf(database, {}, false))[0]).toBe(queued[0]);
    }),
  );

  test(
    "goes before those of guests, where it is the host's",
    withDatabase(async (database) => {
      const { cs, create, queued: old } = await aQueue(database, 1);
      await cs.jobs.cancel(old[0]!);
      const queued = [(await create("bob")).id, (await create("bob")).id];
      await admit(database);
      const { id } = await create("ada");
      expect(await candidatesOf(database)).toEqual([id, ...queued]);
    }),
  );

  test(
    "waits for its turn while one of his runs here, or is queued already",
    withDatabase(async (database) => {
      const { create, queued } = await aQueue(database, 1);
      const bob = await database.store.ownerId("bob");
      const first = await create("bob");
      expect(await candidatesOf(database, { running: new Map([[bob, 1]]) })).toEqual([...queued, first.id]);
      await admit(database);
      const second = await create("bob");
      expect(await candidatesOf(database)).toEqual([...queued, first.id, second.id]);
    }),
  );

  test(
    "goes behind queued ones of a better priority, and the best of his goes first",
    withDatabase(async (database) => {
      const { create, queued } = await aQueue(database, 1);
      const low = await create("bob", "low");
      expect(await candidatesOf(database)).toEqual([...queued, low.id]);
      const high = await create("bob", "high");
      expect(await candidatesOf(database)).toEqual([high.id, ...queued, low.id]);
    }),
  );
});

test("a node takes it at its next free slot", async () => {
  const database = await openTestDatabase();
  const node = await aDispatcher(database, "here");
  try {
    const { create, queued } = await aQueue(database, 40);
    const { id } = await create("bob");
    expect((await node.claim()).map((job) => job.id)).toEqual([id]);
    expect((await node.claim()).map((job) => job.id)).toEqual([queued[0]]);
  } finally {
    await node.close();
    await database.close();
  }
});
