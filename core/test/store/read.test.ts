import { checkHistory, JOB_STATES, type JobState } from "@callsheet/contract";
import { beforeAll, describe, expect, test } from "vitest";
import type { Callsheet } from "../../src/callsheet.ts";
import { aJob, aNode, openTestDatabase, type PlacedJob, type TestDatabase } from "../../src/testing/index.ts";
import { databaseOfFile, rowsOf } from "./place.ts";

const file = databaseOfFile();
const ids = (jobs: readonly { readonly id: string }[]) => jobs.map(({ id }) => id);

describe("a job as it is read", () => {
  test.each(JOB_STATES)("%s", async (state) => {
    const nodeId = await aNode(file.get(), `node-${state}`);
    const placed = await aJob(file.get(), {
      state,
      nodeId,
      tags: ["t"],
      target: { type: "file", id: "x" },
      owner: "ann",
    });
    const [job] = await file.get().store.readJobs([placed.id]);
    const isTried = placed.token !== null;
    const isSettled = ["completed", "partial", "failed", "skipped", "cancelled"].includes(state);
    const isLive = ["running", "timed_out", "cancelling"].includes(state);
    expect(job).toMatchObject({
      ...{
        id: placed.id,
        state,
        kind: state === "skipped" ? "task" : "job",
        action: "test",
        type: "test",
        owner: "ann",
        priority: "normal",
      },
      ...{ tags: ["t"], target: { type: "file", id: "x" }, attempt: isTried ? 1 : 0, configurationVersion: 1 },
      ...{ retries: state === "retrying" ? 1 : 0, variables: {}, configuration: {}, result: null },
    });
    expect(job!.node).toBe(isTried && (isLive || isSettled) ? `node-${state}` : null);
    expect(job!.startedAt !== null).toBe(isTried);
    expect(job!.endedAt !== null).toBe(isSettled);
    expect(job!.dueAt !== null).toBe(!isSettled && !isLive && state !== "created");
    expect(job!.durationMs).toBe(isSettled && isTried ? 0 : null);
    expect(job!.error?.code).toBe(state === "failed" || state === "retrying" ? "made_up" : undefined);
    expect(job!.progress?.percent).toBe(state === "completed" ? 100 : undefined);
  });

  test("running as a member of a claim", async () => {
    const nodeId = await aNode(file.get(), "member-node");
    const { id } = await aJob(file.get(), { state: "running", as: "member", nodeId });
    const [job] = await file.get().store.readJobs([id]);
    expect(job).toMatchObject({ state: "running", attempt: 1, node: "member-node", endedAt: null, dueAt: null });
    expect(job!.startedAt).not.toBeNull();
  });

  test("ids without a job are absent, and one named twice is read", async () => {
    const { id } = await aJob(file.get());
    const found = await file.get().store.readJobs(["00000000-0000-7000-8000-00000000ffff", id]);
    expect(ids(found)).toEqual([id]);
  });

  test("progress and variables of an attempt", async () => {
    const { store } = file.get();
    const { id, token } = await aJob(file.get(), { state: "running" });
    await store.putProgress([{ id, token: token!, percent: 30, message: "thirty", stats: '{"fps":25}' }]);
    await store.putVariable(id, token!, "name", '"first"');
    await store.putVariable(id, token!, "name", '"second"');
    const [job] = await store.readJobs([id]);
    expect(job).toMatchObject({
      progress: { percent: 30, message: "thirty", stats: { fps: 25 } },
      variables: { name: "second" },
    });
    expect(job!.progress!.at).toBeInstanceOf(Date);
    await store.transition({
      event: "fail",
      changes: [{ id, token: token!, to: "failed", error: '{"code":"x","message":"y"}' }],
    });
    expect(await store.readJobs([id])).toMatchObject([
      { progress: { percent: 30, message: "thirty" }, error: { code: "x" } },
    ]);
    expect((await rowsOf(file.get(), id)).progress).toEqual([]);
  });
});

