import type { ActionInput } from "@callsheet/contract";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Callsheet } from "../../src/index.ts";
import type { Claimed } from "../../src/store/claim.ts";
import { aNode, openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";
import { aDispatcher, type Dispatcher } from "./dispatcher.ts";
import { checkHoldings, checkRest, poolOf } from "./holdings.ts";

let database: TestDatabase;
let cs: Callsheet;
let node: Dispatcher;
beforeEach(async () => {
  database = await openTestDatabase();
  cs = await database.open();
  node = await aDispatcher(database, "here");
});
afterEach(async () => {
  await node.close();
  await database.close();
});

const asset = (id: string, mode: "shared" | "exclusive" = "exclusive") => ({ type: "asset", id, mode });
const stateOf = async (id: string) => (await cs.jobs.get(id)).state;
const put = (name: string, fields: Partial<ActionInput> = {}) => cs.actions.put({ name, type: "test", ...fields });

async function create(action: string, ...locks: readonly ReturnType<typeof asset>[]): Promise<string> {
  const { id } = await cs.jobs.create(action, { locks });
  return id;
}

/** Claims until nothing more starts; answers who did. */
async function claimAll(): Promise<readonly Claimed[]> {
  const jobs = await node.claim(100);
  expect(await node.claim(100)).toEqual([]);
  await checkHoldings(database);
  return jobs;
}

const idsOf = (jobs: readonly Claimed[]) => jobs.map(({ id }) => id);

/** Pauses or resumes what an action's jobs stand in. */
async function setPaused(action: string, paused: boolean): Promise<void> {
  await database.db.query({
    text: "update callsheet.lane set paused = $2 where action_id = (select id from callsheet.action where name = $1)",
    values: [action, paused],
  });
}

async function eventsOf(id: string): Promise<readonly string[]> {
  return (await cs.jobs.history(id)).map(({ event }) => event);
}

describe("objects", () => {
  test("go to those who share them together, and to who wants them alone in turn", async () => {
    await put("edit");
    const first = await create("edit", asset("a"));
    const [holder] = await claimAll();
    const readers = [await create("edit", asset("a", "shared")), await create("edit", asset("a", "shared"))];
    await claimAll();
    const writer = await create("edit", asset("a"));
    await claimAll();
    const late = await create("edit", asset("a", "shared"));
    await claimAll();
    expect(holder!.id).toBe(first);
    await node.complete(holder!);
    const both = await claimAll();
    expect(idsOf(both)).toEqual(readers);
    await node.complete(both[0]!);
    expect(await claimAll()).toEqual([]);
    await node.complete(both[1]!);
    const [alone] = await claimAll();
    expect(alone!.id).toBe(writer);
    await node.complete(alone!);
    const [last] = await claimAll();
    expect(last!.id).toBe(late);
    await node.complete(last!);
    await checkRest(database);
  });

  test("that are asked for in opposite orders lead to no standstill; a ticket counts for all of them", async () => {
    await put("edit");
    const ids = [await create("edit", asset("a"), asset("b")), await create("edit", asset("b"), asset("a"))];
    const apart = await create("edit", asset("c"));
    const [one, three] = await claimAll();
    expect([one!.id, three!.id]).toEqual([ids[0], apart]);
    // It stands first at d, and is behind at c: who wants d alone waits behind it.
    const wide = await create("edit", asset("c"), asset("d"));
    await claimAll();
    const behind = await create("edit", asset("d"));
    expect(await claimAll()).toEqual([]);
    expect(await stateOf(behind)).toBe("waiting_for_lock");
    for (const job of [one!, three!]) await node.complete(job);
    const next = await claimAll();
    expect(idsOf(next)).toEqual([ids[1], wide]);
    for (const job of next) await node.complete(job);
    expect(idsOf(await claimAll())).toEqual([behind]);
  });

  test("are given in the order in which they were asked for, whatever the priority; who has them goes first", async () => {
    await put("edit");
    await put("other");
    const first = await create("edit", asset("a"));
    const [holder] = await claimAll();
    expect(holder!.id).toBe(first);
    const low = (await cs.jobs.create("edit", { locks: [asset("a")], priority: "lowest" })).id;
    await claimAll();
    const urgent = (await cs.jobs.create("edit", { locks: [asset("a")], priority: "urgent" })).id;
    await claimAll();
    await node.complete(holder!);
    const rival = (await cs.jobs.create("other", { locks: [asset("z")], priority: "urgent" })).id;
    expect(idsOf(await node.claim(1))).toEqual([low]);
    expect(idsOf(await node.claim(1))).toEqual([rival]);
    expect(await stateOf(urgent)).toBe("waiting_for_lock");
  });

  test("are held by whoever was handed them while units lack, and waiting holds no unit", async () => {
    const pool = await poolOf(database, "gpu", 1);
    await put("edit", { needs: { gpu: 1 } });
    await put("free");
    const unit = await create("edit", asset("x"));
    const [busy] = await claimAll();
    expect(busy!.id).toBe(unit);
    const first = await create("free", asset("a"));
    const [holder] = await claimAll();
    expect(holder!.id).toBe(first);
    const next = await create("edit", asset("a"));
    await database.db.query({ text: "update callsheet.pool set capacity = 2 where id = $1", values: [pool] });
    await claimAll();
    expect(await stateOf(next)).toBe("waiting_for_lock");
    await database.db.query({ text: "update callsheet.pool set capacity = 1 where id = $1", values: [pool] });
    await node.complete(holder!);
    expect(await claimAll()).toEqual([]);
    expect(await stateOf(next)).toBe("queued");
    await node.complete(busy!);
    expect(idsOf(await claimAll())).toEqual([next]);
  });
});

describe("a turn", () => {
  /** One holds the object; in line stand a job of `paused` and one of `open`. */
  async function aLine(): Promise<{ holder: Claimed; paused: string; open: string }> {
    await put("open");
    await put("paused");
    await create("open", asset("a"));
    const [holder] = await claimAll();
    const paused = await create("paused", asset("a"));
    await claimAll();
    const open = await create("open", asset("a"));
    await claimAll();
    return { holder: holder!, paused, open };
  }

  test("is given back by who was handed objects and whose lane is paused, and comes again", async () => {
    const { holder, paused, open } = await aLine();
    await node.complete(holder);
    expect(await stateOf(paused)).toBe("queued");
    expect(await database.store.settleTurns()).toEqual([]);
    await setPaused("paused", true);
    expect((await database.store.settleTurns()).map(({ id }) => id)).toEqual([open]);
    await checkHoldings(database);
    expect(await stateOf(paused)).toBe("waiting_for_lock");
    await setPaused("paused", false);
    expect(await database.store.settleTurns()).toEqual([]);
    const [second] = await claimAll();
    expect(second!.id).toBe(open);
    await node.complete(second!);
    const [third] = await claimAll();
    expect(third!.id).toBe(paused);
    await node.complete(third!);
    expect(await eventsOf(paused)).toEqual(["create", "block", "grant", "yield", "grant", "complete"]);
    await checkRest(database);
  });

  test("passes who cannot run, and comes as soon as he can, though nobody gives anything back any more", async () => {
    const { holder, paused, open } = await aLine();
    await setPaused("paused", true);
    await node.complete(holder);
    const [second] = await claimAll();
    expect(second!.id).toBe(open);
    await node.complete(second!);
    expect(await claimAll()).toEqual([]);
    expect(await database.store.settleTurns()).toEqual([]);
    await setPaused("paused", false);
    expect((await database.store.readAgenda()).hasTurns).toBe(true);
    expect((await database.store.settleTurns()).map(({ id }) => id)).toEqual([paused]);
    const [third] = await claimAll();
    await node.complete(third!);
    await checkRest(database);
    expect((await database.store.readAgenda()).hasTurns).toBe(false);
  });

  test("that came too late waits for its holder: a newcomer took the object meanwhile", async () => {
    const { holder, paused, open } = await aLine();
    await setPaused("paused", true);
    await node.complete(holder);
    await node.complete((await claimAll())[0]!);
    const newcomer = await create("open", asset("a"));
    const [third] = await claimAll();
    expect(third!.id).toBe(newcomer);
    await setPaused("paused", false);
    expect(await database.store.settleTurns()).toEqual([]);
    expect((await database.store.readAgenda()).hasTurns).toBe(false);
    await node.complete(third!);
    expect(idsOf(await claimAll())).toEqual([paused]);
    expect(await stateOf(open)).toBe("completed");
  });

  test("that comes again for several waits for its holder, who stands behind all of them", async () => {
    const { holder, open } = await aLine();
    await cs.jobs.cancel(open);
    for (let n = 0; n < 5; n++) await create("paused", asset("a"));
    await claimAll();
    await setPaused("paused", true);
    await node.complete(holder);
    const newcomer = await create("open", asset("a"));
    const [second] = await claimAll();
    expect(second!.id).toBe(newcomer);
    await setPaused("paused", false);
    expect(await database.store.settleTurns()).toEqual([]);
    await checkHoldings(database);
    await node.complete(second!);
    expect(await claimAll()).toHaveLength(1);
  });

  test("comes when a node registers that can run it, and goes when the last one ends", async () => {
    await put("edit");
    await create("edit", asset("a"));
    const [holder] = await claimAll();
    const second = await create("edit", asset("a"));
    await claimAll();
    await database.store.setDraining(node.nodeId);
    await node.complete(holder!);
    expect(await stateOf(second)).toBe("waiting_for_lock");
    expect(await database.store.settleTurns()).toEqual([]);
    const other = await aNode(database);
    expect((await database.store.settleTurns()).map(({ id }) => id)).toEqual([second]);
    await checkHoldings(database);
    await database.store.endNode(other, "dead", "by a test");
    expect(await database.store.settleTurns()).toEqual([]);
    await checkHoldings(database);
    expect(await stateOf(second)).toBe("waiting_for_lock");
  });

  test("comes to who stands behind one that is passed over at another object", async () => {
    await put("open");
    await put("paused");
    await create("open", asset("x"));
    const [holder] = await claimAll();
    await create("paused", asset("x"), asset("y"));
    await claimAll();
    const behind = await create("open", asset("y"));
    expect(await claimAll()).toEqual([]);
    await setPaused("paused", true);
    await node.complete(holder!);
    expect(idsOf(await claimAll())).toEqual([behind]);
  });

  test("comes to who stands behind more of those who cannot run than are looked at together, and stays with him", {
    timeout: 60_000,
  }, async () => {
    const { holder, open } = await aLine();
    await cs.jobs.cancel(open);
    await cs.jobs.createMany(
      "paused",
      Array.from({ length: 250 }, () => ({ locks: [asset("a")] })),
    );
    for (let left = 250; left > 0; left -= 100) await claimAll();
    const last = await create("open", asset("a"));
    await claimAll();
    expect(await stateOf(last)).toBe("waiting_for_lock");
    await setPaused("paused", true);
    await node.complete(holder);
    expect(idsOf(await claimAll())).toEqual([last]);
    await setPaused("paused", false);
    while ((await database.store.readAgenda()).hasTurns) expect(await database.store.settleTurns()).toEqual([]);
    await checkHoldings(database);
  });
});
