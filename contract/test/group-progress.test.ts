import { describe, expect, it } from "vitest";
import { countMembers } from "../src/model/composite.ts";
import { type GroupPace, progressOf } from "../src/model/group-progress.ts";
import type { JobState } from "../src/model/state.ts";

const START = new Date("2026-01-01T00:00:00Z");
const later = (seconds: number) => new Date(START.getTime() + seconds * 1_000);
const NOBODY = { count: 0, done: 0 };
/** Each a second: the first bucket whose durations are that long. */
const A_SECOND = { counts: [...new Array<number>(19).fill(0), 0, 1], capMs: null, from: "size" } as const;

/** A group that has run for ten seconds, of members in these states. */
function aPace(members: Readonly<Partial<Record<JobState, number>>>, fields: Partial<GroupPace> = {}): GroupPace {
  const states = Object.entries(members).flatMap(([state, count]) =>
    Array.from({ length: count }, () => ({ state: state as JobState })),
  );
  return {
    ...{ counts: countMembers(states), memberCount: states.length, isSettled: false, intent: "none", generation: 1 },
    ...{ startedAt: START, now: later(10), told: NOBODY, expected: null },
    ...fields,
  };
}

describe("how much of a group is done", () => {
  it("is told by the members that have ended, however they did", () => {
    expect(progressOf(aPace({ completed: 1, failed: 1, cancelled: 1, pending: 1 })).percent).toBe(75);
    expect(progressOf(aPace({})).percent).toBe(0);
  });

  it("and by what those that run say of themselves: one that is silent has done nothing yet", () => {
    const told = { count: 2, done: 1.5 };
    expect(progressOf(aPace({ running: 3, pending: 1 }, { told })).percent).toBe(37.5);
    expect(progressOf(aPace({ running: 2, completed: 2 })).percent).toBe(50);
  });
});

describe("how long the rest of a group takes", () => {
  it("follows from the pace of its members, when eight have ended, and what runs counts by what it says", () => {
    expect(progressOf(aPace({ completed: 8, pending: 8 })).leftMs).toBe(10_000);
    const running = { completed: 8, running: 4, pending: 4 };
    expect(progressOf(aPace(running)).leftMs).toBe(6_000);
    const told = { count: 4, done: 3.2 };
    expect(progressOf(aPace(running, { told })).leftMs).toBeCloseTo((10_000 * 4.8) / 11.2);
  });

  it("before that, from what was learned of others, by as many as run", () => {
    const few = { completed: 1, running: 2, pending: 2 };
    const left = (told: GroupPace["told"]) => progressOf(aPace(few, { expected: A_SECOND, told })).leftMs!;
    expect(left(NOBODY) / left({ count: 2, done: 2 })).toBeCloseTo(3 / 2);
    expect(progressOf(aPace(few)).leftMs).toBeNull();
  });

  it("is not known of one that is held or has not begun, and nothing when it has settled", () => {
    expect(progressOf(aPace({ completed: 9, pending: 1 }, { intent: "pause" })).leftMs).toBeNull();
    expect(progressOf(aPace({ pending: 1 }, { startedAt: null, expected: A_SECOND })).leftMs).toBeNull();
    expect(progressOf(aPace({ completed: 1 }, { isSettled: true })).leftMs).toBe(0);
  });
});
