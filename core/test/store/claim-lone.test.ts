import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { HotPath } from "../../src/store/hot-path.ts";
import { aJob, aNode } from "../../src/testing/index.ts";
import { aLane, anId, create, createMany, type Lane } from "./hands.ts";
import { databaseOfFile, rowOf, rowsOf } from "./place.ts";

const file = databaseOfFile();
let hot: HotPath;
let nodeId: number;
beforeAll(async () => {
  hot = await file.get().store.openHotPath("lone", undefined);
  nodeId = await aNode(file.get());
});
afterAll(() => hot.close());

const claimLone = (jobId: string, ...lanes: readonly Lane[]) =>
  hot.claimLone({ nodeId, laneIds: lanes.map(({ laneId }) => laneId), jobId });
const write = (text: string, ...values: readonly unknown[]) => file.get().db.query({ text, values });

describe("a job that waits alone", () => {
  test("is taken as a claim of many would take it", async () => {
    const [lane, empty] = [await aLane(file.get()), await aLane(file.get())];
    const more = { tags: ["a", "b"], target: { type: "file", id: "x" }, size: 1.5, variables: '{"first":1}' };
    const made = { configuration: '{"a":"secret://ü, [] \\" x"}', ...more };
    const [one, other] = [anId(), anId()];
    await create(file.get().store, lane, [{ id: one, ...made }]);
    const lone = await claimLone(one, lane, empty);
    await create(file.get().store, lane, [{ id: other, ...made }]);
    const [usual] = (await hot.claim({ nodeId, lanes: [{ id: lane.laneId }], want: 5 })).jobs;
    expect(lone).toEqual({ ...usual, id: one, token: expect.stringMatching(/^\d+$/) });
    const rows = await Promise.all([one, other].map((id) => rowOf(file.get(), "claim", id)));
    const [first, second] = rows.map(({ token: _, ids: __, started_at: ___, ...rest }) => rest);
    expect(first).toEqual(second);
    expect((await rowsOf(file.get(), one)).work).toEqual([]);
  });

  test("runs with the data that stands in its configuration's place", async () => {
    const lane = await aLane(file.get());
    const [id] = await createMany(file.get(), lane, 1);
    await write("update callsheet.job set data = '{\"n\":2}' where id = $1", id);
    expect(await claimLone(id!, lane)).toMatchObject({ id, configuration: { n: 2 } });
  });

  test("is taken once, however many nodes hear of it", async () => {
    const lane = await aLane(file.get());
    const paths = await Promise.all(
      Array.from({ length: 8 }, (_, n) => file.get().store.openHotPath(`hearer ${n}`, undefined)),
    );
    for (let round = 0; round < 20; round++) {
      const [jobId] = await createMany(file.get(), lane, 1);
      const request = { nodeId, laneIds: [lane.laneId], jobId: jobId! };
      const answers = await Promise.all(paths.map((path) => path.claimLone(request)));
      expect(answers.filter((answer) => answer !== "gone")).toEqual([expect.objectContaining({ id: jobId })]);
    }
    await Promise.all(paths.map((path) => path.close()));
  });
});

describe("a job is left to a claim of many", () => {
  test.each([
    ["in its lane", true],
    ["in another lane of the node", false],
  ])("where another waits %s", async (_, isSame) => {
    const [lane, next] = [await aLane(file.get()), await aLane(file.get())];
    const [id] = await createMany(file.get(), lane, 1);
    await createMany(file.get(), isSame ? lane : next, 1);
    expect(await claimLone(id!, lane, next)).toBe("waits");
  });

  test("where another is queued", async () => {
    const lane = await aLane(file.get());
    const [first, id] = await createMany(file.get(), lane, 2);
    await file.get().store.transaction((tx) => tx.admitJobs([{ id: first!, turn: 1 }]));
    expect(await claimLone(id!, lane)).toBe("waits");
  });

  test("where it is queued itself", async () => {
    const lane = await aLane(file.get());
    const [id] = await createMany(file.get(), lane, 1);
    await file.get().store.transaction((tx) => tx.admitJobs([{ id: id!, turn: 1 }]));
    expect(await claimLone(id!, lane)).toBe("waits");
  });

  test("where it has a row of its own", async () => {
    const lane = await aLane(file.get());
    const { name } = lane.action.definition;
    const { id } = await aJob(file.get(), { state: "retrying", action: { name }, dueAt: new Date(0) });
    await file.get().store.comeDue(100);
    expect(await claimLone(id, lane)).toBe("waits");
  });

  test.each(["paused", "contended", "grouped"])("where its lane is %s", async (column) => {
    const lane = await aLane(file.get());
    const [id] = await createMany(file.get(), lane, 1);
    await write(`update callsheet.lane set ${column} = true where id = $1`, lane.laneId);
    expect(await claimLone(id!, lane)).toBe("waits");
  });
});

describe("there is nothing to take", () => {
  test("of a job that another node took, or is taking", async () => {
    const lane = await aLane(file.get());
    const [id] = await createMany(file.get(), lane, 1);
    await file.get().db.transaction(async (tx) => {
      await tx.query({ text: "select from callsheet.work where job_id = $1 for update", values: [id] });
      expect(await claimLone(id!, lane)).toBe("gone");
    });
    expect(await claimLone(id!, lane)).toMatchObject({ id });
    expect(await claimLone(id!, lane)).toBe("gone");
  });

  test("for a node that is paused, drains, or counts as dead", async () => {
    const lane = await aLane(file.get());
    const [id] = await createMany(file.get(), lane, 1);
    for (const change of ["paused = true", "state = 'draining'", "state = 'dead'"]) {
      await write(`update callsheet.node set ${change} where id = $1`, nodeId);
      expect(await claimLone(id!, lane)).toBe("barred");
      expect(await hot.claim({ nodeId, lanes: [{ id: lane.laneId }], want: 2 })).toMatchObject({
        jobs: [],
        isBarred: true,
      });
      await write("update callsheet.node set paused = false, state = 'up' where id = $1", nodeId);
    }
    expect(await claimLone(id!, lane)).toMatchObject({ id });
  });

  test("once a pause was asked for: the claim that waited for it takes nothing", async () => {
    const lane = await aLane(file.get());
    const [id] = await createMany(file.get(), lane, 1);
    let waiting: ReturnType<typeof claimLone> | undefined;
    await file.get().db.transaction(async (tx) => {
      await tx.query({ text: "lock table callsheet.barrier in exclusive mode", values: [] });
      await tx.query({ text: "update callsheet.lane set paused = true where id = $1", values: [lane.laneId] });
      waiting = claimLone(id!, lane);
      await expect
        .poll(async () => {
          const text = `select from pg_locks where not granted and relation = 'callsheet.barrier'::regclass`;
          return (await tx.query({ text, values: [] })).rows.length;
        })
        .toBe(1);
    });
    expect(await waiting).toBe("waits");
    const answer = await hot.claim({ nodeId, lanes: [{ id: lane.laneId }], want: 2 });
    expect(answer).toMatchObject({ jobs: [], isBarred: true });
  });
});
