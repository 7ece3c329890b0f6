import { describe, expect, test } from "vitest";
import { Pace } from "../../src/engine/pace.ts";

const SLOTS = 10;

/** A pace whose time has begun, and what it says after attempts have ended that ran for so long each. */
function aPace() {
  const pace = new Pace(() => SLOTS);
  pace.ahead(0);
  return {
    pace,
    after: (now: number, ranMs: readonly number[]) => {
      for (const ms of ranMs) pace.ended(ms);
      return pace.ahead(now);
    },
  };
}

const times = (count: number, ranMs: number) => Array<number>(count).fill(ranMs);

describe("a node may claim ahead", () => {
  test.each([
    ["nothing, before any attempt has ended", 100, [], 0],
    ["nothing, before every slot has ended one or some time has passed", 2, times(9, 1), 0],
    ["what it ends in a moment, as soon as every slot has ended one", 1, times(10, 1), 600],
    ["what it ends in a moment, when some time has passed", 5, times(20, 1), 240],
    ["no more than its bound, though no time seems to have passed", 0, times(10, 0), 2_000],
    ["nothing, while its slots hold all that it ends in a moment", 100, times(10, 30), 0],
    ["nothing for attempts that ran long, however many end at once", 1, times(100, 5_000), 0],
    ["what its slots can sustain, though all of them end at once", 1, times(10, 20), 30],
  ])("%s", (_, now, ranMs, ahead) => {
    expect(aPace().after(now, ranMs)).toBe(ahead);
  });

  test("less by half each time that nothing has ended, and then nothing", () => {
    const { after } = aPace();
    expect([after(1, times(10, 1)), after(6, []), after(11, []), after(16, [])]).toEqual([600, 300, 150, 75]);
    expect([after(21, []), after(26, []), after(31, [])]).toEqual([37, 18, 0]);
  });

  test("as much as ever when it had to wait for a claim meanwhile", () => {
    const { pace, after } = aPace();
    pace.starved(40);
    expect(after(41, times(10, 1))).toBe(600);
  });

  test("nothing when what it had claimed did not begin in time", () => {
    const { pace, after } = aPace();
    after(1, times(10, 1));
    pace.overtaken();
    expect(pace.ahead(2)).toBe(0);
  });
});
