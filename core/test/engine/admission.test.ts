import { expect, onTestFinished, test } from "vitest";
import { startAdmission } from "../../src/engine/admission.ts";
import type { Part } from "../../src/engine/part.ts";
import type { Hint } from "../../src/operations/hint.ts";
import type { Candidate } from "../../src/store/admission.ts";
import { aServiceTime, settle } from "../fixtures/service-time.ts";

const CAPACITY = 8;
const aJob = (id: string, turn: number | null): Candidate => ({
  ...{ id, laneId: 1, ownerId: 1, actionVersionId: 1, rank: 3 },
  ...{ dueAt: new Date(0), turn },
});
const jobs = (count: number, turn: number | null) =>
  Array.from({ length: count }, (_, n) => aJob(`${turn === null ? "pending" : "queued"} ${n}`, turn));

/** Admission over a queue as the test says it is, at a time that the test moves. `rounds` notes when each was. */
function anAdmission() {
  const world = { queued: 0, pending: 100, isMine: true, isAway: false, isShared: false, tookMs: 0 };
  const { now, timers, dueAt, moveTo } = aServiceTime();
  const rounds: number[] = [];
  const turns = new Map<string, number>();
  const admitted: number[] = [];
  const said: Hint[] = [];
  const hearers: ((hint: Hint) => void)[] = [];
  const hear = (hint: Hint) => {
    for (const one of hearers) one(hint);
  };
  const admitter = { now: new Date(), stepMs: 1_000, capacity: CAPACITY, hasPools: false };
  const tx = {
    becomeAdmitter: async () => {
      rounds.push(now());
      if (world.isAway) throw new Error("away");
      return world.isMine ? { ...admitter, isShared: world.isShared } : undefined;
    },
    queuedJobs: async () => {
      await moveTo(now() + world.tookMs);
      return jobs(world.queued, 1).map((job) => ({ ...job, turn: turns.get(job.id) ?? 1 }));
    },
    pendingHeads: async () => jobs(world.pending, null),
    guestHeads: async () => [],
    liveByOwner: async () => [],
    admitJobs: async (all: readonly { readonly id: string; readonly turn: number }[]) => {
      for (const { id, turn } of all) turns.set(id, turn);
      admitted.push(all.filter(({ id }) => id.startsWith("pending")).length);
    },
    ...{ giveWay: async () => {}, putReservations: async () => {} },
  };
  const part = {
    store: { transaction: (work: (statements: typeof tx) => unknown) => work(tx) },
    catalogue: { durations: async () => new Map() },
    environment: { monotonic: now, random: () => 0, timers },
    log: { error: (_: string, error: unknown) => expect(error).toEqual(new Error("away")) },
    bus: {
      subscribe: (one: (hint: Hint) => void) => {
        hearers.push(one);
        return () => {};
      },
      publish: (hint: Hint) => {
        said.push(hint);
        hear(hint);
      },
    },
  };
  const service = startAdmission(part as unknown as Part);
  onTestFinished(() => service.stop());
  const wake = async () => {
    service.wake();
    await settle();
  };
  let tell = 500;
  /** Lets time pass, and is told that jobs wait every half a second of it. */
  const pass = async (ms: number) => {
    const until = now() + ms;
    while (now() < until) {
      const at = Math.min(dueAt() ?? until, tell, until);
      const isDue = dueAt() === at;
      await moveTo(at);
      if (isDue || at !== tell) continue;
      await wake();
      tell += 500;
    }
  };
  return { world, rounds, admitted, said, hear, wake, pass };
}

test("rounds become rarer while nodes empty the queue, however often it is told that jobs wait", async () => {
  const { rounds, wake, pass } = anAdmission();
  await wake();
  await pass(7_000);
  expect(rounds).toEqual([0, 400, 2_000, 4_000, 6_000]);
});

test.each([
  { isShared: false, rush: 2 },
  { isShared: true, rush: CAPACITY },
])(
  `and put $rush of ${CAPACITY} jobs into it then, where owners share lanes: $isShared`,
  async ({ isShared, rush }) => {
    const { world, admitted, wake, pass } = anAdmission();
    world.isShared = isShared;
    await wake();
    await pass(3_000);
    expect(admitted).toEqual([rush, rush, rush]);
    world.queued = 3;
    await pass(1_100);
    // The queue was not emptied before the last round.
    const free = CAPACITY - world.queued;
    expect(admitted.slice(3)).toEqual([Math.min(rush, free), free]);
  },
);

