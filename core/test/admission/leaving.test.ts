import type { ActionInput, Ending, JobState } from "@callsheet/contract";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Callsheet } from "../../src/index.ts";
import type { Claimed } from "../../src/store/claim.ts";
import { openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";
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

const ERROR = { code: "broken", message: "It broke." };
const failed: Ending = { kind: "failed", error: ERROR };
const target = { type: "asset", id: "A-17" };
const NEEDS = {
  units: { needs: { gpu: 1 } },
  locks: { lock: "exclusive" },
  both: { needs: { gpu: 1 }, lock: "exclusive" },
} as const satisfies Record<string, Partial<ActionInput>>;
type What = keyof typeof NEEDS;

/** A job that runs and holds what there is, and one that waits for it. */
async function aPair(what: What, fields: Partial<ActionInput> = {}) {
  // Who lacks units asks for no object.
  if (what !== "locks") await poolOf(database, "gpu", what === "units" ? 1 : 2);
  await cs.actions.put({ name: "edit", type: "test", ...NEEDS[what], ...fields });
  const [{ id: first }, { id: second }] = [
    await cs.jobs.create("edit", { target }),
    await cs.jobs.create("edit", { target }),
  ];
  const [running] = await node.claim(2);
  expect(running!.id).toBe(first);
  expect(await node.claim()).toEqual([]);
  expect(await stateOf(second)).toBe(what === "units" ? "pending" : "waiting_for_lock");
  await checkHoldings(database);
  return { running: running!, second };
}

const stateOf = async (id: string): Promise<JobState> => (await cs.jobs.get(id)).state;

/** The transaction that wrote the last line of a job's history. */
async function lastXid(id: string): Promise<string> {
  const { rows } = await database.db.query<{ xid: string }>({
    text: `select xid::text from (select xid, seq from callsheet.outcome where job_id = $1 union all select xid, seq from callsheet.event where job_id = $1) l
      order by seq desc limit 1`,
    values: [id],
  });
  return rows[0]!.xid;
}

/** The second has what the first gave back: handed over in the same transaction, with a greater number. */
async function expectNext(what: What, { id, token }: Claimed, second: string): Promise<void> {
  if (what !== "units") {
    expect(await stateOf(second)).toBe("queued");
    expect(await lastXid(second)).toBe(await lastXid(id));
  }
  await checkHoldings(database);
  const [next] = await node.claim();
  expect(next?.id).toBe(second);
  expect(BigInt(next!.token)).toBeGreaterThan(BigInt(token));
  await checkHoldings(database);
  await node.complete(next!);
}

async function anchor({ id, token }: Claimed): Promise<void> {
  expect(await database.store.transaction((tx) => tx.anchorMembers(token, [id]))).toEqual([id]);
  await checkHoldings(database);
}

type Way = { readonly fields?: Partial<ActionInput>; readonly to: JobState; end(job: Claimed): Promise<unknown> };
const SLOW_RETRY = { limit: 1, delayMs: 60_000, jitter: 0 };
const WAYS: Readonly<Record<string, Way>> = {
  "completes as a member": { to: "completed", end: (job) => node.complete(job) },
  "completes as a row of its own": {
    to: "completed",
    end: async (job) => {
      await anchor(job);
      await node.complete(job);
    },
  },
  "completes partly": { to: "partial", end: (job) => node.end(job, { kind: "partial" }) },
  fails: { to: "failed", end: (job) => node.end(job, failed) },
  "backs off": { fields: { retry: SLOW_RETRY }, to: "retrying", end: (job) => node.end(job, failed) },
  snoozes: {
    to: "scheduled",
    end: (job) => node.end(job, { kind: "snoozed", until: new Date(Date.now() + 60_000) }),
  },
  "is handed back": { to: "queued", end: (job) => node.end(job, { kind: "handed_back" }) },
  "is lost": {
    fields: { retry: SLOW_RETRY },
    to: "retrying",
    end: (job) => node.end(job, { kind: "lost", error: ERROR }),
  },
  "is cancelled, as it was asked to": {
    ...{ fields: { cancellable: "asks" }, to: "cancelled" },
    end: async (job) => {
      expect(await cs.jobs.cancel(job.id)).toBe("cancelling");
      await checkHoldings(database);
      await node.end(job, failed);
    },
  },
};

describe.each(Object.keys(NEEDS) as What[])("a job that holds %s", (what) => {
  test.each(Object.entries(WAYS))("and %s gives all back, to the next in line", async (_, { fields, to, end }) => {
    const { running, second } = await aPair(what, fields);
    await end(running);
    expect(await stateOf(running.id)).toBe(to);
    const again = async () => to === "queued" && node.complete((await node.claim())[0]!);
    // Who was handed back is still at the head of the queue; only for objects others are before him.
    if (what === "units") await again();
    await expectNext(what, running, second);
    if (what !== "units") await again();
    await checkRest(database);
  });

  const OVER: Readonly<Record<string, Way>> = {
    "is abandoned": { fields: { cancellable: "abandon" }, to: "cancelled", end: (job) => cs.jobs.cancel(job.id) },
    "fails by its time-out": { to: "failed", end: (job) => overrun(job) },
  };
  test.each(Object.entries(OVER))("and %s keeps all until its handler has ended", async (_, { fields, to, end }) => {
    const { running, second } = await aPair(what, fields);
    await end(running);
    expect(await stateOf(running.id)).toBe(to);
    // Others who find it overdue, or lost, a moment later hear that it is over.
    const late = { ...running, ordinal: 0 };
    expect((await node.end(late, failed, { stillRuns: true })).refused).toEqual([running.id]);
    await checkHoldings(database);
    expect(await node.claim()).toEqual([]);
    await node.end(running, { kind: "lost", error: ERROR });
    expect(await stateOf(running.id)).toBe(to);
    if (what !== "units") expect(await stateOf(second)).toBe("queued");
    await node.complete((await node.claim())[0]!);
    await checkRest(database);
  });
});

async function overrun(job: Claimed): Promise<void> {
  await anchor(job);
  await node.end({ ...job, ordinal: 0 }, failed, { stillRuns: true });
}

test("a job that is tried again stands in line again, behind who waits and behind its own attempt that still runs", async () => {
  const { running, second } = await aPair("both", { retry: { limit: 1, delayMs: 0, jitter: 0 } });
  await overrun(running);
  await database.store.comeDue(10);
  expect(await node.claim()).toEqual([]);
  expect(await stateOf(running.id)).toBe("waiting_for_lock");
  await checkHoldings(database);
  await node.end(running, { kind: "lost", error: ERROR });
  const [next] = await node.claim();
  expect(next!.id).toBe(second);
  await node.complete(next!);
  const [again] = await node.claim();
  expect(again).toMatchObject({ id: running.id, attempt: 2 });
  await node.complete(again!);
  await checkRest(database);
});

test("an attempt that holds nothing leaves nothing behind when it is abandoned", async () => {
  await poolOf(database, "gpu", 1);
  await cs.actions.put({ name: "edit", type: "test", needs: { gpu: 1 }, cancellable: "abandon" });
  await cs.actions.put({ name: "plain", type: "test", cancellable: "abandon" });
  await cs.jobs.create("edit");
  const { id } = await cs.jobs.create("plain");
  const jobs = await node.claim(2);
  await cs.jobs.cancel(id);
  await node.complete(jobs.find((job) => job.id !== id)!);
  await checkRest(database);
});

describe("a job in line", () => {
  const LEAVING: Readonly<Record<string, (id: string) => Promise<JobState>>> = {
    "is cancelled": (id) => cs.jobs.cancel(id),
    "is held": (id) => cs.jobs.hold(id),
    "is planned for later": (id) => cs.jobs.schedule(id, new Date(Date.now() + 60_000)),
    "is not planned any more": (id) => cs.jobs.unschedule(id),
  };

  test.each(Object.entries(LEAVING))("that %s is not waited for", async (_, leave) => {
    const { running, second } = await aPair("locks");
    const { id: third } = await cs.jobs.create("edit", { target });
    await node.claim();
    await leave(second);
    await checkHoldings(database);
    await node.complete(running);
    await expectNext("locks", running, third);
    await checkRest(database);
  });

  test.each(Object.entries(LEAVING))("that %s after it was handed its objects passes them on", async (_, leave) => {
    const { running, second } = await aPair("locks");
    const { id: third } = await cs.jobs.create("edit", { target });
    await node.claim();
    await node.complete(running);
    expect(await stateOf(second)).toBe("queued");
    await leave(second);
    await expectNext("locks", { ...running, id: second }, third);
    await checkRest(database);
  });

  test("keeps its place when its configuration is amended or its priority changed", async () => {
    const { running, second } = await aPair("locks");
    const { id: third } = await cs.jobs.create("edit", { target });
    await node.claim();
    await cs.jobs.setPriority(third, "urgent");
    await cs.jobs.amend(second, { crf: 18 });
    await checkHoldings(database);
    await node.complete(running);
    await expectNext("locks", running, second);
    expect(await stateOf(third)).toBe("queued");
  });

  test("that was handed its objects is none that admission moves", async () => {
    const { running, second } = await aPair("locks");
    await node.complete(running);
    const { store } = database;
    await store.transaction((tx) => tx.giveWay([second]));
    await store.transaction((tx) => tx.admitJobs([{ id: second, turn: 7 }]));
    await checkHoldings(database);
    expect(await node.claim()).toMatchObject([{ id: second }]);
  });
});
