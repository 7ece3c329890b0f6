import { expect, test } from "vitest";
import { AtOnce } from "../../src/engine/at-once.ts";
import { LeftJobs } from "../../src/engine/left-jobs.ts";

test("a claim starts half as many jobs where many were left, and more again step by step", () => {
  const atOnce = new AtOnce();
  const after = (taken: number, left: number) => {
    atOnce.claimed({ taken, left }, false);
    return atOnce.most;
  };
  expect(atOnce.most).toBe(400);
  expect([after(400, 100), after(400, 101), after(0, 1), after(0, 1)]).toEqual([400, 200, 100, 100]);
  expect([after(100, 25), after(100, 0)]).toEqual([125, 150]);
});

test("one that passes over what was left starts no fewer", () => {
  const atOnce = new AtOnce();
  atOnce.claimed({ taken: 0, left: 400 }, true);
  expect(atOnce.most).toBe(400);
});

test("jobs that were left are looked at again by a look at all jobs, and others beside them", () => {
  const left = new LeftJobs();
  left.replace(
    Array.from({ length: 50 }, (_, n) => ({ id: `${n}`, laneId: 1 })),
    0,
  );
  expect([left.limitFor(10, true), left.limitFor(100, true), left.limitFor(10, false)]).toEqual([90, 133, 18]);
});
