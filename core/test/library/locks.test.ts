import { describe, expect, test } from "vitest";
import type { Callsheet, LockFilter } from "../../src/index.ts";
import { aFloor, inState, lineOf, refusal } from "../fixtures/floor.ts";

const alone = () => aFloor({ lock: "exclusive" }, { alone: true });
const target = (id: string) => ({ target: { type: "asset", id } });
const line = async (cs: Callsheet, key: string) => {
  const { holders, waiting, waitingCount } = await cs.locks.get(key);
  return { holders: holders.map(({ jobId }) => jobId), waiting: waiting.map(({ jobId }) => jobId), waitingCount };
};

describe("a lock", () => {
  test("is told with its holder, his fencing number and node, and with its line in order", async () => {
    const { cs, name, create, work, stage } = await alone();
    await work();
    const first = await create(target("A-17"));
    const { context } = await stage.nth(1);
    const second = await create(target("A-17"));
    await inState(cs, second, "waiting_for_lock");
    const third = await create({ locks: [{ type: "Asset", id: "a-17", mode: "shared" }] });
    await inState(cs, third, "waiting_for_lock");
    // Whoever had to wait finds it in his history: for what, how, behind whom.
    const said = { object: "asset/a-17", mode: "shared", place: 2, holders: [first.id] };
    expect((await lineOf(cs, third, "block")).data).toEqual(said);
    const [listed, ...others] = await cs.locks.list();
    expect(others).toEqual([]);
    expect(listed).toEqual({
      key: "asset/a-17",
      holders: [
        {
          ...{ jobId: first.id, action: name, mode: "exclusive", node: name, since: expect.any(Date) },
          fencing: expect.stringMatching(/^\d+$/),
        },
      ],
      waiting: [
        { jobId: second.id, action: name, mode: "exclusive", place: 1, since: expect.any(Date) },
        { jobId: third.id, action: name, mode: "shared", place: 2, since: expect.any(Date) },
      ],
      waitingCount: 2,
      ...{ quarantine: null, release: null },
    });
    expect(context.fencing).toBe(listed!.holders[0]!.fencing);
    expect(await cs.locks.get({ type: "asset", id: "A-17" })).toEqual(listed);
    stage.entered[0]!.returns();
    await inState(cs, second, "running");
    const after = await cs.locks.get("asset/A-17");
    expect(after).toMatchObject({ holders: [{ jobId: second.id }], waiting: [{ jobId: third.id, place: 1 }] });
    expect(BigInt(after.holders[0]!.fencing!)).toBeGreaterThan(BigInt(listed!.holders[0]!.fencing!));
    stage.clear();
    await cs.jobs.wait(third);
    expect(await cs.locks.list()).toEqual([]);
    expect(await cs.locks.get("asset/A-17")).toMatchObject({ key: "asset/a-17", holders: [], waitingCount: 0 });
  });

  test("is found by who holds or waits, and page by page", async () => {
    const { cs, create, work, stage } = await alone();
    await work();
    const jobs = [];
    for (const id of ["a", "b", "c"]) jobs.push(await create(target(id)));
    await stage.nth(3);
    const waits = await create(target("b"));
    await inState(cs, waits, "waiting_for_lock");
    const keys = async (filter: LockFilter) => (await cs.locks.list(filter)).map(({ key }) => key);
    expect(await keys({ limit: 2 })).toEqual(["asset/a", "asset/b"]);
    expect(await keys({ limit: 2, after: "asset/b" })).toEqual(["asset/c"]);
    expect(await keys({ waiting: true })).toEqual(["asset/b"]);
    expect(await keys({ jobId: jobs[2]!.id })).toEqual(["asset/c"]);
    await cs.locks.quarantine("asset/z");
    expect(await keys({ quarantined: true })).toEqual(["asset/z"]);
    expect(await keys({})).toEqual(["asset/a", "asset/b", "asset/c", "asset/z"]);
  });
});

describe("a quarantined object", () => {
  test("is left to who holds it and given to nobody else, until it is released: then to the first in line", async () => {
    const { cs, create, work, stage } = await alone();
    await work();
    const holder = await create(target("A"));
    await stage.nth(1);
    const waiter = await create(target("A"));
    await inState(cs, waiter, "waiting_for_lock");
    const said = await cs.as("ada").locks.quarantine("asset/A", "the copy is broken");
    expect(said.quarantine).toEqual({ reason: "the copy is broken", actor: "ada", at: expect.any(Date) });
    expect(await cs.as("ben", "still is").locks.quarantine({ type: "asset", id: "A" })).toMatchObject({
      ...{ quarantine: { reason: "still is", actor: "ben" }, holders: [{ jobId: holder.id }] },
    });
    stage.entered[0]!.returns();
    await cs.jobs.wait(holder);
    const fresh = await create(target("A"));
    // The node is there and takes what it may.
    await create(target("B"));
    await stage.nth(2);
    expect(await line(cs, "asset/A")).toEqual({ holders: [], waiting: [waiter.id], waitingCount: 1 });
    expect((await cs.jobs.getMany([waiter, fresh])).map(({ attempt }) => attempt)).toEqual([0, 0]);
    const released = await cs.as("eve").locks.release("asset/a", "it was copied anew");
    const release = { reason: "it was copied anew", actor: "eve", at: expect.any(Date) };
    expect(released).toMatchObject({ quarantine: null, release });
    await inState(cs, waiter, "running");
    stage.clear();
    await cs.jobs.wait(fresh);
    expect(await cs.locks.get("asset/A")).toMatchObject({ release });
    expect((await cs.locks.quarantine("asset/A")).release).toBeNull();
    await cs.locks.release("asset/A");
    expect(await refusal(() => cs.locks.release("asset/A"))).toMatchObject({
      ...{ code: "not_quarantined", details: { object: "asset/a" } },
    });
  });
});

