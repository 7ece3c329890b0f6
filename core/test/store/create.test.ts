import { checkHistory, type JobInput } from "@callsheet/contract";
import { beforeAll, describe, expect, test } from "vitest";
import type { Callsheet } from "../../src/callsheet.ts";
import { chunks } from "../../src/operations/create.ts";
import { aLane, anId, create } from "./hands.ts";
import { databaseOfFile, rowOf, rowsOf } from "./place.ts";

const file = databaseOfFile();
let cs: Callsheet;
beforeAll(async () => {
  cs = await file.get().open({ actor: "ann" });
  await cs.actions.put({ name: "copy", type: "copy", configuration: { depth: 1 }, priority: "high" });
});

const HOUR = 3_600_000;
const LATER = new Date("2999-01-01T00:00:00.000Z");
const PAST = new Date("2001-01-01T00:00:00.000Z");

describe("what a caller may say of a job", () => {
  test("nothing: the action and the database say it all", async () => {
    const { id } = await cs.jobs.create("copy");
    const job = await cs.jobs.get(id);
    expect(job).toMatchObject({
      ...{ kind: "job", action: "copy", actionVersion: 1, type: "copy", site: "default", queue: "default" },
      ...{
        state: "pending",
        priority: "high",
        owner: "ann",
        origin: "library",
        parentId: null,
        target: null,
        tags: [],
      },
      ...{ configuration: { depth: 1 }, configurationVersion: 1, variables: {}, idempotencyKey: null, retries: 0 },
      ...{ startedAt: null, endedAt: null, durationMs: null, attempt: 0, node: null, progress: null, result: null },
      error: null,
    });
    expect(job.startAt).toEqual(job.createdAt);
    expect(job.dueAt).toEqual(job.createdAt);
    expect(await rowOf(file.get(), "work", id)).toMatchObject({ plain: true, seq: 1, turn: null, token: null });
  });

  const said: readonly [string, JobInput, object][] = [
    ["configuration", { configuration: { depth: 2, to: "x" } }, { configuration: { depth: 2, to: "x" } }],
    ["target", { target: { type: "file", id: "/a b/ü.mov" } }, { target: { type: "file", id: "/a b/ü.mov" } }],
    ["no start time", { startAt: null }, { state: "created", startAt: null, dueAt: null }],
    ["a start time to come", { startAt: LATER }, { state: "scheduled", startAt: LATER, dueAt: LATER }],
    ["a start time past", { startAt: PAST }, { state: "pending", startAt: PAST, dueAt: PAST }],
    ["priority", { priority: "urgent" }, { priority: "urgent" }],
    ["another owner", { owner: "bob" }, { owner: "bob" }],
    ["tags", { tags: ["a", 'b"c', "d,e", "{}"] }, { tags: ["a", 'b"c', "d,e", "{}"] }],
    ["variables", { variables: { a: [1, null, "x"] } }, { variables: { a: [1, null, "x"] } }],
    ["a key", { idempotencyKey: "once" }, { idempotencyKey: "once" }],
  ];
  test.each(said)("%s", async (_, input, expected) => {
    const { id } = await cs.jobs.create("copy", input);
    expect(await cs.jobs.get(id)).toMatchObject(expected);
    const history = await cs.jobs.history(id);
    expect(history).toMatchObject([{ seq: 1, event: "create", from: null, via: [], actor: "ann" }]);
    expect(checkHistory(history)).toEqual([]);
  });

  test("all of it at once, beside jobs of the same batch that say none of it", async () => {
    const all: JobInput = Object.assign({}, ...said.map(([, input]) => input), {
      idempotencyKey: "all",
      startAt: LATER,
    });
    const [rich, plain, created] = await cs
      .as("eve", "for the show")
      .jobs.createMany("copy", [all, {}, { startAt: null }]);
    expect(await cs.jobs.get(rich!)).toMatchObject({
      state: "scheduled",
      owner: "bob",
      priority: "urgent",
      idempotencyKey: "all",
    });
    expect(await cs.jobs.get(plain!)).toMatchObject({ state: "pending", owner: "eve", priority: "high", tags: [] });
    expect(await cs.jobs.get(created!)).toMatchObject({ state: "created", startAt: null });
    for (const job of [rich!, plain!, created!])
      expect(await cs.jobs.history(job)).toMatchObject([{ actor: "eve", reason: "for the show" }]);
    // Only what may start at once may be a member of a claim.
    expect(await rowOf(file.get(), "work", rich!.id)).toMatchObject({ plain: false });
    expect(await rowOf(file.get(), "work", plain!.id)).toMatchObject({ plain: true });
    expect(await rowOf(file.get(), "work", created!.id)).toMatchObject({ plain: false, due_at: null });
  });

  test.each([
    ["configuration", { configuration: { a: "\0" } }],
    ["a lone surrogate", { configuration: { a: "\ud800" } }],
    ["target", { target: { type: "file", id: "a\0b" } }],
    ["tags", { tags: ["\0"] }],
    ["variables", { variables: { "\0": 1 } }],
    ["a key", { idempotencyKey: "\0" }],
    ["owner", { owner: "\0" }],
    ["a date that is none", { startAt: new Date(Number.NaN) }],
    ["a far date", { startAt: new Date(8.64e15) }],
  ] as [string, JobInput][])(
    "%s that cannot be stored is refused, and nothing of the batch is kept",
    async (_, input) => {
      const before = await cs.jobs.count();
      await expect(cs.jobs.createMany("copy", [{}, input])).rejects.toMatchObject({
        name: "CallsheetError",
        code: expect.stringMatching(/^invalid_/),
      });
      expect(await cs.jobs.count()).toEqual(before);
    },
  );
});

