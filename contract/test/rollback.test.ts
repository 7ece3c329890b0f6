import { describe, expect, test } from "vitest";
import { decideEnding, decideUndoing, type Ending, type EndingJob, retryPolicySchema } from "../src/index.ts";

const ERROR = { code: "no_space", message: "The disk is full." };
const ENTRIES = [
  { n: 1, path: null },
  { n: 2, path: "a" },
  { n: 3, path: "b" },
];
const job = (fields: Partial<EndingJob> = {}): EndingJob => ({
  ...{ state: "running", retries: 0, crashes: 0, retryAsked: false, attempt: 1 },
  policy: retryPolicySchema.parse({}),
  ...fields,
});
const decide = (ending: Ending, fields: Partial<EndingJob> = {}, open = ENTRIES) => {
  const { now, later, undone, kept } = decideUndoing(ending, decideEnding(job(fields), ending, 0), open);
  const events = (steps: typeof now) => steps.map(({ event }) => event);
  const numbers = (entries: typeof undone) => entries.map(({ n }) => n);
  return { now: events(now), later: events(later), undone: numbers(undone), kept: numbers(kept) };
};

describe("what an ending leaves to be undone", () => {
  test.each<[string, Ending, Partial<EndingJob>, object]>([
    ["a completion: nothing", { kind: "completed" }, {}, { now: ["complete"], undone: [], kept: [1, 2, 3] }],
    ["a failure: all", { kind: "failed", error: ERROR }, {}, { now: ["fail"], later: [], undone: [1, 2, 3], kept: [] }],
    [
      "a failure that is retried: all, before that",
      { kind: "failed", error: ERROR },
      { policy: retryPolicySchema.parse({ limit: 1 }) },
      { now: ["back_off"], later: [], undone: [1, 2, 3] },
    ],
    ["a lost node: all", { kind: "lost", error: ERROR }, {}, { now: ["back_off"], undone: [1, 2, 3] }],
    [
      "a partial result: what belongs to its failed paths",
      { kind: "partial", failedPaths: ["b", "c"] },
      {},
      { now: ["complete_partly"], undone: [3], kept: [1, 2] },
    ],
    [
      "a partial result whose problems name no path: nothing",
      { kind: "partial" },
      {},
      { now: ["complete_partly"], undone: [], kept: [1, 2, 3] },
    ],
    [
      "a snooze: nothing, and nothing is kept either",
      { kind: "snoozed", until: new Date(0) },
      {},
      { now: ["snooze"], undone: [], kept: [] },
    ],
    [
      "a cancel: all, before it settles",
      { kind: "failed", error: ERROR },
      { state: "cancelling" },
      { now: [], later: ["settle"], undone: [1, 2, 3] },
    ],
    [
      "a snooze of what is cancelled: all",
      { kind: "snoozed", until: new Date(0) },
      { state: "cancelling" },
      { now: [], later: ["settle"], undone: [1, 2, 3] },
    ],
    [
      "a failure with a retry that was asked for: all, before it",
      { kind: "failed", error: ERROR },
      { state: "timed_out", retryAsked: true },
      { now: ["fail"], later: ["retry"], undone: [1, 2, 3] },
    ],
  ])("%s", (_, ending, fields, expected) => expect(decide(ending, fields)).toMatchObject(expected));

  test("without open entries nothing is put off", () =>
    expect(decide({ kind: "failed", error: ERROR }, { state: "cancelling" }, [])).toEqual({
      ...{ now: ["settle"], later: [], undone: [], kept: [] },
    }));
});
