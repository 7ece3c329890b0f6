import { expect, onTestFinished, test } from "vitest";
import { CHANCE_MS, LOOK_MS, SILENCE_MS } from "../../src/engine/heartbeat/times.ts";
import { Lookout } from "../../src/engine/lookout.ts";
import { systemEnvironment } from "../../src/index.ts";
import { openTestDatabase, type TestDatabase } from "../../src/testing/index.ts";

/** A node that nobody can see, and observers of it whose clocks the test moves: each began at another time. */
async function aPlace() {
  const database = await openTestDatabase();
  onTestFinished(() => database.close());
  const far = {
    host: "elsewhere",
    bootId: "b",
    pid: 1,
    pidStarted: "1",
    incarnation: systemEnvironment().newIncarnation(),
  };
  const node = { name: "far", site: "default", slots: 1, types: [], capabilities: [] };
  const nodeId = await database.store.registerNode({ ...far, ...node });
  const beat = () => database.store.beat(nodeId, { lagMs: 0, refused: 0 });
  return { ...database, store: database.store, beat };
}

let born = 0;
function anObserver({ store }: Pick<TestDatabase, "store">) {
  const clock = { now: 1_000_000 * ++born };
  const environment = { ...systemEnvironment(), monotonic: () => clock.now };
  const lookout = new Lookout({ store, environment });
  const isUp = async () => (await lookout.look()).heartbeats.length === 1;
  return {
    pass: (ms: number) => {
      clock.now += ms;
    },
    isUp,
    /** Looks at the usual interval for so long; answers whether the node is up after that. */
    watches: async (ms: number) => {
      await lookout.look();
      for (let passed = 0; passed < ms; passed += LOOK_MS) {
        clock.now += LOOK_MS;
        await lookout.look();
      }
      return (await store.heartbeats()).length === 1;
    },
  };
}

test("an observer that comes after another one goes on with its watch, and judges once it has watched for a moment", async () => {
  const place = await aPlace();
  expect(await anObserver(place).watches(SILENCE_MS - CHANCE_MS)).toBe(true);
  expect(await anObserver(place).watches(CHANCE_MS - LOOK_MS)).toBe(true);
  expect(await anObserver(place).watches(CHANCE_MS)).toBe(false);
  expect(await place.store.readNodes({ ended: true, limit: 9 })).toMatchObject([
    { state: "dead", cause: "no heartbeat for 12 s" },
  ]);
});

test("what was noted counts no more once the node has beaten", async () => {
  const place = await aPlace();
  expect(await anObserver(place).watches(SILENCE_MS - LOOK_MS)).toBe(true);
  await place.beat();
  expect(await anObserver(place).watches(SILENCE_MS - LOOK_MS)).toBe(true);
  expect(await anObserver(place).watches(CHANCE_MS)).toBe(false);
});

test("an observer that stood still judges nobody by what it saw, or others noted, before", async () => {
  const place = await aPlace();
  const stopped = anObserver(place);
  expect(await stopped.watches(SILENCE_MS - LOOK_MS)).toBe(true);
  stopped.pass(600_000);
  expect(await stopped.isUp()).toBe(true);
  expect(await stopped.watches(CHANCE_MS - LOOK_MS)).toBe(true);
  await place.beat();
  expect(await stopped.watches(SILENCE_MS - LOOK_MS)).toBe(true);
});
