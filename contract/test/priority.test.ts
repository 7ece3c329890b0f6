import { describe, expect, it } from "vitest";
import {
  ageingBoundMs,
  effectiveLevel,
  PRIORITIES,
  PRIORITY_NAMES,
  parsePriority,
  priorityName,
} from "../src/model/priority.ts";

const STEP = 600_000;

describe("priorities", () => {
  it.each([
    ["highest", "highest"],
    ["Normal", "normal"],
    [" LOW ", "low"],
    [1, "lowest"],
    [6, "urgent"],
    ["5", "highest"],
  ])("reads %j as %s", (written, name) => expect(parsePriority(written)).toBe(name));

  it.each([0, 7, 2.5, Number.NaN, "", "medium", "60", null, undefined, true, {}, "toString"])("refuses %j", (written) =>
    expect(parsePriority(written)).toBeUndefined(),
  );

  it("names each level, and reads each name and level back", () => {
    for (const name of PRIORITY_NAMES) {
      expect(priorityName(PRIORITIES[name])).toBe(name);
      expect(parsePriority(PRIORITIES[name])).toBe(name);
    }
  });
});

describe("ageing", () => {
  it.each([
    [1, 0, 1],
    [1, STEP - 1, 1],
    [1, STEP, 2],
    [1, 4 * STEP - 1, 4],
    [1, 4 * STEP, 5],
    [1, 400 * STEP, 5],
    [3, 2 * STEP, 5],
    [5, 9 * STEP, 5],
    [6, 0, 6],
    [6, 9 * STEP, 6],
    [3, -STEP, 3],
  ] as const)("takes level %i after %i ms of waiting for level %i", (level, waitedMs, effective) => {
    expect(effectiveLevel(level, waitedMs)).toBe(effective);
    expect(effectiveLevel(level, waitedMs, STEP)).toBe(effective);
  });

  it("is switched off by an endless step, and refuses one that is not positive", () => {
    expect(effectiveLevel(1, 1e12, Number.POSITIVE_INFINITY)).toBe(1);
    for (const step of [0, -1, Number.NaN]) expect(() => effectiveLevel(1, 0, step)).toThrow(RangeError);
  });

  it("makes every job highest after its bound, and not a millisecond earlier", () => {
    expect(ageingBoundMs(1, STEP)).toBe(4 * STEP);
    for (const level of [1, 2, 3, 4] as const) {
      expect(effectiveLevel(level, ageingBoundMs(level, STEP), STEP)).toBe(5);
      expect(effectiveLevel(level, ageingBoundMs(level, STEP) - 1, STEP)).toBe(4);
    }
    expect(ageingBoundMs(6, STEP)).toBe(0);
  });
});
