import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Invariant } from "../../src/model/check/invariant.ts";
import { checkHistory, type HistoryLine } from "../../src/model/check/lines.ts";
import type { JobKind } from "../../src/model/job.ts";
import { isLegal, JOB_STATES, type JobEvent, type JobState, LIVE } from "../../src/model/lifecycle.ts";
import { lives } from "./lives.ts";

/** A history in short: "event from > to @attempt #token", `nothing` before creation and after removal. */
function history(...lines: readonly string[]): HistoryLine[] {
  return lines.map((line, index) => {
    const [, event, chain = "", attempt, token] = /^(\w+) (.+?)(?: @(\d+))?(?: #(\S+))?$/.exec(line)!;
    const states = chain.split(" > ").map((state) => (state === "nothing" ? null : (state as JobState)));
    return {
      seq: index + 1,
      event: event as HistoryLine["event"],
      from: states[0]!,
      via: states.slice(1, -1) as JobState[],
      to: states.at(-1)!,
      attempt: attempt === undefined ? null : Number(attempt),
      token: token ?? null,
    };
  });
}

const found = (lines: readonly HistoryLine[], kind: JobKind = "job") =>
  checkHistory(lines, kind).map(({ invariant, lines: at }) => `${invariant} at ${at.at(-1)}`);

describe("a good history", () => {
  const cases: readonly (readonly [string, JobKind, readonly string[]])[] = [
    [
      "a plain job in two lines",
      "job",
      ["create nothing > pending", "complete pending > queued > running > completed @1 #7"],
    ],
    [
      "a job that is retried by policy and by hand",
      "job",
      [
        "create nothing > created",
        "plan created > scheduled",
        "back_off scheduled > pending > running > retrying @1 #7",
        "fail retrying > pending > queued > running > timed_out > failed @2 #9",
        "amend failed > failed",
        "retry failed > pending",
        "start pending > running @3 #30",
        "retry_asked running > running @3 #30",
        "complete running > completed @3 #30",
      ],
    ],
    [
      "a handed-back and a snoozed attempt",
      "job",
      [
        "create nothing > pending",
        "start pending > running @1 #1",
        "hand_back running > queued @1 #1",
        "snooze queued > running > scheduled @2 #2",
        "plan scheduled > pending",
        "hold pending > paused",
        "plan paused > paused",
        "cancel paused > cancelled",
        "remove cancelled > nothing",
      ],
    ],
    [
      "a timed job that is armed again",
      "timed",
      [
        "create nothing > scheduled",
        "rearm scheduled > pending > running > completed > scheduled @1 #4",
        "rearm scheduled > pending > running > failed > scheduled @2 #5",
      ],
    ],
    [
      "a queue job that is reanimated, and removed while it runs",
      "queue",
      [
        "create nothing > pending",
        "complete pending > running > completed @1 #18446744073709551617",
        "reanimate completed > pending",
        "start pending > running @2 #18446744073709551618",
        "remove running > nothing",
      ],
    ],
  ];
  it.each(cases)("has no violation: %s", (_, kind, lines) => expect(checkHistory(history(...lines), kind)).toEqual([]));
});

describe("a broken history", () => {
  const started = ["create nothing > pending", "start pending > running @1 #5"] as const;
  const cases: readonly (readonly [string, Invariant, number, readonly string[]])[] = [
    ["a state that skips a step", "I03", 2, ["create nothing > created", "start created > running @1 #1"]],
    [
      "an illegal step among those passed",
      "I03",
      2,
      ["create nothing > created", "complete created > running > completed @1"],
    ],
    ["an event that does not lead there", "I03", 3, [...started, "complete running > failed @1 #5"]],
    ["a line that does not continue", "I02", 3, [...started, "complete timed_out > completed @1 #5"]],
    ["no creation", "I02", 1, ["start pending > running @1 #5"]],
    ["a second creation", "I02", 2, ["create nothing > pending", "create nothing > pending"]],
    [
      "a line after the removal",
      "I02",
      4,
      [
        "create nothing > pending",
        "cancel pending > cancelled",
        "remove cancelled > nothing",
        "create nothing > pending",
      ],
    ],
    ["a note that changes the state", "I03", 2, ["create nothing > pending", "amend pending > failed"]],
    [
      "a plan that wakes a paused job",
      "I03",
      3,
      ["create nothing > pending", "hold pending > paused", "plan paused > scheduled"],
    ],
    [
      "a retry of a completed job",
      "I05",
      4,
      [...started, "complete running > completed @1 #5", "retry completed > pending"],
    ],
    ["a start while one lives", "I07", 3, [...started, "start pending > running @2 #6"]],
    [
      "a skipped attempt",
      "I07",
      3,
      ["create nothing > pending", "hand_back pending > running > queued @1", "start queued > running @3"],
    ],
    [
      "an attempt that did not grow",
      "I07",
      3,
      ["create nothing > pending", "hand_back pending > running > queued @1", "start queued > running @1"],
    ],
    [
      "a token that does not grow",
      "I06",
      4,
      [...started, "hand_back running > queued @1 #5", "start queued > running @2 #5"],
    ],
    [
      "a word of a superseded attempt",
      "I06",
      5,
      [
        ...started,
        "hand_back running > queued @1 #5",
        "start queued > running @2 #6",
        "complete running > completed @2 #5",
      ],
    ],
    ["a token before any attempt", "I06", 2, ["create nothing > pending", "hold pending > paused #1"]],
    ["a token that is no number", "I06", 2, ["create nothing > pending", "start pending > running @1 #x1"]],
  ];
  it.each(cases)("is caught: %s", (_, invariant, seq, lines) => {
    expect(found(history(...lines))).toContain(`${invariant} at ${seq}`);
  });

  it("is caught: a gap in the numbers, once", () => {
    const lines = history(...started, "complete running > completed @1 #5");
    expect(found(lines.map((line) => (line.seq === 3 ? { ...line, seq: 4 } : line)))).toEqual(["I01 at 4"]);
  });

  it("is caught: an edge that this kind of job does not know", () => {
    const reanimated = history(...started, "complete running > completed @1 #5", "reanimate completed > pending");
    expect(found(reanimated, "job")).toContain("I03 at 4");
    expect(found(reanimated, "queue")).toEqual([]);
  });
});

type Mutation = (lines: HistoryLine[], at: number, state: JobState) => HistoryLine[];
const replaced = (lines: HistoryLine[], at: number, change: Partial<HistoryLine>) =>
  lines.map((line, index) => (index === at ? { ...line, ...change } : line));
const renumbered = (lines: HistoryLine[]) => lines.map((line, index) => ({ ...line, seq: index + 1 }));

/** Each breaks a history of two lines or more, at one that is not the last, in a way that must be seen. */
const MUTATIONS: Readonly<Record<string, Mutation>> = {
  "a line is lost": (lines, at) => lines.filter((_, index) => index !== at),
  "a line is written twice": (lines, at) => [...lines.slice(0, at + 1), ...lines.slice(at)],
  "the first line is lost, and the others are renumbered": (lines) => renumbered(lines.slice(1)),
  "two lines change places": (lines, at) => [...lines.slice(0, at), lines[at + 1]!, lines[at]!, ...lines.slice(at + 2)],
  "a line begins in another state": (lines, at, state) =>
    replaced(lines, at + 1, { from: lines[at + 1]!.from === state ? null : state }),
  "an attempt is counted twice": (lines, at) => replaced(lines, at, { attempt: (lines[at]!.attempt ?? 900) + 1 }),
  "a token is of the past": (lines, at) => replaced(lines, at, { token: 0, attempt: null }),
  "a settled job starts": (lines) => [
    ...lines,
    { seq: lines.length + 1, event: "start", from: "completed", via: [], to: "running" },
  ],
};

describe("every history", () => {
  it("that follows the lifecycle has no violation", () => {
    fc.assert(
      fc.property(lives, ({ kind, lines }) => {
        expect(checkHistory(lines, kind)).toEqual([]);
        expect(checkHistory(lines)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it.each(Object.keys(MUTATIONS))("is found broken when %s", (mutation) => {
    fc.assert(
      fc.property(lives, fc.nat(), fc.constantFrom(...JOB_STATES), ({ kind, lines }, draw, state) => {
        fc.pre(lines.length > 1);
        const broken = MUTATIONS[mutation]!(lines, draw % (lines.length - 1), state);
        expect(checkHistory(broken, kind)).not.toEqual([]);
      }),
    );
  });

  it("is found broken when a line ends in a state that its event does not lead to", () => {
    fc.assert(
      fc.property(lives, fc.constantFrom(...JOB_STATES), ({ kind, lines }, state) => {
        const last = lines.at(-1)!;
        const before = last.via.at(-1) ?? last.from;
        fc.pre(!isLegal(last.event as JobEvent, before, state, kind));
        const seqs = checkHistory(replaced(lines, lines.length - 1, { to: state }), kind).map(({ lines: at }) =>
          at.at(-1),
        );
        expect(seqs).toContain(last.seq);
      }),
    );
  });

  it("is found broken when a second attempt starts while one lives", () => {
    fc.assert(
      fc.property(lives, ({ kind, lines }) => {
        const live = lines.findIndex((line) => LIVE.some((state) => state === line.to));
        fc.pre(live >= 0);
        const extra = { seq: live + 2, event: "start", from: lines[live]!.to, via: [], to: "running" } as const;
        const rules = checkHistory([...lines.slice(0, live + 1), extra], kind).map(({ invariant }) => invariant);
        expect(rules).toEqual(expect.arrayContaining(["I03", "I07"]));
      }),
    );
  });
});

describe("a history of which the beginning was let go of", () => {
  const whole = history(
    "create nothing > scheduled",
    "forget scheduled > scheduled @4 #40",
    "come_due scheduled > pending",
    "complete pending > running > completed @5 #50",
    "rearm completed > scheduled",
  );
  const forgotten = whole.map((line, index) => (index === 0 ? line : { ...line, seq: line.seq + 7 }));

  it("is numbered from there on, and counts attempts and tokens from there on", () => {
    expect(found(forgotten, "timed")).toEqual([]);
    const but = (index: number, fields: Partial<HistoryLine>) =>
      forgotten.map((line, at) => (at === index ? { ...line, ...fields } : line));
    expect(found(but(3, { attempt: 4 }), "timed")).toEqual(["I07 at 11"]);
    expect(found(but(3, { token: "40" }), "timed")).toEqual(["I06 at 11"]);
    expect(found(but(2, { seq: 11 }), "timed")).toEqual(["I01 at 11"]);
    expect(found(but(1, { event: "amend" }), "timed")).toContain("I01 at 9");
  });

  it("begins with its creation, and was let go of nowhere else", () => {
    expect(found(forgotten.slice(1), "timed")).not.toEqual([]);
    const [created, ...rest] = whole;
    const late = [created!, rest[1]!, rest[0]!, ...rest.slice(2)].map((line, index) => ({
      ...line,
      seq: index + 1 + (index > 1 ? 7 : 0),
    }));
    expect(found(late, "timed")).toContain("I01 at 10");
  });
});
