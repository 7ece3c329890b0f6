import { expect, test } from "vitest";
import type { Contest } from "../../src/engine/contest.ts";
import { Keeping } from "../../src/engine/keeping.ts";
import type { Part } from "../../src/engine/part.ts";
import { Sharing } from "../../src/engine/sharing.ts";
import type { Claimed } from "../../src/store/claim.ts";
import type { Candidate } from "../../src/store/contended.ts";

const job = (...objects: readonly string[]) =>
  ({
    id: `job of ${objects}`,
    laneId: 1,
    locks: objects.map((key) => ({ key, mode: "exclusive" })),
  }) as unknown as Candidate;
const objects = (count: number, name: string) => Array.from({ length: count }, (_, n) => `${name} ${n}`);

/** A node that keeps these objects, at a time that the test moves. */
function aSharing(initial: readonly string[]) {
  const kept = [...initial];
  const world = {
    now: 0,
    free: 0,
    isAlone: true,
    isReturning: false,
    keeps: false,
    counts: new Map<number, number>(),
    asked: 0,
    got: Number.POSITIVE_INFINITY,
  };
  const done: { readonly what: "back" | "over" | "all"; readonly keys: readonly string[] }[] = [];
  const keeping: Partial<Keeping> = {
    get room() {
      return { free: world.free, all: kept.length };
    },
    get isAlone() {
      return world.isAlone;
    },
    get isReturning() {
      return world.isReturning;
    },
    get alone() {
      return world.keeps ? { changes: "1", isKept: () => false } : undefined;
    },
    isKept: (key) => kept.includes(key),
    isWorth: (jobs) => jobs >= 100,
    lookAround: async () => {
      world.asked += 1;
      return { ours: kept.length, others: world.counts };
    },
    started: async (jobs) => {
      for (const { locks } of jobs) for (const { key } of locks) if (!kept.includes(key)) kept.push(key);
    },
    foundInUse: () => {},
    takeBack: async (keys) => void done.push({ what: "back", keys }),
    takeOver: async (keys) => {
      done.push({ what: "over", keys });
      return Math.min(keys.length, world.got);
    },
    lookAtAll: () => void done.push({ what: "all", keys: [] }),
  };
  const log = { error: (_: string, error: unknown) => expect.fail(String(error)) };
  const part = { environment: { monotonic: () => world.now }, log } as unknown as Part;
  const sharing = new Sharing(part, keeping as Keeping);
  /** A look at all jobs that starts none of them; `elsewhere`: the objects that each other node keeps, which has number 2 and so on. */
  const look = (
    away: readonly Candidate[],
    elsewhere: readonly (readonly string[])[],
    {
      wanted = 100,
      hasOthers = false,
      isFull = true,
      left = jobsAt(),
      taken = jobsAt(),
      behind = jobsAt(),
      heads = jobsAt(),
    } = {},
  ) => {
    const keptElsewhere = new Map(elsewhere.flatMap((keys, n) => keys.map((key) => [key, n + 2])));
    world.counts = new Map(elsewhere.map((keys, n) => [n + 2, keys.length]));
    const outcome = { candidates: away, heads, taken, left, away, behind, keptElsewhere, isHindered: false };
    return sharing.mind({ outcome: outcome as unknown as Contest, isFull, wanted, known: 0, hasOthers });
  };
  return { world, done, sharing, look };
}

const jobsAt = (...keys: readonly (readonly string[])[]) => keys.flat().map((key) => job(key));

test("a node that keeps 98 in 100 of its share takes nothing over, though all of its objects are in use; with fewer it does", async () => {
  const [here, there] = [objects(98, "here"), objects(102, "there")];
  const enough = aSharing(here);
  expect(await enough.look(jobsAt(here, there), [there])).toBe(false);
  expect(enough.done).toEqual([]);
  const more = [...there, "there 102"];
  const lacks = aSharing(here.slice(1));
  expect(await lacks.look(jobsAt(here, more), [more])).toBe(true);
  expect(lacks.done[0]).toEqual({ what: "over", keys: there.slice(0, 3) });
});

test("one that keeps less takes over what it lacks, from those that keep more, and looks again at once", async () => {
  const [here, there, poor] = [objects(20, "here"), objects(270, "there"), objects(10, "poor")];
  const { world, done, look } = aSharing(here);
  expect(await look(jobsAt(poor, there), [there, poor])).toBe(true);
  const took = { what: "over", keys: there.slice(0, 80) };
  expect(done).toEqual([took, { what: "all", keys: [] }]);
  expect(await look(jobsAt(there), [there, poor])).toBe(true);
  expect([done[2], world.asked]).toEqual([took, 2]);
});

