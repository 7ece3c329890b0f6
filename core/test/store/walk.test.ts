import {
  checkHistory,
  fromStates,
  isLegal,
  JOB_EVENTS,
  JOB_STATES,
  type JobEvent,
  type JobState,
  LIFECYCLE,
  LIVE,
  SETTLED,
  toStates,
} from "@callsheet/contract";
import { describe, expect, test } from "vitest";
import { aJob, aNode, type PlacedJob } from "../../src/testing/index.ts";
import { databaseOfFile, rowOf, rowsOf } from "./place.ts";

const file = databaseOfFile();
const TRANSITIONS = JOB_EVENTS.filter((event) => LIFECYCLE[event].from.length > 0 && event !== "remove");
const isSettled = (state: JobState) => (SETTLED as readonly JobState[]).includes(state);
const isLive = (state: JobState) => (LIVE as readonly JobState[]).includes(state);

/** A job that was not planned has no time to be due at; the constraint refuses to make it due without one. */
const NEEDS_A_TIME: ReadonlySet<JobEvent> = new Set(["plan", "release"]);

async function move(job: PlacedJob, event: JobEvent, to: JobState) {
  const { store } = file.get();
  const more = event === "start" ? { nodeId: await aNode(file.get()) } : NEEDS_A_TIME.has(event) ? { delayMs: 0 } : {};
  return store.transaction((tx) =>
    tx.transition({ event, changes: [{ id: job.id, to, ...more }], actor: "walker", reason: "to see" }),
  );
}

/** The line that a job's next event begins with: admission writes none, so it is named by the next one. */
const PASSED: Partial<Record<JobState, { from: JobState; via: JobState[] }>> = {
  queued: { from: "pending", via: ["queued"] },
};

describe.each(TRANSITIONS)("transition: %s", (event) => {
  test.each(fromStates(event).flatMap((from) => toStates(event, from).map((to) => ({ from, to }))))(
    "leads from $from to $to with one line of history",
    async ({ from, to }) => {
      const database = file.get();
      const job = await aJob(database, { state: from });
      const before = await database.store.readHistory([job.id]);
      expect(await move(job, event, to)).toMatchObject([{ id: job.id, from, to, seq: before.length + 1 }]);
      const after = await database.store.readHistory([job.id]);
      expect(after.slice(0, before.length).map(withoutData)).toEqual(before.map(withoutData));
      expect(after).toHaveLength(before.length + 1);
      const expected = PASSED[from] ?? { from, via: [] };
      const said = { event, to, actor: "walker", reason: "to see", seq: before.length + 1 };
      expect(after.at(-1)).toMatchObject({ ...expected, ...said });
      expect(checkHistory(after)).toEqual([]);
      expect(await database.store.readJobs([job.id])).toMatchObject([{ state: to }]);
      await expectPlace(job.id, to);
    },
  );

  const refused = JOB_STATES.flatMap((from) => LIFECYCLE[event].to.map((to) => ({ from, to }))).filter(
    ({ from, to }) => !isLegal(event, from, to),
  );
  test.each(refused)("changes nothing of a job that is $from, to become $to", async ({ from, to }) => {
    const database = file.get();
    const job = await aJob(database, { state: from });
    const before = await rowsOf(database, job.id);
    expect(await move(job, event, to)).toEqual([]);
    expect(await rowsOf(database, job.id)).toEqual(before);
  });
});

/** What a line says beside the change of state moves from the outcome's columns into the event's. */
const withoutData = ({ data: _, ...line }: { data: unknown }) => line;

/** A state stands in one place, and only a live job has a node. */
async function expectPlace(id: string, state: JobState): Promise<void> {
  const rows = await rowsOf(file.get(), id);
  expect([rows.work?.length, rows.outcome?.length]).toEqual(isSettled(state) ? [0, 1] : [1, 0]);
  if (isSettled(state)) return;
  const work = rows.work?.[0] as { node_id: number | null; turn: number | null; deadline: string | null };
  expect(work.node_id !== null).toBe(isLive(state));
  expect(work.turn !== null).toBe(state === "queued" || (isLive(state) && work.turn !== null));
  if (state !== "running") expect(work.deadline).toBeNull();
}

test("create happens to no job that exists", async () => {
  const { store } = file.get();
  for (const state of JOB_STATES) {
    const job = await aJob(file.get(), { state });
    const before = await rowsOf(file.get(), job.id);
    for (const to of LIFECYCLE.create.to)
      expect(await store.transition({ event: "create", changes: [{ id: job.id, to }] })).toEqual([]);
    expect(await rowsOf(file.get(), job.id)).toEqual(before);
  }
});