test("they come every 100 ms as long as jobs stand in the queue", async () => {
  const { world, rounds, wake, pass } = anAdmission();
  world.queued = CAPACITY;
  await wake();
  await pass(350);
  expect(rounds).toEqual([0, 100, 200, 300]);
});

test("a round that takes long is followed by a wait of three times as long, and of nineteen times if it changed nothing", async () => {
  const { world, rounds, said, wake, pass } = anAdmission();
  Object.assign(world, { queued: CAPACITY, tookMs: 50 });
  await wake();
  await pass(2_250);
  // The first one gives the queued jobs their turns.
  expect(rounds).toEqual([0, 200, 1_200, 2_200]);
  const long = (gapMs: number) => ({ kind: "admission", stood: CAPACITY, gapMs, isRush: false });
  expect(said).toEqual([150, 950, 950, 950].map(long));
});

test("others make none meanwhile, and fill the queue then", async () => {
  const { rounds, admitted, hear, wake, pass } = anAdmission();
  hear({ kind: "admission", stood: CAPACITY, gapMs: 950, isRush: false });
  await wake();
  await pass(1_040);
  expect([rounds, admitted]).toEqual([[950], [CAPACITY]]);
});

test("a round that failed is done again when it is told that jobs wait", async () => {
  const { world, rounds, wake, pass } = anAdmission();
  await wake();
  world.isAway = true;
  await pass(450);
  expect(rounds).toEqual([0, 400]);
  await wake();
  expect(rounds).toEqual([0, 400, 450]);
});

test.each([
  { what: "no job waits", now: { pending: 0 } },
  { what: "another process admits", now: { isMine: false } },
])("when $what there is none until it is told that jobs wait, and then at once", async ({ now }) => {
  const { world, rounds, wake, pass } = anAdmission();
  Object.assign(world, now);
  await wake();
  await pass(499);
  expect(rounds).toEqual([0]);
  await pass(2);
  expect(rounds).toEqual([0, 500]);
});

test("a process that hears of another's rounds makes none of its own as long as that one needs none, and puts as few jobs into the queue", async () => {
  const { world, rounds, admitted, said, hear, wake, pass } = anAdmission();
  hear({ kind: "admission", stood: CAPACITY, gapMs: 400, isRush: true });
  await pass(100);
  await wake();
  await pass(199);
  hear({ kind: "admission", stood: 2, gapMs: 1_600, isRush: true });
  await pass(1_700);
  // 1,600 ms after it last heard of one; it was told at 500, 1,000 and 1,500 that jobs wait.
  expect([rounds, admitted]).toEqual([[1_899], [2]]);
  expect(said).toEqual([{ kind: "admission", stood: 2, gapMs: 2_000, isRush: true }]);
  world.isMine = false;
  await pass(2_000);
  expect(rounds).toEqual([1_899, 3_899]);
});

test("nor does it fill the queue then, though jobs stood in it before its own last round", async () => {
  const { world, admitted, hear, wake, pass } = anAdmission();
  world.queued = 3;
  await wake();
  await pass(50);
  hear({ kind: "admission", stood: 2, gapMs: 400, isRush: true });
  world.queued = 0;
  await pass(500);
  expect(admitted).toEqual([2, 2]);
});

test("where owners share lanes it does, as each of its rounds may change who goes first", async () => {
  const { world, rounds, hear, wake, pass } = anAdmission();
  world.isShared = true;
  await wake();
  hear({ kind: "admission", stood: CAPACITY, gapMs: 2_000, isRush: true });
  await pass(600);
  expect(rounds).toEqual([0, 400]);
});

test("others hear of rounds that become rarer, and of no others", async () => {
  const { world, rounds, said, wake, pass } = anAdmission();
  await wake();
  await pass(3_000);
  const gaps = said.map((hint) => hint.kind === "admission" && hint.gapMs);
  expect([rounds, gaps]).toEqual([
    [0, 400, 2_000],
    [400, 1_600, 2_000],
  ]);
  world.queued = CAPACITY;
  await pass(1_500);
  expect([rounds.slice(3), said.length]).toEqual([[4_000, 4_100, 4_200, 4_300, 4_400, 4_500], 3]);
});

test("when nobody waits any more the next burst has its first two rounds as close to each other as the first one", async () => {
  const { world, rounds, wake, pass } = anAdmission();
  await wake();
  await pass(2_100);
  world.pending = 0;
  await pass(2_000);
  world.pending = 100;
  await pass(1_000);
  // It was found at 4,000 ms that nobody waits.
  expect(rounds.slice(0, 3)).toEqual([0, 400, 2_000]);
  expect(rounds.slice(-2)).toEqual([4_500, 4_900]);
});