test.each([
  { what: "tried in vain", left: jobsAt(objects(26, "held")), away: jobsAt(), asks: true },
  { what: "of objects that others keep", left: jobsAt(), away: jobsAt(objects(26, "there")), asks: true },
  { what: "of either, but few", left: jobsAt(objects(12, "held")), away: jobsAt(objects(13, "there")), asks: false },
])("a look that is not at all jobs and finds some $what has the node see what others keep: $asks", async (found) => {
  const there = objects(180, "there");
  const { world, done, look } = aSharing(objects(20, "here"));
  const taken = jobsAt(objects(100, "here"));
  await look(found.away, [there], { isFull: false, left: found.left, taken });
  expect(world.asked).toBe(found.asks ? 1 : 0);
  const keys = found.away.flatMap(({ locks }) => locks.map(({ key }) => key));
  expect(done.filter(({ what }) => what === "over")).toEqual(
    found.asks && keys.length > 0 ? [{ what: "over", keys }] : [],
  );
});

test("one that keeps less, and passed over what others keep, looks at all jobs next and takes over what it lacks", async () => {
  const there = objects(180, "there");
  const { world, done, look } = aSharing(objects(20, "here"));
  world.keeps = true;
  const part = { isFull: false, left: jobsAt(there.slice(0, 30)) };
  expect(await look([], [], part)).toBe(false);
  world.now += 20;
  world.counts = new Map([[2, 180]]);
  expect(await look([], [there], part)).toBe(true);
  expect(done).toEqual([{ what: "all", keys: [] }]);
  expect(await look(jobsAt(there), [there])).toBe(true);
  expect([done[1], world.asked]).toEqual([{ what: "over", keys: there.slice(0, 80) }, 3]);
});

test("twice a second it sees what others keep, though it finds enough to start, but not while it has just begun again", async () => {
  const { world, done, look } = aSharing(objects(20, "here"));
  world.keeps = true;
  const there = objects(180, "there");
  const part = { isFull: false, taken: jobsAt(objects(100, "here")) };
  const lookAt = async (now: number) => {
    world.now = now;
    return [await look([], [there], part), world.asked, done.length];
  };
  world.isReturning = true;
  expect(await lookAt(500)).toEqual([false, 0, 0]);
  world.isReturning = false;
  expect(await lookAt(499)).toEqual([false, 0, 0]);
  // It keeps fewer than a share.
  expect(await lookAt(500)).toEqual([true, 1, 1]);
  expect(await lookAt(999)).toEqual([false, 1, 1]);
  expect(await lookAt(1_000)).toEqual([true, 2, 2]);
});

test("where the first job does not start, though others do, a node looks at all of them next", async () => {
  const { world, done, look } = aSharing(objects(100, "here"));
  const part = { isFull: false, taken: jobsAt(objects(100, "here")), heads: jobsAt(["first"]) };
  for (world.now = 0; world.now < 250; world.now += 50) await look([], [], part);
  expect(done).toEqual([]);
  await look([], [], part);
  expect(done).toEqual([{ what: "all", keys: [] }]);
});

test("where nobody was seen to keep anything it asks again after 20 ms, else after 100", async () => {
  const { world, look } = aSharing(objects(90, "here"));
  world.keeps = true;
  const askedAt: number[] = [];
  for (world.now = 0; world.now < 240; world.now += 10) {
    const before = world.asked;
    await look([], world.now < 40 ? [] : [objects(90, "there")]);
    if (world.asked > before) askedAt.push(world.now);
  }
  expect(askedAt).toEqual([0, 20, 40, 140]);
});

test("it waits before it asks again what others keep, if it got nothing or has enough", async () => {
  const [here, there] = [objects(20, "here"), objects(180, "there")];
  const { world, done, look } = aSharing(here);
  world.got = 0;
  const twice = async () => [await look(jobsAt(there), [there]), await look(jobsAt(there), [there])];
  expect([...(await twice()), world.asked]).toEqual([false, false, 1]);
  expect(done).toEqual([{ what: "over", keys: there.slice(0, 80) }]);
  world.now += 100;
  await look(jobsAt(there), [there]);
  expect(world.asked).toBe(2);
});

test("a node that can start few jobs takes nothing over, nor one where few objects are kept", async () => {
  const there = objects(180, "there");
  const few = aSharing([]);
  expect([await few.look(jobsAt(there), [there], { wanted: 99 }), few.world.asked, few.done]).toEqual([false, 0, []]);
  const small = aSharing([]);
  expect([await small.look(jobsAt(there), [there.slice(0, 99)]), small.world.asked, small.done]).toEqual([
    false,
    1,
    [],
  ]);
});