describe("chunks", () => {
  const job = (bytes: number) => ({ id: anId(), configuration: JSON.stringify({ text: "x".repeat(bytes) }) });

  test("a statement holds at most 5,000 jobs", () => {
    const made = chunks(Array.from({ length: 12_001 }, () => job(1)));
    expect(made.map(({ ids }) => ids.length)).toEqual([5_000, 5_000, 2_001]);
  });

  test("a statement ends with the job that brings it above 4 MB", () => {
    const made = chunks(Array.from({ length: 10 }, () => job(900_000)));
    expect(made.map(({ ids }) => ids.length)).toEqual([5, 5]);
  });

  test("all jobs of several chunks are made, in the order of the inputs", async () => {
    const inputs = Array.from({ length: 5_003 }, (_, n) => ({ configuration: { n } }));
    const jobs = await cs.jobs.createMany("copy", inputs);
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(5_003);
    for (const n of [0, 4_999, 5_000, 5_002])
      expect(await cs.jobs.get(jobs[n]!)).toMatchObject({ configuration: { n } });
  });

  test("none at all makes none", async () => {
    expect(await cs.jobs.createMany("copy", [])).toEqual([]);
  });
});

describe("idempotency keys", () => {
  const request = { configuration: { depth: 3 }, tags: ["k"], startAt: LATER };

  test("the same request again answers the first job", async () => {
    const first = await cs.jobs.create("copy", { ...request, idempotencyKey: "same" });
    const again = await cs.jobs.create("copy", { ...request, idempotencyKey: "same" });
    expect(again).toEqual(first);
    expect(await rowsOf(file.get(), first.id)).toMatchObject({ job: [{}], work: [{}] });
  });

  test("another request under the key is refused and names the first job", async () => {
    const first = await cs.jobs.create("copy", { ...request, idempotencyKey: "other" });
    const other = cs.jobs.create("copy", { ...request, configuration: { depth: 4 }, idempotencyKey: "other" });
    await expect(other).rejects.toMatchObject({
      code: "idempotency_conflict",
      details: { key: "other", firstJobId: first.id },
    });
  });

  test("twice in one batch makes one job", async () => {
    const twice = { ...request, idempotencyKey: "twice" };
    const jobs = await cs.jobs.createMany("copy", [twice, {}, twice]);
    expect(jobs[0]).toEqual(jobs[2]);
    expect(jobs[1]).not.toEqual(jobs[0]);
    expect(await cs.jobs.list({ tag: "k", limit: 1000 })).toSatisfy(
      (all: readonly { idempotencyKey: string }[]) => all.filter((one) => one.idempotencyKey === "twice").length === 1,
    );
  });

  test("two different requests of one key in one batch are refused", async () => {
    const one = { ...request, idempotencyKey: "split" };
    const other = { ...one, configuration: { depth: 9 } };
    await expect(cs.jobs.createMany("copy", [one, other])).rejects.toMatchObject({ code: "idempotency_conflict" });
  });

  test("ten callers at once make one job", async () => {
    const all = await Promise.all(
      Array.from({ length: 10 }, () => cs.jobs.create("copy", { ...request, idempotencyKey: "rush" })),
    );
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
  });

  test("a key holds for one action only", async () => {
    await cs.actions.put({ name: "move", type: "copy" });
    const [one, other] = [
      await cs.jobs.create("copy", { idempotencyKey: "mine" }),
      await cs.jobs.create("move", { idempotencyKey: "mine" }),
    ];
    expect(one.id).not.toBe(other.id);
  });

  test("a job that was removed frees its key", async () => {
    const first = await cs.jobs.create("copy", { idempotencyKey: "gone" });
    await file.get().store.transaction((tx) => tx.removeJobs([first.id]));
    expect((await cs.jobs.create("copy", { idempotencyKey: "gone" })).id).not.toBe(first.id);
  });
});

