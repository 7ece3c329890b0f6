import { expect, test } from "vitest";
import { Crowd } from "../../src/engine/crowd.ts";

const LANE = 7;

/** What a node is told that hears of jobs again and again, and finds none. */
function inVain(crowd: Crowd, times: number): readonly (number | undefined)[] {
  return Array.from({ length: times }, () => {
    const waitMs = crowd.hear(LANE);
    crowd.found(0);
    return waitMs;
  });
}

function aCrowd() {
  let now = 0;
  const crowd = new Crowd({ monotonic: () => now, random: () => 1 });
  const pass = (ms: number) => {
    now += ms;
  };
  return { crowd, pass };
}

test("a node looks at once for jobs that it hears of, though others were faster a few times", () => {
  expect(inVain(aCrowd().crowd, 9)).toEqual(Array(9).fill(0));
});

test("where others are faster again and again it leaves them a start, longer each time, and to an end", () => {
  const { crowd, pass } = aCrowd();
  inVain(crowd, 9);
  const waits = Array.from({ length: 9 }, () => {
    const [waitMs] = inVain(crowd, 1);
    pass(waitMs!);
    return waitMs;
  });
  expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 200, 200]);
});

test("until then it is told nothing more", () => {
  const { crowd, pass } = aCrowd();
  inVain(crowd, 9);
  const waitMs = crowd.hear(LANE)!;
  expect(waitMs).toBeGreaterThan(0);
  expect(crowd.hear(LANE)).toBeUndefined();
  pass(waitMs);
  expect(crowd.hear(LANE)).toBe(waitMs);
});

test("another lane is looked at at once, and whoever found something looks at once everywhere", () => {
  const { crowd } = aCrowd();
  inVain(crowd, 20);
  expect(crowd.hear(LANE + 1)).toBe(0);
  crowd.found(1);
  expect(crowd.hear(LANE)).toBe(0);
});
