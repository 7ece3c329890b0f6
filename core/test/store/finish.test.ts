import { checkHistory } from "@callsheet/contract";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Claimed } from "../../src/store/claim.ts";
import type { HotPath } from "../../src/store/hot-path.ts";
import { aNode } from "../../src/testing/index.ts";
import { aLane, createMany } from "./hands.ts";
import { databaseOfFile, rowOf, rowsOf } from "./place.ts";

const file = databaseOfFile();
let hot: HotPath;
let nodeId: number;
beforeAll(async () => {
  hot = await file.get().store.openHotPath("finish");
  nodeId = await aNode(file.get(), "finisher");
});
afterAll(() => hot.close());

/** So many running members of one claim, in the order of their ordinals. */
async function members(howMany: number): Promise<readonly Claimed[]> {
  const lane = await aLane(file.get(), { timeoutMs: 60_000 });
  await createMany(file.get(), lane, howMany);
  const { jobs } = await hot.claim({ nodeId, lanes: [{ id: lane.laneId }], want: howMany });
  return [...jobs].sort((a, b) => a.ordinal - b.ordinal);
}

function completion(jobs: readonly Claimed[], ordinals: readonly number[], results: readonly (string | null)[] = []) {
  const all = ordinals.map((_, index) => results[index] ?? null);
  return { token: jobs[0]!.token, size: jobs.length, ordinals, results: all, offsets: ordinals.map(() => 0) };
}

describe("members that complete", () => {
  test("all at once: their claim is gone, each has its outcome", async () => {
    const jobs = await members(3);
    const { rows } = await file.get().db.query<{ now: Date }>({ text: "select callsheet.now() as now", values: [] });
    const done = completion(jobs, [1, 2, 3], ['{"n":1}', null, '"ü"']);
    expect(await hot.complete([{ ...done, offsets: [0, 5_000, 0] }])).toEqual([[]]);
    const found = await file.get().store.readJobs(jobs.map(({ id }) => id));
    const inOrder = jobs.map(({ id }) => found.find((job) => job.id === id)!);
    expect(inOrder.map(({ result }) => result)).toEqual([{ n: 1 }, null, "ü"]);
    for (const job of inOrder) {
      expect(job).toMatchObject({
        state: "completed",
        attempt: 1,
        retries: 0,
        node: "finisher",
        progress: { percent: 100 },
      });
      expect(job.endedAt!.getTime()).toBeGreaterThanOrEqual(rows[0]!.now.getTime());
      expect(checkHistory(await file.get().store.readHistory([job.id]))).toEqual([]);
    }
    expect(inOrder[1]!.startedAt!.getTime() - inOrder[0]!.startedAt!.getTime()).toBe(5_000);
    expect((await rowsOf(file.get(), jobs[0]!.id)).claim).toEqual([]);
  });

  test("some of them: the others stay running", async () => {
    const jobs = await members(5);
    expect(await hot.complete([completion(jobs, [2, 4])])).toEqual([[]]);
    expect(await rowOf(file.get(), "claim", jobs[0]!.id)).toMatchObject({ open: 3, ended: "01010" });
    const found = await file.get().store.readJobs(jobs.map(({ id }) => id));
    const states = new Map(found.map(({ id, state }) => [id, state]));
    expect(jobs.map(({ id }) => states.get(id))).toEqual(["running", "completed", "running", "completed", "running"]);
    expect(await file.get().store.claimHolding(jobs[1]!.id)).toBeUndefined();
    expect(await file.get().store.claimHolding(jobs[2]!.id)).toBe(jobs[0]!.token);
  });

  test("a second time is refused, and the first answer stands", async () => {
    const jobs = await members(2);
    await hot.complete([completion(jobs, [1], ['"first"'])]);
    const before = await rowsOf(file.get(), jobs[0]!.id);
    expect(await hot.complete([completion(jobs, [1], ['"second"'])])).toEqual([[1]]);
    expect(await rowsOf(file.get(), jobs[0]!.id)).toEqual(before);
    expect(await hot.complete([completion(jobs, [1, 2], ['"second"', '"other"'])])).toEqual([[1]]);
    expect(await rowsOf(file.get(), jobs[0]!.id)).toMatchObject({ outcome: before.outcome });
    const [other] = await file.get().store.readJobs([jobs[1]!.id]);
    expect(other).toMatchObject({ state: "completed", result: "other" });
    expect(await hot.complete([completion(jobs, [1, 2])])).toEqual([[1, 2]]);
  });

  test("the word of another attempt is refused whole", async () => {
    const jobs = await members(2);
    const before = await rowsOf(file.get(), jobs[0]!.id);
    const stale = { ...completion(jobs, [1, 2]), token: String(BigInt(jobs[0]!.token) + 1_000_000n) };
    expect(await hot.complete([stale])).toEqual([[1, 2]]);
    expect(await rowsOf(file.get(), jobs[0]!.id)).toEqual(before);
  });

  test("several claims in one call, each refused or taken for itself, answered in the order of the call", async () => {
    const [one, two, three] = [await members(2), await members(1), await members(3)];
    await hot.complete([completion(two!, [1])]);
    const answers = await hot.complete([completion(three!, [3]), completion(two!, [1]), completion(one!, [1, 2])]);
    expect(answers).toEqual([[], [1], []]);
  });

  test("two sessions that end the same member: one of them is refused", async () => {
    const jobs = await members(40);
    const other = await file.get().store.openHotPath("other");
    const all = jobs.map(({ ordinal }) => ordinal);
    const answers = await Promise.all([hot, other].map((path) => path.complete([completion(jobs, all)])));
    await other.close();
    expect(answers.map(([refused]) => refused!.length).sort((a, b) => a - b)).toEqual([0, 40]);
  });

  test("a result that is no JSON fails the batch and changes nothing", async () => {
    const jobs = await members(2);
    const before = await rowsOf(file.get(), jobs[0]!.id);
    await expect(hot.complete([completion(jobs, [1, 2], ["{}", "{"])])).rejects.toMatchObject({
      details: { sqlstate: "22P02" },
    });
    expect(await rowsOf(file.get(), jobs[0]!.id)).toEqual(before);
    expect(await hot.complete([completion(jobs, [1, 2], ["{}", "[]"])])).toEqual([[]]);
  });
});

