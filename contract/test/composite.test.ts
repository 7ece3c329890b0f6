import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  COMPOSITE_STATES,
  type Composite,
  type CompositeState,
  composeState,
  countMembers,
  INTENTS,
  type Intent,
} from "../src/model/composite.ts";
import { JOB_STATES, type JobState, SETTLED } from "../src/model/state.ts";

interface Case {
  readonly kind: "group" | "run";
  readonly members: readonly JobState[];
  readonly intent?: Intent;
  readonly open?: true;
  readonly begun?: true;
  readonly rollingBack?: readonly number[];
}

function composite(given: Case): Composite {
  const members = given.members.map((state, index) => ({
    state,
    isRollingBack: given.rollingBack?.includes(index) ?? false,
  }));
  return {
    kind: given.kind,
    counts: countMembers(members),
    intent: given.intent ?? "none",
    closed: given.open !== true,
    begun: given.begun ?? false,
  };
}

describe("a settled composite", () => {
  const cases: readonly (readonly [CompositeState, Case])[] = [
    ["completed", { kind: "group", members: ["completed", "completed"] }],
    ["completed", { kind: "group", members: ["completed", "cancelled"] }],
    ["failed", { kind: "group", members: ["completed", "failed"] }],
    ["failed", { kind: "run", members: ["completed", "partial", "cancelled"], begun: true }],
    ["failed", { kind: "group", members: ["failed", "cancelled"] }],
    ["cancelled", { kind: "group", members: ["cancelled", "cancelled"] }],
    ["cancelled", { kind: "group", members: ["completed", "failed"], intent: "cancel" }],
    ["skipped", { kind: "run", members: [] }],
    ["skipped", { kind: "run", members: ["skipped", "skipped"] }],
    ["skipped", { kind: "run", members: ["skipped", "cancelled"] }],
    ["completed", { kind: "run", members: ["skipped", "completed"], begun: true }],
    ["completed", { kind: "group", members: ["completed"], intent: "pause" }],
  ];
  it.each(cases)("is %s for %j", (state, given) => {
    expect(composeState(composite(given))).toEqual({ state, settled: true, unfinished: 0 });
  });
});

describe("an unsettled composite", () => {
  const cases: readonly (readonly [CompositeState, number, Case])[] = [
    ["cancelling", 2, { kind: "run", members: ["running", "queued", "completed"], intent: "cancel" }],
    ["cancelling", 0, { kind: "run", members: ["cancelled"], intent: "cancel", open: true }],
    ["pausing", 2, { kind: "run", members: ["running", "queued"], intent: "pause" }],
    ["pausing", 1, { kind: "group", members: ["timed_out"], intent: "pause" }],
    ["pausing", 1, { kind: "group", members: ["cancelling"], intent: "pause" }],
    ["paused", 2, { kind: "group", members: ["queued", "retrying", "failed"], intent: "pause" }],
    ["running", 3, { kind: "group", members: ["running", "timed_out", "queued", "failed"] }],
    ["running", 1, { kind: "run", members: ["cancelling", "failed"] }],
    ["failed", 2, { kind: "group", members: ["timed_out", "queued", "failed"] }],
    ["failed", 1, { kind: "group", members: ["queued", "partial"] }],
    ["failed", 1, { kind: "group", members: ["failed", "completed"], rollingBack: [0] }],
    ["timed_out", 2, { kind: "group", members: ["timed_out", "queued", "completed"] }],
    ["queued", 3, { kind: "group", members: ["scheduled", "pending", "created"] }],
    ["queued", 1, { kind: "group", members: ["waiting_for_lock", "completed"] }],
    ["scheduled", 2, { kind: "group", members: ["scheduled", "created"] }],
    ["scheduled", 1, { kind: "group", members: ["retrying", "completed"] }],
    ["scheduled", 1, { kind: "group", members: ["paused"] }],
    ["scheduled", 0, { kind: "group", members: ["completed"], open: true }],
    ["created", 2, { kind: "group", members: ["created", "created"] }],
    ["created", 0, { kind: "group", members: [], open: true }],
    ["pending", 0, { kind: "run", members: [], open: true }],
    ["pending", 2, { kind: "run", members: ["queued", "created"] }],
    ["running", 2, { kind: "run", members: ["queued", "created", "completed"], begun: true }],
    ["running", 0, { kind: "run", members: ["failed"], begun: true, open: true }],
    ["running", 1, { kind: "run", members: ["timed_out"] }],
  ];
  it.each(cases)("is %s with %i unfinished for %j", (state, unfinished, given) => {
    expect(composeState(composite(given))).toEqual({ state, settled: false, unfinished });
  });
});