describe("a job that locks a quarantined object", () => {
  const RETRY = { limit: 0, delayMs: 1, jitter: 0 };
  /** Jobs that lock their targets and take the only licences there are. */
  const licensed = async (capacity: number, units: number) => {
    const floor = await aFloor({ lock: "exclusive", needs: { licence: units }, retry: RETRY }, { alone: true });
    await floor.cs.resources.put("licence", { capacity });
    await floor.work();
    return floor;
  };

  test.each([1, 2])("stands in its line, and keeps no unit from others: %i at once", async (units) => {
    const { cs, create, stage } = await licensed(2, units);
    const failed = await create(target("A"));
    (await stage.nth(1)).throws({ code: "broken", message: "It broke." });
    await cs.jobs.wait(failed);
    await cs.locks.quarantine("asset/A", "the copy is broken");
    await cs.jobs.retry(failed);
    const waits = await inState(cs, failed, "waiting_for_lock");
    expect((await lineOf(cs, waits, "block")).data).toEqual({
      ...{ object: "asset/a", mode: "exclusive", quarantine: "the copy is broken" },
    });
    expect(await cs.jobs.explain(failed)).toMatchObject({ reason: "object_quarantined" });
    const other = await create(target("B"));
    expect((await stage.nth(2)).context.job.id).toBe(other.id);
    stage.entered[1]!.returns();
    await cs.jobs.wait(other);
    await cs.locks.release("asset/A");
    expect((await stage.nth(3)).context).toMatchObject({ attempt: 2, job: { id: failed.id } });
    stage.clear();
    await cs.jobs.wait(failed);
  });

  test("which it had been handed gives it back, and waits for units no more", async () => {
    const { cs, name, create, stage } = await licensed(1, 1);
    await cs.actions.put({ name: "free", type: name, lock: "exclusive" });
    const holder = await cs.jobs.create("free", target("A"));
    await stage.nth(1);
    const handed = await create(target("A"));
    await inState(cs, handed, "waiting_for_lock");
    const user = await create(target("B"));
    await stage.nth(2);
    stage.entered[0]!.returns();
    await cs.jobs.wait(holder);
    expect(await inState(cs, handed, "queued")).toMatchObject({ attempt: 0 });
    await cs.locks.quarantine("asset/A");
    await inState(cs, handed, "waiting_for_lock");
    expect(await line(cs, "asset/A")).toEqual({ holders: [], waiting: [handed.id], waitingCount: 1 });
    stage.entered[1]!.returns();
    await cs.jobs.wait(user);
    const other = await create(target("C"));
    expect((await stage.nth(3)).context.job.id).toBe(other.id);
    stage.entered[2]!.returns();
    await cs.locks.release("asset/A");
    expect((await stage.nth(4)).context.job.id).toBe(handed.id);
    stage.clear();
    await cs.jobs.wait(handed);
  });
});

test.each([
  (cs: Callsheet) => cs.locks.get("no-slash"),
  (cs: Callsheet) => cs.locks.get("/"),
  (cs: Callsheet) => cs.locks.get({ type: "asset" } as never),
  (cs: Callsheet) => cs.locks.quarantine("asset/\0"),
  (cs: Callsheet) => cs.locks.quarantine("asset/a", ""),
  (cs: Callsheet) => cs.locks.quarantine(`asset/${"\u0130".repeat(100)}`),
  (cs: Callsheet) => cs.locks.release("asset/a", ""),
  (cs: Callsheet) => cs.locks.list({ limit: 0 }),
  (cs: Callsheet) => cs.locks.list({ jobId: "x" }),
  (cs: Callsheet) => cs.locks.list({ waiting: "yes" } as never),
  (cs: Callsheet) => cs.locks.list({ holder: "x" } as never),
])("what names no object, or filters by nothing there is, is refused: %s", async (call) => {
  const { cs } = await aFloor();
  expect(await refusal(() => call(cs))).toMatchObject({ code: "invalid_argument" });
});

test("an object whose key has more bytes than there is room for is refused when the job is created, not when it is claimed", async () => {
  const { cs, name, work, stage } = await alone();
  const locks = (id: string) => ({ locks: [{ type: "asset", id }] });
  // In the one spelling of keys this letter has three bytes instead of two: what is short enough as an id may not be as a key.
  const id = (letters: number) => "\u0130".repeat(letters);
  for (const input of [locks(id(100)), target(id(100))])
    expect(await refusal(() => cs.jobs.create(name, input))).toMatchObject({
      ...{ code: "invalid_argument", details: { field: "locks" } },
      message: expect.stringContaining("at most 300 bytes"),
    });
  stage.clear();
  await work();
  const job = await cs.jobs.create(name, locks(id(98)));
  expect(await cs.jobs.wait(job)).toMatchObject({ state: "completed" });
});