describe("lists", () => {
  let database: TestDatabase;
  const placed = new Map<JobState, PlacedJob>();
  let member: PlacedJob;
  beforeAll(async () => {
    database = await openTestDatabase();
    for (const [index, state] of JOB_STATES.entries()) {
      const more = {
        owner: index % 2 ? "odd" : "even",
        target: { type: "file", id: `${index % 3}` },
        tags: [`t${index % 4}`, "all"],
      };
      placed.set(state, await aJob(database, { state, action: { name: `action-${index % 5}` }, ...more }));
    }
    member = await aJob(database, { state: "running", as: "member" });
    return () => database.close();
  });
  const list = async (filter: Parameters<TestDatabase["store"]["listJobs"]>[0]) =>
    ids(await database.store.listJobs(filter));
  const all = () => [...ids([...placed.values()]), member.id].sort().reverse();
  const of = (accept: (state: JobState, index: number) => boolean) =>
    JOB_STATES.filter(accept)
      .map((state) => placed.get(state)!.id)
      .sort()
      .reverse();

  test("without a filter: all, newest first", async () => {
    expect(await list({})).toEqual(all());
  });

  test.each(JOB_STATES)("by state %s", async (state) => {
    const expected =
      state === "running" ? [placed.get(state)!.id, member.id].sort().reverse() : of((one) => one === state);
    expect(await list({ states: [state] })).toEqual(expected);
  });

  test("by several states, all states, none", async () => {
    expect(await list({ states: ["failed", "queued", "completed"] })).toEqual(
      of((one) => ["failed", "queued", "completed"].includes(one)),
    );
    expect(await list({ states: JOB_STATES })).toEqual(all());
    expect(await list({ states: [] })).toEqual([]);
  });

  test("by owner, target, tag, action, and all of it together", async () => {
    expect(await list({ owner: "odd" })).toEqual(of((_, index) => index % 2 === 1));
    expect(await list({ owner: "nobody" })).toEqual([]);
    expect(await list({ target: { type: "file", id: "2" } })).toEqual(of((_, index) => index % 3 === 2));
    expect(await list({ target: { type: "other", id: "2" } })).toEqual([]);
    expect(await list({ tag: "t1" })).toEqual(of((_, index) => index % 4 === 1));
    expect(await list({ action: "action-2" })).toEqual(of((_, index) => index % 5 === 2));
    const filter = {
      owner: "odd",
      target: { type: "file", id: "1" },
      tag: "t3",
      states: ["timed_out", "retrying"] as const,
    };
    expect(await list(filter)).toEqual(of((one, index) => index === 7 && one === "retrying"));
  });

  test("by parent", async () => {
    const parentId = member.id;
    const child = await aJob(database, { parentId });
    expect(await list({ parentId })).toEqual([child.id]);
    await database.store.transaction((tx) => tx.removeJobs([child.id]));
  });

  test("page by page: each job once", async () => {
    const seen: string[] = [];
    for (let after: string | undefined; ; after = seen.at(-1)) {
      const page = await list({ limit: 4, ...(after === undefined ? {} : { after }) });
      seen.push(...page);
      if (page.length < 4) break;
    }
    expect(seen).toEqual(all());
  });

  test("counts agree with the lists", async () => {
    const counts = await database.store.countStates();
    for (const state of JOB_STATES) expect(counts[state]).toBe((await list({ states: [state] })).length);
  });
});

