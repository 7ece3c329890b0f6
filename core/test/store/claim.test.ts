import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Watermark } from "../../src/store/claim.ts";
import type { HotPath } from "../../src/store/hot-path.ts";
import { aJob, aNode } from "../../src/testing/index.ts";
import { aLane, anId, create, createMany } from "./hands.ts";
import { databaseOfFile, rowOf, rowsOf } from "./place.ts";

const file = databaseOfFile();
let hot: HotPath;
let nodeId: number;
beforeAll(async () => {
  hot = await file.get().store.openHotPath("claim");
  nodeId = await aNode(file.get());
});
afterAll(() => hot.close());

const claim = async (laneId: number, want: number, after?: Watermark) =>
  hot.claim({ nodeId, lanes: [{ id: laneId, after }], want });
const ids = (jobs: readonly { readonly id: string }[]) => jobs.map(({ id }) => id);
const at = (minute: number) => new Date(Date.UTC(2020, 0, 1, 0, minute));

describe("what is taken", () => {
  test("the best by priority, then the longest due, then the first made", async () => {
    const lane = await aLane(file.get());
    const jobs = [
      { id: anId(), rank: 3, startAt: at(5) },
      { id: anId(), rank: 3, startAt: at(4) },
      { id: anId(), rank: 5, startAt: at(1) },
      { id: anId(), rank: 1, startAt: at(9) },
      { id: anId(), rank: 3, startAt: at(4) },
      { id: anId(), rank: 0, startAt: at(9) },
    ].map((job) => ({ ...job, configuration: "{}" }));
    await create(file.get().store, lane, jobs);
    const order = [jobs[5]!, jobs[3]!, jobs[1]!, jobs[4]!, jobs[0]!, jobs[2]!].map(({ id }) => id);
    const taken: string[] = [];
    for (const want of [1, 3, 2]) taken.push(...ids((await claim(lane.laneId, want)).jobs));
    expect(taken).toEqual(order);
    expect((await claim(lane.laneId, 5)).jobs).toEqual([]);
  });

  test("queued jobs by their turn, before all pending ones", async () => {
    const lane = await aLane(file.get());
    const all = await createMany(file.get(), lane, 5);
    await file.get().store.transaction((tx) =>
      tx.admitJobs([
        { id: all[4]!, turn: 1 },
        { id: all[2]!, turn: 2 },
      ]),
    );
    expect(ids((await claim(lane.laneId, 1)).jobs)).toEqual([all[4]]);
    expect(ids((await claim(lane.laneId, 2)).jobs).sort()).toEqual([all[2], all[0]].sort());
  });

  test("what a handler needs comes along", async () => {
    const lane = await aLane(file.get());
    const id = anId();
    const more = { tags: ["a", "b"], target: { type: "file", id: "x" }, size: 1.5, variables: '{"first":1,"both":1}' };
    await create(file.get().store, lane, [{ id, configuration: '{"a":"ü, [] \\" x"}', ...more }]);
    const { jobs } = await claim(lane.laneId, 1);
    expect(jobs).toEqual([
      {
        ...{ id, token: expect.stringMatching(/^\d+$/), ordinal: 1, attempt: 1, retries: 0 },
        ...{ actionVersionId: lane.action.id, ownerId: lane.defaults.ownerId, configuration: { a: 'ü, [] " x' } },
        mayReferToSecrets: false,
        ...{ target: more.target, tags: more.tags, locks: [], size: 1.5, variables: { first: 1, both: 1 } },
      },
    ]);
  });

  test("that a configuration may refer to secrets is told of all jobs that were taken together", async () => {
    const lane = await aLane(file.get());
    const plain = { id: anId(), configuration: '{"a":"https://secret"}' };
    await create(file.get().store, lane, [plain]);
    const take = async () => (await claim(lane.laneId, 2)).jobs.map(({ mayReferToSecrets }) => mayReferToSecrets);
    expect(await take()).toEqual([false]);
    await create(file.get().store, lane, [
      { ...plain, id: anId() },
      { id: anId(), configuration: '{"a":"secret://a"}' },
    ]);
    expect(await take()).toEqual([true, true]);
  });

  test("a later attempt sees the variables that earlier ones set, above those it was made with", async () => {
    const lane = await aLane(file.get());
    const { store } = file.get();
    const id = anId();
    await create(store, lane, [{ id, configuration: "{}", variables: '{"first":1,"both":1}' }]);
    const [first] = (await claim(lane.laneId, 1)).jobs;
    await store.anchorMembers(first!.token, [id]);
    expect(await store.putVariable(id, first!.token, "both", "2")).toBe(true);
    await store.transition({ event: "back_off", changes: [{ id, to: "retrying", delayMs: 0, retries: 1 }] });
    await store.comeDue(100);
    const [second] = (await claim(lane.laneId, 1)).jobs;
    expect(second).toMatchObject({ attempt: 2, retries: 1, ordinal: 0, variables: { first: 1, both: 2 } });
    expect(BigInt(second!.token)).toBeGreaterThan(BigInt(first!.token));
  });

  test("several lanes share what is wanted, best first; other lanes are left alone", async () => {
    const [one, two, other] = [await aLane(file.get()), await aLane(file.get()), await aLane(file.get())];
    const mine = [...(await createMany(file.get(), one!, 3)), ...(await createMany(file.get(), two!, 3))];
    await createMany(file.get(), other!, 3);
    const lanes = [{ id: one!.laneId }, { id: two!.laneId }];
    const first = await hot.claim({ nodeId, lanes, want: 4 });
    const rest = await hot.claim({ nodeId, lanes, want: 4 });
    expect([first.jobs.length, rest.jobs.length]).toEqual([4, 2]);
    expect(ids([...first.jobs, ...rest.jobs]).sort()).toEqual([...mine].sort());
  });

  test("nothing of a paused lane", async () => {
    const lane = await aLane(file.get());
    await createMany(file.get(), lane, 2);
    const pause = (paused: boolean) =>
      file
        .get()
        .db.query({ text: "update callsheet.lane set paused = $2 where id = $1", values: [lane.laneId, paused] });
    await pause(true);
    expect((await claim(lane.laneId, 2)).jobs).toEqual([]);
    await pause(false);
    expect((await claim(lane.laneId, 2)).jobs).toHaveLength(2);
  });

  test("no lanes, nothing", async () => {
    expect((await hot.claim({ nodeId, lanes: [], want: 5 })).jobs).toEqual([]);
  });
});