test("a job that waits for an object of its own node has it by the next claims; what locks others beside has it taken back", async () => {
  const { world, done, look } = aSharing(["a", "b"]);
  const away = [job("a"), job("b", "c")];
  await look(away, []);
  world.now = 10_000;
  expect(await look(away, [])).toBe(true);
  expect(done).toEqual([{ what: "back", keys: ["b", "c"] }]);
});

test.each([
  { what: "nothing else", hasOthers: false, waitsMs: 100, pauses: true },
  { what: "others", hasOthers: true, waitsMs: 500, pauses: false },
])("a node that has $what to start takes an object back after $waitsMs ms", async ({ hasOthers, waitsMs, pauses }) => {
  const { world, done, sharing, look } = aSharing([]);
  const see = () => look([job("there")], [["there"]], { hasOthers });
  await see();
  expect(sharing.pauseMs() > 0).toBe(pauses);
  world.now = waitsMs - 1;
  await see();
  expect(done).toEqual([]);
  world.now = waitsMs;
  await see();
  expect(done).toEqual([{ what: "back", keys: ["there"] }]);
});

test("a node claims at once where enough of its objects are free, and waits for more of them beside others", () => {
  const { world, sharing } = aSharing(objects(100, "here"));
  const pauses = (free: number, isAlone: boolean) => {
    Object.assign(world, { free, isAlone });
    return sharing.pauseMs() > 0;
  };
  sharing.begin();
  expect([pauses(44, true), pauses(45, true), pauses(79, false), pauses(80, false)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  world.now += 30;
  expect([pauses(0, true), pauses(0, false)]).toEqual([false, false]);
});

test("a claim starts hardly more jobs than objects are free, and leaves some of many to those whose jobs lag behind", () => {
  const { world, sharing } = aSharing(objects(100, "here"));
  world.free = 3;
  expect(sharing.begin()).toBe(11);
  world.free = 100;
  expect(sharing.begin()).toBe(93);
  expect(aSharing([]).sharing.begin()).toBe(Number.POSITIVE_INFINITY);
});

test.each([
  { what: "it keeps no more than before", found: { taken: ["here"] }, isBounded: true },
  { what: "it keeps more", found: { taken: ["new"] }, isBounded: false },
  { what: "it keeps more, and some were in vain", found: { taken: ["new"], inVain: 25 }, isBounded: false },
  { what: "it keeps more, and many were in vain", found: { taken: ["new"], inVain: 26 }, isBounded: true },
  { what: "it keeps more by a look at all", found: { taken: ["new"], inVain: 26, isFull: true }, isBounded: false },
])("where $what, the next claim is bounded by what is free: $isBounded", async ({ found, isBounded }) => {
  const {
    taken: names,
    inVain = 0,
    isFull = false,
  } = { ...found } as { taken: string[]; inVain?: number; isFull?: boolean };
  for (const why of ["left", "behind"] as const) {
    const { sharing, look } = aSharing(objects(100, "here"));
    const taken = names.flatMap((name) => jobsAt(objects(100, name)));
    await look([], [], { isFull, taken, [why]: jobsAt(objects(inVain, "held")) });
    expect(Number.isFinite(sharing.begin())).toBe(isBounded);
  }
});

test("a node is alone until it is found that others keep objects, and again when that was not found for a while", async () => {
  let now = 0;
  const store = { openKeeper: async () => "1" };
  const part = { store, environment: { monotonic: () => now } } as unknown as Part;
  const keeping = new Keeping(part, () => 1, { from: 1 });
  await keeping.started([{ ...job("a"), isKept: true } as unknown as Claimed], 1);
  keeping.foundInUse(["b"], []);
  expect(keeping.isAlone).toBe(true);
  keeping.foundInUse([], ["c"]);
  expect(keeping.isAlone).toBe(false);
  now += 2_000;
  expect(keeping.isAlone).toBe(true);
});

test("a node that gives all back while a claim is under way keeps nothing of what that took", async () => {
  const part = { environment: { monotonic: () => 0 } } as unknown as Part;
  const keeping = new Keeping(part, () => 1);
  await keeping.started([{ ...job("a"), isKept: true } as unknown as Claimed], 0);
  expect([keeping.alone, keeping.isKept("a"), keeping.isInUse("a")]).toEqual([undefined, false, true]);
});