describe("single jobs in flight together", () => {
  test("a job that cannot be stored fails alone", async () => {
    const lane = await aLane(file.get());
    const taken = anId();
    await create(file.get().store, lane, [{ id: taken, configuration: "{}" }]);
    const twice = create(file.get().store, lane, [
      { id: anId(), configuration: "{}" },
      { id: taken, configuration: "{}" },
    ]);
    await expect(twice).rejects.toMatchObject({ code: "database_failed", details: { sqlstate: "23505" } });
  });

  test("300 of them are all made, each as it was asked for", async () => {
    const jobs = await Promise.all(
      Array.from({ length: 300 }, (_, n) => cs.jobs.create("copy", { configuration: { n }, owner: `owner ${n % 3}` })),
    );
    const found = await file.get().store.readJobs(jobs.map(({ id }) => id));
    const byId = new Map(found.map((job) => [job.id, job]));
    for (const [n, { id }] of jobs.entries())
      expect(byId.get(id)).toMatchObject({ configuration: { n }, owner: `owner ${n % 3}` });
  });

  /** How many jobs each statement created that an act led to. */
  async function sharesOf(act: () => Promise<readonly { readonly id: string }[]>): Promise<readonly number[]> {
    const { rows } = await file.get().db.query<{ share: number }>({
      text: `
        select count(*)::int as share from callsheet.job where id = any($1::uuid[])
        group by created_xid order by created_xid`,
      values: [(await act()).map(({ id }) => id)],
    });
    return rows.map(({ share }) => share);
  }
  const createAtOnce = (count: number) => () =>
    Promise.all(Array.from({ length: count }, () => cs.jobs.create("copy")));

  test("those asked for in one turn of the event loop share a statement, and many share two", async () => {
    expect(await sharesOf(createAtOnce(20))).toEqual([20]);
    expect(await sharesOf(createAtOnce(100))).toEqual([50, 50]);
  });

  test("callers that one answer lets go on share the next statement too", async () => {
    const caller = async () => [
      await cs.jobs.create("copy"),
      await cs.jobs.create("copy"),
      await cs.jobs.create("copy"),
    ];
    const shares = await sharesOf(async () => (await Promise.all(Array.from({ length: 100 }, caller))).flat());
    expect(shares.reduce((all, share) => all + share)).toBe(300);
    // Both answers may have come before the callers of the first go on: then these share two.
    expect(Math.min(...shares)).toBeGreaterThanOrEqual(16);
  });
});

test("the database's clock decides whether a start time has passed", async () => {
  const { store } = file.get();
  const now = await store.databaseNow();
  const soon = await cs.jobs.create("copy", { startAt: new Date(now.getTime() + HOUR) });
  const just = await cs.jobs.create("copy", { startAt: new Date(now.getTime() - 1) });
  expect([(await cs.jobs.get(soon)).state, (await cs.jobs.get(just)).state]).toEqual(["scheduled", "pending"]);
});
