import { expect, test } from "vitest";
import { Crowd } from "../../src/engine/crowd.ts";

const LANE = 7;

/** As many as there may be before each leaves others a start from the first. */
const FEW_NODES = 8;

function aCrowd(nodes = FEW_NODES) {
  let now = 0;
  const crowd = new Crowd({ environment: { monotonic: () => now, random: () => 1 }, census: { nodes } });
  const pass = (ms: number) => {
    now += ms;
  };
  /** Looks at once for jobs that it hears of, and finds so many. How long it should have waited, in whole milliseconds. */
  const look = (found: number, laneId = LANE) => {
    const waitMs = Math.round(crowd.hear(laneId) ?? Number.NaN);
    crowd.look()(found);
    return waitMs;
  };
  /** The same, a moment after all that it waited for. */
  const inVain = (times: number) =>
    Array.from({ length: times }, () => {
      pass(0.001);
      return look(0);
    });
  return { crowd, pass, look, inVain };
}

test("a node looks at once for jobs that it hears of, though others were faster a few times", () => {
  expect(aCrowd().inVain(2)).toEqual([0, 0]);
});

test("of many nodes each leaves others a start from the first", () => {
  expect(waitsOf(aCrowd(FEW_NODES + 1))[0]).toBe(FEW_NODES + 1);
  expect(waitsOf(aCrowd(100))[0]).toBe(100);
});

/** How long a node waits before each of seven looks in vain. */
function waitsOf({ crowd, pass }: ReturnType<typeof aCrowd>): readonly number[] {
  return Array.from({ length: 7 }, () => {
    const waitMs = crowd.hear(LANE)!;
    crowd.look()(0);
    pass(waitMs);
    return Math.round(waitMs);
  });
}

test("where others are faster again and again it leaves them a start, longer each time, and to an end", () => {
  expect(waitsOf(aCrowd())).toEqual([0, 0, 8, 40, 40, 40, 40]);
  const [first, ...others] = waitsOf(aCrowd(100));
  expect(first).toBe(100);
  for (const waitMs of others) expect(waitMs).toBeLessThanOrEqual(500);
  expect(others.at(-1)).toBeGreaterThan(400);
});

test("of a few nodes none waits for long", () => {
  expect(waitsOf(aCrowd(3))).toEqual([0, 0, 8, 15, 15, 15, 15]);
  expect(waitsOf(aCrowd(1))).toEqual([0, 0, 5, 5, 5, 5, 5]);
});

test("until then it is told nothing more", () => {
  const { crowd, inVain } = aCrowd();
  inVain(2);
  expect(crowd.hear(LANE)).toBeCloseTo(8);
  expect(crowd.hear(LANE)).toBeUndefined();
});

test("another lane is looked at at once", () => {
  const { look, inVain } = aCrowd();
  inVain(5);
  expect(look(0, LANE + 1)).toBe(0);
});

test("four looks of five that find something are enough to look at once; three of four are not", () => {
  const enough = aCrowd();
  const fourOfFive = [1, 1, 1, 1, 0];
  for (let n = 0; n < 20; n++) expect(fourOfFive.map((found) => enough.look(found))).toEqual([0, 0, 0, 0, 0]);
  const tooFew = aCrowd();
  const waits = Array.from({ length: 20 }, () => [1, 1, 1, 0].map((found) => tooFew.look(found))).flat();
  expect(waits.some((waitMs) => waitMs > 0)).toBe(true);
});

test("whoever finds some although nobody told of more meanwhile comes back fast: nobody else is there", () => {
  const { pass, look, inVain } = aCrowd();
  inVain(9);
  pass(0.5);
  look(1);
  pass(500);
  expect(look(1)).toBeLessThanOrEqual(8);
});

test("whoever finds some of a stream of jobs comes back slowly: others are there", () => {
  const { crowd, pass, inVain } = aCrowd(100);
  inVain(9);
  pass(500);
  crowd.hear(LANE);
  crowd.hear(LANE);
  crowd.look()(1);
  pass(500);
  expect(crowd.hear(LANE)).toBeGreaterThan(200);
});

test("a look that what came during another one led to counts like any other", () => {
  const { crowd } = aCrowd();
  crowd.hear(LANE);
  const looked = crowd.look();
  crowd.hear(LANE);
  looked(0);
  crowd.look()(0);
  expect(crowd.hear(LANE)).toBeCloseTo(8);
});

test("where jobs come rarely it looks at once, however often others were faster", () => {
  const { pass, look, inVain } = aCrowd();
  inVain(9);
  for (let n = 0; n < 9; n++) {
    pass(30_000);
    expect(look(0)).toBe(0);
  }
});

test("of many nodes none stays fast for ever: what was made up for is forgotten, too", () => {
  const { pass, look } = aCrowd(100);
  for (let n = 0; n < 20; n++) {
    pass(0.001);
    look(1);
    pass(500);
  }
  expect(look(1)).toBeLessThan(8);
  pass(60_000);
  expect(look(1)).toBe(100);
});