const members = fc.array(fc.record({ state: fc.constantFrom(...JOB_STATES), isRollingBack: fc.boolean() }), {
  maxLength: 12,
});
const composites = fc.record({
  kind: fc.constantFrom("group" as const, "run" as const),
  members,
  intent: fc.constantFrom(...INTENTS),
  closed: fc.boolean(),
  begun: fc.boolean(),
});
type Drawn = typeof composites extends fc.Arbitrary<infer Value> ? Value : never;
const compose = ({ members: drawn, ...rest }: Drawn) => composeState({ ...rest, counts: countMembers(drawn) });
const isSettled = (state: JobState) => SETTLED.some((settled) => settled === state);

describe("every composite", () => {
  it("has a known state, settled exactly when it is closed and nothing is unfinished", () => {
    fc.assert(
      fc.property(composites, (drawn) => {
        const { state, settled, unfinished } = compose(drawn);
        expect(COMPOSITE_STATES).toContain(state);
        const stillToEnd = drawn.members.filter(
          ({ state: member, isRollingBack }) =>
            !isSettled(member) || (isRollingBack && ["failed", "partial", "cancelled"].includes(member)),
        );
        expect(unfinished).toBe(stillToEnd.length);
        expect(settled).toBe(drawn.closed && stillToEnd.length === 0);
        if (settled) expect(["completed", "failed", "skipped", "cancelled"]).toContain(state);
      }),
    );
  });

  it("does not depend on the order of its members", () => {
    const shuffled = composites.chain((drawn) =>
      fc
        .shuffledSubarray(drawn.members, { minLength: drawn.members.length })
        .map((order) => [drawn, { ...drawn, members: order }] as const),
    );
    fc.assert(
      fc.property(shuffled, ([drawn, other]) => {
        expect(compose(other)).toEqual(compose(drawn));
      }),
    );
  });

  it("follows its intent while unsettled, then a live member, whatever else its members are", () => {
    fc.assert(
      fc.property(composites, (drawn) => {
        const { state, settled } = compose(drawn);
        if (settled) return;
        const runs = drawn.members.some(({ state: member }) => ["running", "cancelling"].includes(member));
        const isLive = runs || drawn.members.some(({ state: member }) => member === "timed_out");
        if (drawn.intent === "cancel") expect(state).toBe("cancelling");
        else if (drawn.intent === "pause") expect(state).toBe(isLive ? "pausing" : "paused");
        else if (runs) expect(state).toBe("running");
        else expect(["cancelling", "pausing", "paused", "completed", "skipped", "cancelled"]).not.toContain(state);
      }),
    );
  });

  it("puts a group's failures before its time-outs, and these before all that waits", () => {
    fc.assert(
      fc.property(composites, (drawn) => {
        const { state, settled } = compose({ ...drawn, kind: "group", intent: "none" });
        const has = (...states: readonly JobState[]) => drawn.members.some((member) => states.includes(member.state));
        if (settled || has("running", "cancelling")) return;
        if (has("failed", "partial")) expect(state).toBe("failed");
        else if (has("timed_out")) expect(state).toBe("timed_out");
        else if (has("pending", "queued", "waiting_for_lock")) expect(state).toBe("queued");
        else expect(["created", "scheduled"]).toContain(state);
      }),
    );
  });

  it("never gets better by one more failure, and never unsettles by one more member that has ended", () => {
    fc.assert(
      fc.property(composites, fc.constantFrom(...SETTLED), (drawn, ended) => {
        const before = compose(drawn);
        const after = compose({ ...drawn, members: [...drawn.members, { state: ended, isRollingBack: false }] });
        expect(after.settled).toBe(before.settled);
        expect(after.unfinished).toBe(before.unfinished);
        if (before.state === "failed") expect(after.state).toBe("failed");
        if (ended === "failed" && before.settled && drawn.intent !== "cancel") expect(after.state).toBe("failed");
      }),
    );
  });

  it("settles as cancelled whenever a cancel was accepted", () => {
    fc.assert(
      fc.property(composites, (drawn) => {
        const { state, settled } = compose({ ...drawn, intent: "cancel" });
        expect(state).toBe(settled ? "cancelled" : "cancelling");
      }),
    );
  });
});
