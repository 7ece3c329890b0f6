import { expect, it } from "vitest";
import { explainGroup } from "../src/model/explain-group.ts";
import type { Group } from "../src/model/group.ts";

const NONE = {
  ...{ live: 0, overdue: 0, waiting: 0, held: 0, bad: 0, good: 0, cancelled: 0 },
  ...{ due: 0, unplanned: 0, rollingBack: 0 },
};
const sentenceOf = (counts: Partial<Group["counts"]>, memberCount: number) =>
  explainGroup({
    ...{ id: "1", action: "a", target: { type: "reel", id: "7" }, owner: "ada", priority: "normal", intent: "none" },
    ...{ state: "running", isSettled: false, isClosed: true, generation: 1, percent: 0, leftMs: null },
    ...{ createdAt: new Date(0), startAt: null, startedAt: null, endedAt: null },
    ...{ counts: { ...NONE, ...counts }, memberCount },
  }).sentence;

it("says of one member what one does, and of several what they do", () => {
  expect(sentenceOf({ live: 1, overdue: 1, waiting: 1, held: 1 }, 4)).toBe(
    "Of 4 members 1 runs, 1 runs longer than its time-out, 1 waits, 1 is held.",
  );
  expect(sentenceOf({ live: 2, overdue: 2, waiting: 2, cancelled: 2 }, 8)).toBe(
    "Of 8 members 2 run, 2 run longer than their time-out, 2 wait, 2 were cancelled.",
  );
  expect(sentenceOf({ waiting: 1 }, 1)).toBe("Of 1 member 1 waits.");
});
