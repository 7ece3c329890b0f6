import { expect, test } from "vitest";
import { Crowd } from "../../src/engine/crowd.ts";

const LANE = 7;

/** As many as there may be before each leaves others a start from the first. */
const FEW = 8;

function aCrowd(processes = FEW) {
  let now = 0;
  const crowd = new Crowd({ environment: { monotonic: () => now, random: () => 1 }, census: { processes } });
  const pass = (ms: number) => {
    now += ms;
  };
  /** Looks at once for jobs that it hears of, and finds so many. How long it should have waited, in whole milliseconds. */
  const look = (found: number, laneId = LANE, wasToldMore = false) => {
    const waitMs = Math.round(crowd.waitMs(laneId));
    crowd.looked(laneId, { hasFound: found > 0, wasToldMore });
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

test("a process looks at once for jobs that it hears of, though others were faster a few times", () => {
  expect(aCrowd().inVain(2)).toEqual([0, 0]);
});

test("of many processes each leaves others a start from the first", () => {
  expect(waitsOf(aCrowd(FEW + 1))[0]).toBe(FEW + 1);
  expect(waitsOf(aCrowd(100))[0]).toBe(100);
});

/** How long a process waits before each of seven looks in vain. */
function waitsOf({ crowd, pass }: ReturnType<typeof aCrowd>): readonly number[] {
  return Array.from({ length: 7 }, () => {
    const waitMs = crowd.waitMs(LANE);
    crowd.looked(LANE, { hasFound: false, wasToldMore: false });
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

test("of a few processes none waits for long", () => {
  expect(waitsOf(aCrowd(3))).toEqual([0, 0, 8, 15, 15, 15, 15]);
  expect(waitsOf(aCrowd(1))).toEqual([0, 0, 5, 5, 5, 5, 5]);
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
  const { crowd, pass, look, inVain } = aCrowd(100);
  inVain(9);
  pass(500);
  look(1, LANE, true);
  pass(500);
  expect(crowd.waitMs(LANE)).toBeGreaterThan(200);
});

test("where jobs come rarely it looks at once, however often others were faster", () => {
  const { pass, look, inVain } = aCrowd();
  inVain(9);
  for (let n = 0; n < 9; n++) {
    pass(30_000);
    expect(look(0)).toBe(0);
  }
});

test("of many processes none stays fast for ever: what was made up for is forgotten, too", () => {
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