describe("where it stands then", () => {
  test("fresh plain jobs become members of one claim; others keep rows of their own under the same token", async () => {
    const lane = await aLane(file.get());
    const fresh = await createMany(file.get(), lane, 3);
    const retried = await aJob(file.get(), {
      state: "retrying",
      action: { name: lane.action.definition.name },
      dueAt: new Date(0),
    });
    await file.get().store.comeDue(100);
    const { jobs } = await claim(lane.laneId, 10);
    expect(new Set(jobs.map(({ token }) => token)).size).toBe(1);
    const ordinals = new Map(jobs.map(({ id, ordinal }) => [id, ordinal]));
    expect(fresh.map((id) => ordinals.get(id)).sort()).toEqual([1, 2, 3]);
    expect(ordinals.get(retried.id)).toBe(0);
    const row = await rowOf(file.get(), "claim", fresh[0]!);
    expect(row).toMatchObject({ node_id: nodeId, open: 3, ended: "000", queued: 0 });
    for (const id of fresh) {
      expect((row.ids as string[]).indexOf(id) + 1).toBe(ordinals.get(id));
      expect((await rowsOf(file.get(), id)).work).toEqual([]);
    }
    const own = await rowOf(file.get(), "work", retried.id);
    expect(own).toMatchObject({ state: "running", attempt: 2, node_id: nodeId, token: Number(jobs[0]!.token) });
  });

  test("members that were queued come first in their claim, so that their history names it", async () => {
    const lane = await aLane(file.get());
    const all = await createMany(file.get(), lane, 4);
    await file.get().store.transaction((tx) => tx.admitJobs([{ id: all[3]!, turn: 9 }]));
    const { jobs } = await claim(lane.laneId, 4);
    expect(jobs.find(({ id }) => id === all[3])?.ordinal).toBe(1);
    const completion = {
      token: jobs[0]!.token,
      size: 4,
      ordinals: [1, 2, 3, 4],
      results: [null, null, null, null],
      offsets: [0, 0, 0, 0],
    };
    expect(await hot.complete([completion])).toEqual([[]]);
    const history = await file.get().store.readHistory(all);
    const passed = new Map(history.filter(({ seq }) => seq === 2).map((line) => [line.jobId, line.via]));
    expect(passed.get(all[3]!)).toEqual(["queued", "running"]);
    for (const id of all.slice(0, 3)) expect(passed.get(id)).toEqual(["running"]);
  });
});

