import { expect, test } from "vitest";
import { Keeping } from "../../src/engine/keeping.ts";
import type { Part } from "../../src/engine/part.ts";
import type { Claimed } from "../../src/store/claim.ts";
import { objectHash } from "../../src/store/keeping.ts";

/** A node that keeps objects from its first job on, beside another one that keeps `theirs`. */
function aKeeping(theirs: readonly string[]) {
  const world = { now: 0, theirs };
  const store = {
    openKeeper: async () => "1",
    keptElsewhere: async () =>
      world.theirs.length === 0 ? [] : [{ nodeId: 2, count: world.theirs.length, keys: world.theirs }],
    transaction: async () => {},
  };
  const part = { store, environment: { monotonic: () => world.now } } as unknown as Part;
  const keeping = new Keeping(part, () => 1, { from: 1 });
  const startAt = (key: string) =>
    keeping.started([{ id: key, locks: [{ key, mode: "exclusive" }], isKept: true } as unknown as Claimed], 1);
  return { world, keeping, startAt };
}

const hashes = (...keys: readonly string[]) => keys.map(objectHash);

test("a node that begins to keep objects again passes over those that others kept, and tries none in vain for long", async () => {
  const { world, keeping, startAt } = aKeeping(["b", "c"]);
  await startAt("a");
  expect([keeping.isReturning, keeping.inUse()]).toEqual([false, []]);
  await keeping.lookAround();
  await keeping.rest();
  world.theirs = [];
  world.now += 60_000;
  await startAt("a");
  keeping.foundInUse(["held"], []);
  expect([keeping.isReturning, keeping.inUse()]).toEqual([true, hashes("b", "c", "a")]);
  world.now += 200;
  keeping.foundInUse(["held"], []);
  expect([keeping.isReturning, keeping.inUse()]).toEqual([false, hashes("b", "c", "held", "a")]);
  world.now += 200;
  expect(keeping.inUse()).toEqual(hashes("a"));
});

test("an object that it keeps by now it does not pass over, whoever kept it before", async () => {
  const { keeping, startAt } = aKeeping(["b", "c"]);
  await startAt("a");
  await keeping.lookAround();
  await keeping.rest();
  await startAt("a");
  await startAt("b");
  keeping.freed([{ jobId: "b", key: "b" }]);
  expect(keeping.inUse()).toEqual(hashes("c", "a"));
});

test.each([
  { what: "while it is at work", afterMs: 99, returns: false },
  { what: "when it has been at rest for a while", afterMs: 100, returns: true },
])(
  "what others kept is forgotten when nobody is seen to keep anything $what: $returns",
  async ({ afterMs, returns }) => {
    const { world, keeping, startAt } = aKeeping(["b"]);
    await startAt("a");
    await keeping.lookAround();
    world.now += afterMs;
    world.theirs = [];
    await keeping.lookAround();
    await keeping.rest();
    await startAt("a");
    expect(keeping.isReturning).toBe(returns);
  },
);
