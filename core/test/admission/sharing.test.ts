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
function aSharing(kept: readonly string[]) {
  const world = { now: 0, free: 0, isAlone: true };
  const done: { readonly what: "back" | "over"; readonly keys: readonly string[] }[] = [];
  const keeping: Partial<Keeping> = {
    get room() {
      return { free: world.free, all: kept.length };
    },
    get isAlone() {
      return world.isAlone;
    },
    isKept: (key) => kept.includes(key),
    started: async () => {},
    foundInUse: () => {},
    takeBack: async (keys) => void done.push({ what: "back", keys }),
    takeOver: async (keys) => void done.push({ what: "over", keys }),
  };
  const log = { error: (_: string, error: unknown) => expect.fail(String(error)) };
  const part = { environment: { monotonic: () => world.now }, log } as unknown as Part;
  const sharing = new Sharing(part, keeping as Keeping);
  /** A look at all jobs that starts none of them. */
  const look = (away: readonly Candidate[], elsewhere: readonly string[]) => {
    const keptElsewhere = new Map(elsewhere.map((key) => [key, 2]));
    const outcome = { candidates: away, taken: [], left: [], away, keptElsewhere, isHindered: false };
    return sharing.mind({ outcome: outcome as unknown as Contest, isFull: true, known: 0 });
  };
  return { world, done, sharing, look };
}

test("a node that keeps its share takes nothing over, though all of its objects are in use", async () => {
  const [here, there] = [objects(60, "here"), objects(60, "there")];
  const { done, look } = aSharing(here);
  expect(
    await look(
      [...here, ...there].map((key) => job(key)),
      there,
    ),
  ).toBe(false);
  expect(done).toEqual([]);
});

test("one that keeps less than half of it takes over half of what it lacks", async () => {
  const [here, there] = [objects(20, "here"), objects(180, "there")];
  const { done, look } = aSharing(here);
  expect(
    await look(
      [...here, ...there].map((key) => job(key)),
      there,
    ),
  ).toBe(true);
  expect(done).toEqual([{ what: "over", keys: there.slice(0, 40) }]);
});

test("a job that waits for an object of its own node has it by the next claims; what locks others beside has it taken back", async () => {
  const { world, done, look } = aSharing(["a", "b"]);
  const away = [job("a"), job("b", "c")];
  await look(away, []);
  world.now = 10_000;
  expect(await look(away, [])).toBe(true);
  expect(done).toEqual([{ what: "back", keys: ["b", "c"] }]);
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

test("a claim starts hardly more jobs than objects are free", () => {
  const { world, sharing } = aSharing(objects(100, "here"));
  world.free = 3;
  expect(sharing.begin()).toBe(11);
  expect(aSharing([]).sharing.begin()).toBe(Number.POSITIVE_INFINITY);
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