describe("watermarks", () => {
  test("a claim says how far it read, and goes on from there", async () => {
    const lane = await aLane(file.get());
    const all = await createMany(file.get(), lane, 6);
    const first = await claim(lane.laneId, 2);
    const mark = first.marks.get(lane.laneId)!;
    expect(mark).toMatchObject({ rank: 3, id: all[1] });
    const second = await claim(lane.laneId, 2, mark);
    expect(ids(second.jobs).sort()).toEqual(all.slice(2, 4));
    expect(second.marks.get(lane.laneId)).toMatchObject({ id: all[3] });
  });

  test("what stands before the mark is not seen: who makes such a job gives the mark up", async () => {
    const lane = await aLane(file.get());
    await createMany(file.get(), lane, 2);
    const mark = (await claim(lane.laneId, 2)).marks.get(lane.laneId)!;
    const urgent = anId();
    await create(file.get().store, lane, [{ id: urgent, configuration: "{}", rank: 0 }]);
    expect((await claim(lane.laneId, 2, mark)).jobs).toEqual([]);
    expect(ids((await claim(lane.laneId, 2)).jobs)).toEqual([urgent]);
  });

  test("jobs due in the same microsecond are told apart by their ids", async () => {
    const lane = await aLane(file.get());
    const jobs = Array.from({ length: 5 }, () => ({ id: anId(), configuration: "{}", startAt: at(0) }));
    await create(file.get().store, lane, jobs);
    let mark: Watermark | undefined;
    const taken: string[] = [];
    for (let turn = 0; turn < 5; turn += 1) {
      const { jobs: claimed, marks } = await claim(lane.laneId, 1, mark);
      taken.push(...ids(claimed));
      mark = marks.get(lane.laneId);
    }
    expect(taken).toEqual(ids(jobs));
  });
});

describe("several claimers", () => {
  test("one skips what another holds, and waits for nobody", async () => {
    const lane = await aLane(file.get());
    const all = await createMany(file.get(), lane, 4);
    await file.get().db.transaction(async (tx) => {
      await tx.query({
        text: "select from callsheet.work where job_id = any($1) for update",
        values: [all.slice(0, 2)],
      });
      expect(ids((await claim(lane.laneId, 4)).jobs).sort()).toEqual(all.slice(2));
    });
    expect(ids((await claim(lane.laneId, 4)).jobs).sort()).toEqual(all.slice(0, 2));
  });

  test("eight of them at once take each job once", async () => {
    const lane = await aLane(file.get());
    const all = await createMany(file.get(), lane, 400);
    const paths = await Promise.all(Array.from({ length: 8 }, (_, n) => file.get().store.openHotPath(`racer ${n}`)));
    const taken = await Promise.all(
      paths.map(async (path) => {
        const mine: string[] = [];
        for (let empty = 0; empty < 3; ) {
          const { jobs } = await path.claim({ nodeId, lanes: [{ id: lane.laneId }], want: 7 });
          mine.push(...ids(jobs));
          empty = jobs.length === 0 ? empty + 1 : 0;
        }
        return mine;
      }),
    );
    await Promise.all(paths.map((path) => path.close()));
    expect(taken.flat().sort()).toEqual([...all].sort());
  });
});

describe("the barrier", () => {
  test("a claim that waited for a pause starts nothing, and after the pause nothing starts", async () => {
    const lane = await aLane(file.get());
    const all = await createMany(file.get(), lane, 2);
    let waiting: ReturnType<typeof claim> | undefined;
    await file.get().db.transaction(async (tx) => {
      await tx.query({ text: "lock table callsheet.barrier in exclusive mode", values: [] });
      await tx.query({ text: "update callsheet.lane set paused = true where id = $1", values: [lane.laneId] });
      waiting = claim(lane.laneId, 2);
      await untilWaiting(tx);
    });
    expect((await waiting)?.jobs).toEqual([]);
    expect((await claim(lane.laneId, 2)).jobs).toEqual([]);
    for (const job of await file.get().store.readJobs(all)) expect(job.state).toBe("pending");
  });

  test("claims share it with each other", async () => {
    const lane = await aLane(file.get());
    await createMany(file.get(), lane, 1);
    await file.get().db.transaction(async (tx) => {
      await tx.query({ text: "select from callsheet.barrier for share", values: [] });
      expect((await claim(lane.laneId, 1)).jobs).toHaveLength(1);
    });
  });
});

async function untilWaiting(tx: {
  query(statement: { text: string; values: unknown[] }): Promise<{ rows: readonly object[] }>;
}) {
  for (;;) {
    const { rows } = await tx.query({
      text: "select from pg_locks where locktype = 'relation' and not granted and database = (select oid from pg_database where datname = current_database())",
      values: [],
    });
    if (rows.length > 0) return;
  }
}