describe("changes without a change of state", () => {
  let cs: Callsheet;
  beforeAll(async () => {
    cs = (await file.get().open()).as("ann", "why not");
  });
  const CHANGEABLE = [
    "created",
    "scheduled",
    "pending",
    "queued",
    "waiting_for_lock",
    "retrying",
    "paused",
    "failed",
    "partial",
  ];

  test.each(JOB_STATES)("amending a job that is %s", async (state) => {
    const { id } = await aJob(file.get(), { state, configuration: { a: 1, b: { c: 2 } } });
    const before = await rowsOf(file.get(), id);
    if (!CHANGEABLE.includes(state)) {
      await expect(cs.jobs.amend(id, { a: 2 })).rejects.toMatchObject({
        code: expect.stringMatching(/amend_refused|wrong_state/),
      });
      expect(await rowsOf(file.get(), id)).toEqual(before);
      return;
    }
    expect(await cs.jobs.amend(id, { a: 2, b: { c: 2 } })).toBe(2);
    expect(await cs.jobs.amend(id, { a: 3 })).toBe(3);
    expect(await cs.jobs.get(id)).toMatchObject({ state, configuration: { a: 3 }, configurationVersion: 3 });
    expect(await cs.jobs.amendments(id)).toMatchObject([
      { version: 1, configuration: { a: 1, b: { c: 2 } }, actor: "ann", reason: "why not" },
      { version: 2, configuration: { a: 2, b: { c: 2 } }, actor: "ann", reason: "why not" },
    ]);
    const history = await cs.jobs.history(id);
    expect(history.slice(-2).map(({ event, actor }) => [event, actor])).toEqual([
      ["amend", "ann"],
      ["amend", "ann"],
    ]);
    expect(checkHistory(history)).toEqual([]);
  });

  test.each(JOB_STATES)("another priority for a job that is %s", async (state) => {
    const { id } = await aJob(file.get(), { state });
    const change = cs.jobs.setPriority(id, "urgent");
    if (!CHANGEABLE.includes(state)) return expect(change).rejects.toMatchObject({ code: "wrong_state" });
    await change;
    expect(await cs.jobs.get(id)).toMatchObject({ state, priority: "urgent" });
    const history = await cs.jobs.history(id);
    expect(history.at(-1)).toMatchObject({ event: "set_priority", actor: "ann", data: { priority: "urgent" } });
    expect(checkHistory(history)).toEqual([]);
  });

  test("what was said of a failed job stays in its history when it is retried and fails again", async () => {
    const { store } = file.get();
    const { id } = await aJob(file.get(), { state: "failed" });
    await cs.jobs.amend(id, { a: 1 });
    await cs.jobs.setPriority(id, "low");
    await cs.jobs.retry(id);
    await store.transition({ event: "start", changes: [{ id, to: "running", nodeId: await aNode(file.get()) }] });
    await store.transition({ event: "fail", changes: [{ id, to: "failed", error: '{"code":"again","message":"m"}' }] });
    await cs.jobs.cancel(id);
    const history = await cs.jobs.history(id);
    const events = ["create", "fail", "amend", "set_priority", "retry", "start", "fail", "cancel"];
    expect(history.map(({ event }) => event)).toEqual(events);
    expect(history.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    expect(
      history
        .filter(({ event }) => event === "fail")
        .map(({ data }) => (data as { error: { code: string } }).error.code),
    ).toEqual(["made_up", "again"]);
    expect(checkHistory(history)).toEqual([]);
    expect(await cs.jobs.get(id)).toMatchObject({ state: "cancelled", retries: 1, attempt: 2 });
  });

  test("a job that was amended or noted is no member of a claim any more", async () => {
    const { id } = await aJob(file.get());
    await cs.jobs.setPriority(id, "high");
    expect((await rowsOf(file.get(), id)).work).toMatchObject([{ plain: false, rank: 2 }]);
  });
});

test("a job that is removed leaves nothing, and its neighbours stay", async () => {
  const { store } = file.get();
  const other = await aJob(file.get(), { state: "failed" });
  const before = await rowsOf(file.get(), other.id);
  for (const state of JOB_STATES) {
    const { id, token } = await aJob(file.get(), { state });
    if (state === "running") {
      await store.putProgress([{ id, token: token!, percent: 1, message: null, stats: null }]);
      await store.putVariable(id, token!, "x", "1");
      await store.putLogLines([{ id, attempt: 1, n: 1, level: "info", message: "m", at: new Date().toISOString() }]);
    }
    expect(await store.transaction((tx) => tx.removeJobs([id]))).toBe(1);
    expect(Object.values(await rowsOf(file.get(), id)).flat()).toEqual([]);
    expect(await store.readHistory([id])).toEqual([]);
  }
  expect(await rowsOf(file.get(), other.id)).toEqual(before);
});