describe("statements of their own", () => {
  const admitted = fromStates("admit");
  test.each(JOB_STATES)("admission of a job that is %s", async (state) => {
    const { store } = file.get();
    const job = await aJob(file.get(), { state });
    const before = await rowsOf(file.get(), job.id);
    await store.transaction((tx) => tx.admitJobs([{ id: job.id, turn: 7 }]));
    if (admitted.includes(state))
      expect(await rowOf(file.get(), "work", job.id)).toMatchObject({ state: "queued", turn: 7 });
    else if (state === "queued") expect(await rowOf(file.get(), "work", job.id)).toMatchObject({ state, turn: 7 });
    else expect(await rowsOf(file.get(), job.id)).toEqual(before);
    expect(checkHistory(await store.readHistory([job.id]))).toEqual([]);
  });

  test.each(JOB_STATES)("giving way of a job that is %s", async (state) => {
    const { store } = file.get();
    const job = await aJob(file.get(), { state });
    const before = await rowsOf(file.get(), job.id);
    await store.transaction((tx) => tx.giveWay([job.id]));
    if (fromStates("give_way").includes(state))
      expect(await rowOf(file.get(), "work", job.id)).toMatchObject({ state: "pending", turn: null });
    else expect(await rowsOf(file.get(), job.id)).toEqual(before);
    expect(checkHistory(await store.readHistory([job.id]))).toEqual([]);
  });

  test.each(JOB_STATES)("coming due of a job that is %s", async (state) => {
    const { store } = file.get();
    const job = await aJob(file.get(), { state, ...(state === "created" ? {} : { dueAt: new Date(0) }) });
    const before = await rowsOf(file.get(), job.id);
    await store.comeDue(1_000);
    if (fromStates("come_due").includes(state))
      expect(await rowOf(file.get(), "work", job.id)).toMatchObject({ state: "pending" });
    else expect(await rowsOf(file.get(), job.id)).toEqual(before);
    expect(checkHistory(await store.readHistory([job.id]))).toEqual([]);
  });

  test.each(["none", "required", "running", "done", "failed"] as const)(
    "a retry whose rollback is %s",
    async (rollback) => {
      const job = await aJob(file.get(), { state: "retrying", rollback, dueAt: new Date(0) });
      await file.get().store.comeDue(1_000);
      const { state } = await rowOf(file.get(), "work", job.id);
      expect(state).toBe(rollback === "none" || rollback === "done" ? "pending" : "retrying");
    },
  );

  test.each(JOB_STATES)("a claim of a job that is %s", async (state) => {
    const database = file.get();
    const job = await aJob(database, { state, action: { name: `claimed-${state.replaceAll("_", "-")}` } });
    const before = await rowsOf(database, job.id);
    const hot = await database.store.openHotPath("walk");
    const nodeId = await aNode(database);
    const { jobs } = await hot.claim({ nodeId, lanes: [{ id: job.laneId }], want: 10 });
    await hot.close();
    if (!fromStates("start").includes(state)) {
      expect(jobs).toEqual([]);
      expect(await rowsOf(database, job.id)).toEqual(before);
      return;
    }
    expect(jobs).toMatchObject([{ id: job.id, ordinal: 1, attempt: 1 }]);
    expect(await database.store.readJobs([job.id])).toMatchObject([{ state: "running", attempt: 1 }]);
    expect(await database.store.anchorMembers(jobs[0]!.token, [job.id])).toEqual([job.id]);
    const history = await database.store.readHistory([job.id]);
    expect(history.at(-1)).toMatchObject({
      event: "start",
      ...(PASSED[state] ?? { from: state, via: [] }),
      to: "running",
    });
    expect(checkHistory(history)).toEqual([]);
  });
});

describe("the attempt's token", () => {
  test.each(LIVE)("a word of another attempt changes nothing of a job that is %s", async (state) => {
    const { store } = file.get();
    const job = await aJob(file.get(), { state });
    const before = await rowsOf(file.get(), job.id);
    const token = String(BigInt(job.token!) - 1n);
    for (const event of ["complete", "complete_partly"] as const)
      expect(await store.transition({ event, changes: [{ id: job.id, token, to: LIFECYCLE[event].to[0]! }] })).toEqual(
        [],
      );
    expect(await store.putProgress([{ id: job.id, token, percent: 1, message: null, stats: null }])).toBe(0);
    expect(await store.putVariable(job.id, token, "name", "1")).toBe(false);
    expect(await rowsOf(file.get(), job.id)).toEqual(before);
    const { token: own } = job;
    expect(
      await store.transition({ event: "complete", changes: [{ id: job.id, token: own!, to: "completed" }] }),
    ).toHaveLength(1);
  });

  test("a job that has ended takes no more words of its attempt", async () => {
    const { store } = file.get();
    const job = await aJob(file.get(), { state: "completed" });
    const before = await rowsOf(file.get(), job.id);
    const change = { id: job.id, token: job.token!, to: "failed" } as const;
    expect(await store.transition({ event: "fail", changes: [change] })).toEqual([]);
    expect(await store.putProgress([{ id: job.id, token: job.token!, percent: 1, message: null, stats: null }])).toBe(
      0,
    );
    expect(await rowsOf(file.get(), job.id)).toEqual(before);
  });
});

test("each start counts one attempt and takes a greater token", async () => {
  const { store } = file.get();
  const job = await aJob(file.get(), { state: "retrying" });
  await move(job, "retry", "pending");
  await move(job, "start", "running");
  const work = await rowOf(file.get(), "work", job.id);
  expect(work).toMatchObject({ attempt: 2, state: "running" });
  expect(BigInt(work.token as number)).toBeGreaterThan(BigInt(job.token!));
  expect(checkHistory(await store.readHistory([job.id]))).toEqual([]);
});

test("several jobs of one request are changed together; those that do not fit are left out", async () => {
  const { store } = file.get();
  const [one, two, other] = [
    await aJob(file.get(), { state: "running" }),
    await aJob(file.get(), { state: "timed_out" }),
    await aJob(file.get(), { state: "paused" }),
  ];
  const changes = [one!, two!, other!].map(({ id }) => ({ id, to: "failed" }) as const);
  const changed = await store.transition({ event: "fail", changes });
  expect(changed.map(({ id }) => id).sort()).toEqual([one!.id, two!.id].sort());
});
