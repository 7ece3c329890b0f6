import { expect, test } from "vitest";
import { AtOnce } from "../../src/engine/at-once.ts";

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
