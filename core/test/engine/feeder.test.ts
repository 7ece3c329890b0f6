import { expect, test } from "vitest";
import { Feeder, type FeederOptions } from "../../src/engine/feeder.ts";

const SLOTS = 4;
const job = (n: number) => ({ id: `j${n}`, actionVersionId: 1, ownerId: 1, ordinal: 1, token: "1" });

/** A feeder of four slots over a backlog without end, at a time that the test moves. */
function aFeeder() {
  const asked: number[] = [];
  const claimer = {
    claim: async (want: number) => claim(want),
    rest: () => {},
    wasSeen: false,
    left: Number.POSITIVE_INFINITY,
  };
  let [now, running, claimed] = [0, 0, 0];
  const runner = {
    start: () => void running++,
    get free() {
      return SLOTS - running;
    },
  };
  const catalogue = { versions: async () => new Map(), ownerNames: async () => new Map() };
  const claim = async (want: number) => {
    asked.push(want);
    const count = Math.min(want, claimer.left);
    claimer.left -= count;
    return { jobs: Array.from({ length: count }, () => job(claimed++)), mayHoldMore: count === want };
  };
  const feeder = new Feeder({
    ...{ slots: () => SLOTS, runner, claimer, reporter: { backlog: 0 }, onHungry: () => {} },
    ...{ isCertain: () => true, onClaimed: () => {} },
    part: { environment: { monotonic: () => now }, catalogue },
  } as unknown as FeederOptions);
  return {
    asked,
    claimer,
    begun: feeder.begun,
    round: (isUsual?: boolean) => feeder.round(isUsual),
    /** All handlers end, five milliseconds after whatever was before. */
    end: async (ranMs: number) => {
      now += 5;
      running = 0;
      for (let n = 0; n < SLOTS; n++) feeder.more(ranMs);
      await feeder.round();
    },
  };
}

test("a node whose handlers take seconds claims no more than it has slots, however many of them end at once", async () => {
  const feeder = aFeeder();
  await feeder.round();
  for (let n = 0; n < 5; n++) await feeder.end(5_000);
  expect(feeder.asked).toEqual(Array(6).fill(SLOTS));
});

test("a node whose handlers take a moment claims what it will run in the next one", async () => {
  const feeder = aFeeder();
  await feeder.round();
  await feeder.end(2);
  expect(Math.max(...feeder.asked)).toBeGreaterThan(SLOTS);
});

test("a look now and then is spared when another node has seen everything, and no other look is", async () => {
  const { claimer, round, asked } = aFeeder();
  claimer.wasSeen = true;
  await round(true);
  expect(asked).toEqual([]);
  await round(false);
  expect(asked).toEqual([SLOTS]);
});

test("a node comes back soon to what it took ahead, also when it took all there was: others may have room for it", async () => {
  const { claimer, round, end } = aFeeder();
  await round();
  claimer.left = SLOTS + 1;
  await end(2);
  claimer.left = 0;
  expect(await round()).toBe(250);
});

test("a node has begun when it has claimed once, though it found nothing then and looks on", async () => {
  const { claimer, round, begun } = aFeeder();
  let looks = 0;
  claimer.claim = () => (looks++ === 0 ? Promise.resolve({ jobs: [], mayHoldMore: true }) : new Promise(() => {}));
  void round();
  await begun;
  expect(looks).toBeGreaterThan(0);
});
