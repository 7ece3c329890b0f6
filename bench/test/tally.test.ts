import { describe, expect, it } from "vitest";
import { makeCounter } from "../actors/counter.mjs";
import { faultOf, isVoid, tally } from "../measure/tally.mjs";

const seenBy = (...times: number[]) => Uint8Array.from(times);

describe("what became of the jobs", () => {
  it("finds nothing wrong when two processes share the jobs", () => {
    const counts = tally({ attempted: 4, seen: [seenBy(1, 0, 1, 0), seenBy(0, 1, 0, 1)], left: 0 });
    expect(counts).toEqual({ attempted: 4, handled: 4, finished: 4, left: 0, lost: 0, doubled: 0 });
    expect(isVoid(counts)).toBe(false);
  });

  it("calls a job lost that the store holds finished and no handler ran", () => {
    const counts = tally({ attempted: 3, seen: [seenBy(1, 0, 1)], left: 0 });
    expect(counts).toMatchObject({ finished: 3, lost: 1, doubled: 0 });
    expect(isVoid(counts)).toBe(true);
  });

  it("does not call a job lost that still waits", () => {
    expect(tally({ attempted: 3, seen: [seenBy(1, 0, 1)], left: 1 })).toMatchObject({ finished: 2, lost: 0 });
  });

  it("does not let a doubled job hide a lost one", () => {
    expect(tally({ attempted: 3, seen: [seenBy(2, 0, 1)], left: 0 })).toMatchObject({ lost: 1, doubled: 1 });
  });

  it("finds a job doubled that ran once in each of two processes", () => {
    expect(tally({ attempted: 2, seen: [seenBy(1, 1), seenBy(0, 1)], left: 0 })).toMatchObject({ doubled: 1 });
  });

  it("is not void for a doubled job, which is reported", () => {
    expect(isVoid(tally({ attempted: 1, seen: [seenBy(2)], left: 0 }))).toBe(false);
  });
});

describe("a run that did not go as it must", () => {
  const aRun = (counts: object, complete = 1, system = "callsheet") => ({
    ...{ system, figures: { complete } },
    counts: { lost: 0, doubled: 0, ...counts },
  });

  it("is told, whatever its size, when it lost a job, or Callsheet began one twice", () => {
    expect(faultOf(aRun({ lost: 2 }, 1, "elephant"), { quick: false })).toBe("lost 2 jobs");
    expect(faultOf(aRun({ doubled: 1 }), { quick: false })).toBe("began 1 jobs twice");
    expect(faultOf(aRun({ doubled: 1 }, 1, "elephant"), { quick: false })).toBeUndefined();
  });

  it("is one of small size that was cut off; a large one may be", () => {
    expect(faultOf(aRun({}, 0), { quick: true })).toBe("did not end");
    expect(faultOf(aRun({}, 0), { quick: false })).toBeUndefined();
    expect(faultOf(aRun({}), { quick: true })).toBeUndefined();
  });
});

describe("a worker's counter", () => {
  it("counts every start and keeps the time of the first", () => {
    const counter = makeCounter(3);
    counter.count(1);
    const [, first] = counter.startedAtMs;
    counter.count(1);
    counter.count(2);
    expect([...counter.seen]).toEqual([0, 2, 1]);
    expect(counter.handled()).toBe(3);
    expect(first).toBeGreaterThan(0);
    expect(counter.startedAtMs[1]).toBe(first);
    expect(counter.startedAtMs[0]).toBe(0);
  });

  it("stops at 255 instead of beginning again at 0", () => {
    const counter = makeCounter(1);
    for (let time = 0; time < 300; time += 1) counter.count(0);
    expect(counter.seen[0]).toBe(255);
  });
});
