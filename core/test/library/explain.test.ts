import { randomUUID } from "node:crypto";
import { durationBucket, JOB_STATES, type JobState, type Reason, sizeClass } from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { createCatalogue } from "../../src/operations/catalogue.ts";
import { explainJob } from "../../src/operations/explain.ts";
import type { Desk } from "../../src/operations/operate.ts";
import { createTargetRegistry } from "../../src/operations/target-registry.ts";
import type { Store } from "../../src/store/store.ts";
import { aJob, aNode, type JobPlan, type TestDatabase, until } from "../../src/testing/index.ts";
import { aDispatcher, type Dispatcher } from "../admission/dispatcher.ts";
import { poolOf } from "../admission/holdings.ts";
import { aFloor, inState, refusal } from "../fixtures/floor.ts";
import { databaseOfFile, withDatabase } from "../store/place.ts";

const file = databaseOfFile();

const reasonOf = async (database: TestDatabase, id: string) => {
  const cs = await database.open();
  const told = await cs.jobs.explain(id);
  await cs.close();
  return told;
};

/** What an explanation works with, when a node claims after the job was read and before what stands around it is. */
function claimingMeanwhile(store: Store, node: Dispatcher, id: string): Desk {
  const reading: Store = {
    ...store,
    readPoolsInSight: async (lane) => {
      if ((await store.readJobs([id]))[0]!.state === "pending") await node.claim();
      return store.readPoolsInSight(lane);
    },
    readObjects: async (keys, how) => {
      await until(async () => (await store.readJobs([id]))[0]!.state !== "pending");
      return store.readObjects(keys, how);
    },
  };
  const catalogue = createCatalogue(
    store,
    () => 0,
    () => {},
  );
  return { store: reading, catalogue, targets: createTargetRegistry([], () => {}), announce: () => {} };
}

describe("a job in each state is explained", () => {
  const REASON: Record<JobState, Reason> = {
    ...{ created: "not_planned", scheduled: "scheduled", pending: "no_node", queued: "no_node" },
    ...{ waiting_for_lock: "no_node", running: "running", timed_out: "overrun", retrying: "backing_off" },
    ...{ cancelling: "cancelling", paused: "paused", completed: "settled", partial: "settled", failed: "settled" },
    ...{ skipped: "settled", cancelled: "settled" },
  };

  test.each(JOB_STATES)("%s", async (state) => {
    const { id } = await aJob(file.get(), { state, action: { name: "far", site: "far", timeoutMs: 1_000 } });
    expect(await reasonOf(file.get(), id)).toMatchObject({ jobId: id, state, reason: REASON[state] });
  });

  test("running as one of a claim", async () => {
    const { id } = await aJob(file.get(), { state: "running", as: "member" });
    expect(await reasonOf(file.get(), id)).toMatchObject({ state: "running", reason: "running" });
  });

  test("running on a node that died, with a row of its own or as one of a claim", async () => {
    for (const as of ["row", "member"] as const) {
      const nodeId = await aNode(file.get());
      const { id } = await aJob(file.get(), { state: "running", as, nodeId });
      await file.get().store.endNode(nodeId, "dead", "it was made up");
      expect(await reasonOf(file.get(), id)).toMatchObject({ state: "running", reason: "node_lost" });
    }
  });

  test("failed, with its attempt and its error", async () => {
    const error = { code: "no_space", message: "The disk is full." };
    const { id } = await aJob(file.get(), { state: "failed", error });
    const { sentence } = await reasonOf(file.get(), id);
    expect(sentence).toBe("It failed on attempt 1: no_space: The disk is full. Amend or retry it.");
  });

  test("retrying, while its rollback is under way", async () => {
    const { id } = await aJob(file.get(), { state: "retrying", rollback: "running" });
    expect(await reasonOf(file.get(), id)).toMatchObject({ reason: "rollback_unfinished" });
  });

  test("one that is not there is not found, and what is no id is refused", async () => {
    const { cs } = await aFloor();
    const none = "01890000-0000-7000-8000-000000000000";
    expect(await refusal(() => cs.jobs.explain(none))).toMatchObject({ code: "job_not_found" });
    expect(await refusal(() => cs.jobs.explain("x"))).toMatchObject({ code: "invalid_argument" });
  });
});