describe("members that are given rows of their own", () => {
  test("go on under their token, with the line of their start and the deadline", async () => {
    const { store } = file.get();
    const jobs = await members(3);
    const [first, second] = jobs;
    expect(await store.anchorMembers(first!.token, [second!.id])).toEqual([second!.id]);
    expect(await rowOf(file.get(), "claim", first!.id)).toMatchObject({ open: 2, ended: "010" });
    const row = await rowOf(file.get(), "work", second!.id);
    expect(row).toMatchObject({
      state: "running",
      line_state: "running",
      attempt: 1,
      node_id: nodeId,
      seq: 2,
      plain: false,
    });
    expect(Date.parse(row.deadline as string) - Date.parse(row.started_at as string)).toBe(60_000);
    const history = await store.readHistory([second!.id]);
    expect(history.at(-1)).toMatchObject({
      event: "start",
      from: "pending",
      via: [],
      to: "running",
      token: first!.token,
    });
  });

  test("cannot complete as members any more", async () => {
    const { store } = file.get();
    const jobs = await members(3);
    await store.anchorMembers(jobs[0]!.token, [jobs[1]!.id]);
    expect(await hot.complete([completion(jobs, [1, 2, 3])])).toEqual([[2]]);
    const [job] = await store.readJobs([jobs[1]!.id]);
    expect(job).toMatchObject({ state: "running" });
    const change = { id: jobs[1]!.id, token: jobs[1]!.token, to: "completed", result: '"late"' } as const;
    expect(await store.transition({ event: "complete", changes: [change] })).toHaveLength(1);
    const history = await store.readHistory([jobs[1]!.id]);
    expect(history.map(({ event }) => event)).toEqual(["create", "start", "complete"]);
    expect(checkHistory(history)).toEqual([]);
  });

  test("those that have ended, or never were members, are not", async () => {
    const { store } = file.get();
    const [jobs, strangers] = [await members(3), await members(1)];
    await hot.complete([completion(jobs, [1])]);
    const asked = [...jobs, ...strangers].map(({ id }) => id);
    expect([...(await store.anchorMembers(jobs[0]!.token, asked))].sort()).toEqual(
      jobs
        .slice(1)
        .map(({ id }) => id)
        .sort(),
    );
    expect(await store.anchorMembers(jobs[0]!.token, asked)).toEqual([]);
    expect((await rowsOf(file.get(), jobs[1]!.id)).claim).toEqual([]);
    expect((await rowsOf(file.get(), strangers[0]!.id)).work).toEqual([]);
  });

  test("one session gives rows while another completes: each member goes one way only", async () => {
    const { store } = file.get();
    const jobs = await members(60);
    const ids = jobs.map(({ id }) => id);
    const halves = [jobs.slice(0, 30), jobs.slice(30)];
    const [anchored, refused] = await Promise.all([
      store.transaction((tx) => tx.anchorMembers(jobs[0]!.token, ids.slice(15, 45))),
      hot.complete(
        halves.map((half) =>
          completion(
            jobs,
            half.map(({ ordinal }) => ordinal),
          ),
        ),
      ),
    ]);
    const refusedIds = refused.flat().map((ordinal) => ids[ordinal - 1]);
    expect([...anchored].sort()).toEqual(refusedIds.sort());
    const found = await store.readJobs(ids);
    expect(found.filter(({ state }) => state === "running")).toHaveLength(anchored.length);
    expect(found.filter(({ state }) => state === "completed")).toHaveLength(60 - anchored.length);
  });
});

describe("what a node left behind", () => {
  test("is found by its number: members that have not ended, and rows", async () => {
    const { store } = file.get();
    const other = await aNode(file.get());
    const lane = await aLane(file.get());
    await createMany(file.get(), lane, 4);
    const { jobs } = await hot.claim({ nodeId: other, lanes: [{ id: lane.laneId }], want: 4 });
    const inOrder = [...jobs].sort((a, b) => a.ordinal - b.ordinal);
    await hot.complete([completion(inOrder, [1])]);
    await store.anchorMembers(inOrder[0]!.token, [inOrder[1]!.id]);
    const left = await store.claimsLeftBy(other);
    expect(left.map(({ token, ids }) => ({ token, ids: [...ids].sort() }))).toEqual([
      { token: inOrder[0]!.token, ids: [inOrder[2]!.id, inOrder[3]!.id].sort() },
    ]);
    expect(await store.liveJobsOf(other)).toMatchObject([{ id: inOrder[1]!.id, state: "running" }]);
    expect(await store.orphaningNodes()).toEqual([]);
    await store.endNode(other, "dead", "test");
    expect(await store.orphaningNodes()).toMatchObject([{ id: other }]);
  });
});