describe("a due job is explained by the nodes that are there", () => {
  test(
    "no node runs its type; one drains; none has what it needs",
    withDatabase(async (database) => {
      const { id } = await aJob(database, { action: { requires: ["ffmpeg.encoder.libx265"] } });
      await aNode(database, "other type", { types: [{ type: "other", version: 1, schema: {} }] });
      await aNode(database, "other site", { site: "far" });
      expect((await reasonOf(database, id)).sentence).toBe("No live node at site default runs test: start one.");
      const draining = await aNode(database, "draining", { capabilities: ["ffmpeg.encoder.libx265"] });
      await database.store.setDraining(draining);
      expect((await reasonOf(database, id)).sentence).toContain("(1 node that did will take no more)");
      await aNode(database, "one");
      await aNode(database, "two", { capabilities: ["gpu"] });
      expect(await reasonOf(database, id)).toMatchObject({
        reason: "no_capable_node",
        sentence: "No live node at site default can run test: none has ffmpeg.encoder.libx265 (2 nodes run this type).",
        details: { missing: ["ffmpeg.encoder.libx265"], nodes: ["one", "two"] },
      });
      await aNode(database, "able", { capabilities: ["ffmpeg.encoder.libx265"] });
      expect(await reasonOf(database, id)).toMatchObject({ reason: "about_to_start" });
    }),
  );

  test(
    "all slots are busy, and so many jobs that the same nodes may take are ahead",
    withDatabase(async (database) => {
      const nodeId = await aNode(database, "one", { slots: 3, capabilities: ["gpu"] });
      for (const as of ["row", "row", "member"] as const) await aJob(database, { state: "running", as, nodeId });
      const ahead: readonly JobPlan[] = [
        { rank: 2 },
        { state: "queued", rank: 4 },
        { state: "queued", rank: 2 },
        { rank: 2, action: { name: "needs-a-gpu", requires: ["gpu"] } },
      ];
      for (const plan of ahead) await aJob(database, plan);
      // Those are for other nodes.
      await aJob(database, { rank: 0, action: { name: "needs-more", requires: ["gpu", "x265"] } });
      await aJob(database, { rank: 0, action: { name: "elsewhere", site: "far" } });
      const pending = await aJob(database);
      const queued = await aJob(database, { state: "queued" });
      await aJob(database, { rank: 5 });
      expect((await reasonOf(database, pending.id)).sentence).toBe("All 3 slots of 1 node are busy; 3 jobs are ahead.");
      expect(await reasonOf(database, queued.id)).toMatchObject({ reason: "nodes_busy", details: { ahead: 1 } });

      const lanes = [pending.laneId];
      expect(await database.store.countAhead(pending.id, lanes, 2)).toEqual([
        { laneId: pending.laneId, size: null, count: 2 },
      ]);
      await database.store.putSetting("queue_capacity", 3);
      expect(await reasonOf(database, pending.id)).toMatchObject({ reason: "internal_queue_full" });
      expect(await reasonOf(database, queued.id)).toMatchObject({ reason: "nodes_busy" });
      await database.db.query({ text: "update callsheet.lane set paused = true, reason = 'night'", values: [] });
      expect((await reasonOf(database, pending.id)).sentence).toBe("It is paused with all its kind: night.");
    }),
  );

  test(
    "the first job of an owner who has nothing else stands before all of others but better ones",
    withDatabase(async (database) => {
      await aNode(database, "one");
      const cs = await database.open();
      await cs.actions.put({ name: "shared", type: "test" });
      const create = (owner: string, priority: "normal" | "high" = "normal") =>
        cs.as(owner).jobs.create("shared", { priority });
      await create("ada", "high");
      for (let n = 0; n < 3; n++) await create("ada");
      const [first, second] = [await create("bob"), await create("bob")];
      expect((await cs.jobs.explain(first)).details).toMatchObject({ ahead: 1 });
      expect((await cs.jobs.explain(second)).details).toMatchObject({ ahead: 5 });
      await database.db.query({
        text: "update callsheet.work set state = 'queued', turn = 1 where job_id = $1",
        values: [first.id],
      });
      expect((await cs.jobs.explain(await create("bob"))).details).toMatchObject({ ahead: 6 });
    }),
  );

  test(
    "jobs ahead are expected to take as long as such of their size do",
    withDatabase(async (database) => {
      await aNode(database, "one", { slots: 1 });
      const { id: before, action } = await aJob(database, { state: "queued" });
      const { id } = await aJob(database);
      const { actionId } = action;
      const after = (ms: number) => [...new Array<number>(durationBucket(ms)).fill(0), 8];
      await database.store.addDurations(randomUUID(), [
        { actionId, sizeClass: sizeClass(1), counts: after(1_000) },
        { actionId, sizeClass: sizeClass(1_000_000), counts: after(3_600_000) },
      ]);
      const waitOf = async (size: number) => {
        await database.db.query({ text: "update callsheet.job set size = $1 where id = $2", values: [size, before] });
        const { forecast } = await reasonOf(database, id);
        return forecast!.p50.getTime() - (await database.store.databaseNow()).getTime();
      };
      expect(await waitOf(1_000_000)).toBeGreaterThan(1_800_000);
      expect(await waitOf(1)).toBeLessThan(60_000);
    }),
  );

  test(
    "never by itself: it may begin while its surroundings are read",
    withDatabase(async (database) => {
      const { store } = database;
      await poolOf(database, "transcode", 1);
      const cs = await database.open();
      await cs.actions.put({ name: "encode", type: "test", needs: { transcode: 1 } });
      const { id } = await cs.jobs.create("encode");
      const node = await aDispatcher(database, "here");
      expect(await explainJob(claimingMeanwhile(store, node, id), id)).toMatchObject({
        reason: "running",
        blockers: [],
      });
      await node.close();
    }),
  );

  test(
    "nor in line behind itself: it may come to stand in it meanwhile",
    withDatabase(async (database) => {
      const { store } = database;
      const cs = await database.open();
      await cs.actions.put({ name: "edit", type: "test", lock: "exclusive" });
      const [first, second] = await cs.jobs.createMany(
        "edit",
        [1, 2].map(() => ({ target: { type: "asset", id: "a" } })),
      );
      const node = await aDispatcher(database, "here");
      expect(await node.claim(1)).toMatchObject([{ id: first!.id }]);
      expect(await explainJob(claimingMeanwhile(store, node, second!.id), second!.id)).toMatchObject({
        ...{ state: "waiting_for_lock", blockers: [first!.id] },
        sentence: `It waits for asset/a, which job ${first!.id} has locked. It is next in line.`,
      });
      await node.close();
    }),
  );

  test("and truly so: what it says of a job that waits and then runs is what happens", async () => {
    const { cs, create, stage, work } = await aFloor();
    const first = await create();
    expect(await cs.jobs.explain(first)).toMatchObject({ reason: "no_node" });
    await work({ slots: 1 });
    await stage.nth(1);
    const second = await create();
    await until(async () => (await cs.jobs.explain(second)).reason === "nodes_busy", { what: "The reason nodes_busy" });
    expect(await cs.jobs.explain(first)).toMatchObject({ reason: "running", details: { attempt: 1 } });
    stage.clear();
    await inState(cs, second, "completed");
    expect(await cs.jobs.explain(second)).toMatchObject({ reason: "settled" });
  });
});
