import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { check } from "../../src/model/check/checker.ts";
import { INVARIANTS, type Invariant } from "../../src/model/check/invariant.ts";
import { stepsOf } from "../../src/model/check/lines.ts";
import type { CheckRecord, JobRecord } from "../../src/model/check/record.ts";
import { isLive, JOB_STATES, type JobState, SETTLED } from "../../src/model/state.ts";
import {
  AT,
  aGroup,
  aHolder,
  aJob,
  aNode,
  anOccurrence,
  aTimedAction,
  aWaiter,
  outcome,
  running,
  SOUND,
  ticket,
  told,
  work,
} from "./a-record.ts";
import { lives } from "./lives.ts";

const HOUR_MS = 3_600_000;
const found = (...records: readonly CheckRecord[]) => check([aNode, ...records]).map(({ invariant }) => invariant);
const claim = {
  what: "claim",
  token: "7",
  size: 3,
  different: 3,
  bits: 3,
  unended: 2,
  open: 2,
  pools: 0,
  amounts: 0,
} as const;
const started = told({ event: "start", to: "running" });
const retried = told({ event: "back_off", via: ["running"], to: "retrying" });

const ELSEWHERE = told({ event: "begun", from: "queued", to: "running" });
const COUNTED = aGroup().composite!.counts;
const ENDED = { ...COUNTED, waiting: 0, due: 0, good: 1 };
const OVER = { counts: ENDED, recount: ENDED, state: "completed", seq: 2, lineState: "completed" } as const;
const OVER_LINES = told({ event: "settled", to: "completed" });

/** Each breaks one invariant and no other. */
const BROKEN: readonly (readonly [string, Invariant, CheckRecord])[] = [
  [
    "a line is missing",
    "I01",
    aJob({ lines: started.map((line) => ({ ...line, seq: line.seq * 2 - 1 })), work: running({ seq: 3 }) }),
  ],
  ["a row counts a line that is not there", "I01", aJob({ work: work("pending", { seq: 2 }) })],
  ["a state to which no line leads", "I01", aJob({ work: work("paused", { lineState: "pending" }) })],
  ["a row that knows another last line", "I01", aJob({ work: work("scheduled") })],
  ["an outcome that no line tells", "I01", aJob({ outcome: outcome("completed", { seq: 1, attempt: 0 }) })],
  [
    "an outcome that counts other lines",
    "I01",
    aJob({
      outcome: outcome("completed", { seq: 3 }),
      lines: told({ event: "complete", via: ["running"], to: "completed" }),
    }),
  ],
  [
    "a member of a claim that had run before",
    "I01",
    aJob({ claims: [{ token: "9", nodeId: 1, startedAt: AT }], lines: retried }),
  ],
  [
    "a line that does not continue",
    "I02",
    aJob({ lines: told({ event: "start", from: "queued", to: "running" }), work: running() }),
  ],
  ["a step that there is not", "I03", aJob({ lines: told({ event: "block", to: "running" }), work: running() })],
  [
    "a completed job that is cancelled",
    "I05",
    aJob({
      outcome: outcome("cancelled", { seq: 3 }),
      lines: told({ event: "complete", via: ["running"], to: "completed" }, { event: "cancel", to: "cancelled" }),
    }),
  ],
  [
    "a line of another attempt",
    "I06",
    aJob({
      lines: told({ event: "start", to: "running" }, { event: "overrun", to: "timed_out", token: "6" }),
      work: running({ state: "timed_out", lineState: "timed_out", seq: 3 }),
    }),
  ],
  ["a live job without a token", "I06", aJob({ lines: started, work: running({ token: null }) })],
  ["a token that does not grow", "I06", aJob({ lines: retried, work: running({ lineState: "retrying", attempt: 2 }) })],
  ["a token of the past", "I06", aJob({ lines: started, work: running({ token: "6" }) })],
  ["a row that counts an attempt too many", "I07", aJob({ work: work("pending", { attempt: 1 }) })],
  [
    "an outcome that counts an attempt too few",
    "I07",
    aJob({
      outcome: outcome("completed", { attempt: 0 }),
      lines: told({ event: "complete", via: ["running"], to: "completed" }),
    }),
  ],
  ["a live job on no node", "I09", aJob({ lines: started, work: running({ nodeId: null }) })],
  ["a live job elsewhere and on a node", "I09", aJob({ lines: started, work: running({ isElsewhere: true }) })],
  ["a member of a claim of an unknown node", "I09", aJob({ claims: [{ token: "7", nodeId: 2, startedAt: AT }] })],
  ["a start on a node without the code", "I10", aJob({ type: "probe", lines: started, work: running() })],
  [
    "an untold start on a node without the code",
    "I10",
    aJob({ type: "probe", claims: [{ token: "7", nodeId: 1, startedAt: AT }] }),
  ],
  ["a start before its time", "I11", aJob({ startAt: AT + HOUR_MS, lines: started, work: running() })],
  [
    "a start before the time of a new plan",
    "I11",
    aJob({
      startAt: AT + HOUR_MS,
      lines: told({ event: "plan", to: "pending", attempt: null, token: null }),
      work: running({ lineState: "pending" }),
    }),
  ],
  [
    "a job that goes on while its rollback is owed",
    "I16",
    aJob({
      lines: retried,
      work: work("pending", { lineState: "retrying", seq: 2, attempt: 1, rollback: "required" }),
    }),
  ],
  [
    "two who hold what one may have",
    "I20",
    {
      what: "object",
      key: "asset/a",
      holders: [
        { jobId: "j", mode: "shared" },
        { jobId: "k", mode: "exclusive" },
      ],
    },
  ],
  [
    "a held object of an attempt that has ended",
    "I23",
    aJob({ lines: retried, work: work("retrying", { seq: 2, attempt: 1, token: "7" }), tickets: [ticket()] }),
  ],
  ["an object that was given to a job that is not about to start", "I23", aJob({ tickets: [ticket({ token: null })] })],
  [
    "an object of a superseded attempt",
    "I23",
    aHolder({ tickets: [ticket(), ticket({ key: "asset/b", token: "6" })] }),
  ],
  ["a job that runs without its object", "I24", aHolder({ tickets: [] })],
  [
    "a member of a claim that has another's object",
    "I24",
    aHolder({
      claims: [{ token: "8", nodeId: 1, startedAt: AT }],
      work: null,
      lines: told(),
      grants: [],
      remnants: ["7"],
    }),
  ],
  [
    "a job that is about to start without its object",
    "I24",
    aWaiter({ lines: told(), work: work("queued", { lineState: "pending", isHandedOver: true }), tickets: [] }),
  ],
  ["a job in line that does not wait", "I25", aJob({ tickets: [ticket({ held: false, token: null })] })],
  ["a job that waits and stands in no line", "I25", aWaiter({ tickets: [] })],
  ["a job that waits for what is free", "I26", aWaiter({ isFirst: true })],
  ["units of an attempt that has ended", "I31", aJob({ grants: ["7"] })],
  ["units of a job that waits for a lock", "I31", aWaiter({ grants: ["7"] })],
  ["a group that counts a member that is not there", "I36", aGroup({ recount: { ...COUNTED, unplanned: 1 } })],
  ["a group in another state than its members say", "I36", aGroup({ state: "running" })],
  [
    "a group that says it has settled",
    "I36",
    aGroup({ isSettled: true, generation: 0 }, { outcome: outcome("completed") }),
  ],
  ["a group that settled twice", "I37", aGroup({ generation: 2 })],
  [
    "a member that completed and began anew, as its kind may",
    "I38",
    aJob({
      ...{ kind: "queue", parentId: "g" },
      lines: told({ event: "complete", via: ["running"], to: "completed" }, { event: "reanimate", to: "pending" }),
      work: work("pending", { seq: 3, attempt: 1, parentId: "g" }),
    }),
  ],
  [
    "a group whose lines do not follow on each other",
    "I02",
    aGroup({ seq: 2, lineState: "running" }, { lines: ELSEWHERE }),
  ],
  ["a group that knows another last line", "I01", aGroup({ seq: 2 })],
  [
    "a job that completed, and left its journal open",
    "I52",
    aJob({
      ...{ outcome: outcome("completed"), openEntries: 1 },
      lines: told({ event: "complete", via: ["queued", "running"], to: "completed" }),
    }),
  ],
  ["a group that settled and has no outcome", "S01", aGroup({ ...OVER, isSettled: true }, { lines: OVER_LINES })],
  ["a group that runs itself", "S01", aGroup({}, { work: work("pending") })],
  [
    "an instant told by itself, and among others",
    "I46",
    aTimedAction({
      occurrences: [
        anOccurrence(1, { until: "minute 2", untilInstant: AT + 90_000 }),
        anOccurrence(1.2),
        anOccurrence(2),
      ],
    }),
  ],
  ["an instant of which nothing is told", "I47", aTimedAction({ occurrences: [anOccurrence(1)] })],
  [
    "an instant that is told for another fold",
    "I47",
    aTimedAction({ occurrences: [anOccurrence(1, { fold: 1 }), anOccurrence(2)] }),
  ],
  ["an instant behind the mark", "I48", aTimedAction({ mark: AT + 60_000 })],
  ["two occurrences under way", "I49", aTimedAction({ open: 2, isIdle: false })],
  ["an occurrence that has not ended though its job waits", "I49", aTimedAction({ open: 1 })],
  [
    "an occurrence before its time",
    "I50",
    aTimedAction({ occurrences: [anOccurrence(1, { firedAt: AT }), anOccurrence(2)] }),
  ],
  [
    "an occurrence that fired late and does not say why",
    "I50",
    aTimedAction({ occurrences: [anOccurrence(1, { firedAt: AT + 70_001, reason: null }), anOccurrence(2)] }),
  ],
  ["a job that is nowhere", "S01", aJob({ work: null })],
  [
    "a row that names what is not there",
    "S02",
    { what: "dangling", table: "outcome", column: "job_id", value: "j", target: "job", rows: 1 },
  ],
  [
    "a pool of which more is used than held",
    "S03",
    { what: "pool", id: 1, name: "gpu", scope: "cluster", used: 3, held: 2 },
  ],
  ["a claim that names a job twice", "S04", { ...claim, different: 2 }],
  ["a claim with a bit too few", "S04", { ...claim, bits: 2 }],
  ["a claim that counts wrongly who has not ended", "S04", { ...claim, open: 1 }],
  ["a claim whose members hold units of no pool", "S04", { ...claim, amounts: 1 }],
  ["a state with another lane", "S05", aJob({ laneId: 9 })],
  ["a configuration that was not kept", "S06", aJob({ configurationVersion: 2 })],
  [
    "a configuration kept under another number",
    "S06",
    aJob({ configurationVersion: 2, replaced: { count: 1, last: 2 } }),
  ],
  ["a collection that contains itself", "S07", { what: "circle", name: "dailies" }],
];

describe("the checker", () => {
  it("finds nothing in a sound system", () => {
    expect(check(SOUND)).toEqual([]);
  });

  it.each(BROKEN)("finds that alone: %s", (_, invariant, record) => {
    expect(found(record)).toEqual([invariant]);
  });

  it("finds a job that stands in two places, and says in which", () => {
    const twice = aJob({ claims: ["7", "8"].map((token) => ({ token, nodeId: 1, startedAt: AT })) });
    expect(check([aNode, twice])).toEqual([
      { invariant: "S01", lines: [], message: "It stands in claim 7 and in claim 8.", of: "job j", jobId: "j" },
    ]);
  });

  it("finds a start on a node that had ended, and leaves as much time as a transaction may take", () => {
    const on = (endedAt: number) => check([{ ...aNode, endedAt }, aHolder()]).map(({ invariant }) => invariant);
    expect(on(AT - HOUR_MS)).toEqual(["I34"]);
    expect(on(AT - 1_000)).toEqual([]);
  });

  it("names the lines that show it", () => {
    const lines = told({ event: "start", from: "queued", to: "running" });
    expect(check([aNode, aJob({ lines, work: running() })])).toMatchObject([{ invariant: "I02", lines: [1, 2] }]);
    const late = aJob({
      startAt: AT + HOUR_MS,
      outcome: outcome("completed"),
      lines: told({ event: "complete", via: ["running"], to: "completed" }),
    });
    expect(check([aNode, late])).toMatchObject([
      { invariant: "I11", lines: [2], message: "It started 3600 s too early." },
    ]);
  });

  it("has a case for each invariant", () => {
    const tested = new Set([...BROKEN.map(([, invariant]) => invariant), "I34"]);
    expect([...tested].sort()).toEqual(Object.keys(INVARIANTS).sort());
  });
});

/** Where a job stands whose history is given, with all that its history says. */
function standing({
  kind,
  lines,
}: {
  readonly kind: JobRecord["kind"];
  readonly lines: JobRecord["lines"];
}): JobRecord {
  const last = lines.at(-1)!;
  const state = last.to!;
  const attempt = lines.flatMap(stepsOf).filter(({ to }) => to === "running").length;
  const place = { seq: last.seq, attempt, token: attempt === 0 ? null : "999999" };
  const isSettled = SETTLED.some((settled) => settled === state);
  return aJob({
    ...{ kind, lines, startAt: null },
    work: isSettled ? null : work(state, { ...place, nodeId: isLive(state) ? 1 : null }),
    outcome: isSettled ? outcome(state, place) : null,
  });
}
const jobs = lives.map(({ kind, lines }) =>
  standing({ kind, lines: lines.map((line) => ({ ...line, nodeId: null, startedAt: null })) }),
);

describe("a job with a legal life", () => {
  it("that stands where its history left it is sound", () => {
    fc.assert(
      fc.property(jobs, (job) => {
        expect(found(job)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("that lost its place is found", () => {
    fc.assert(
      fc.property(jobs, (job) => {
        expect(found({ ...job, work: null, outcome: null })).toEqual(["S01"]);
      }),
    );
  });

  it("that stands anywhere else is found", () => {
    const elsewhere = fc.tuple(jobs, fc.constantFrom(...JOB_STATES));
    fc.assert(
      fc.property(elsewhere, ([job, state]) => {
        const now = (job.work ?? job.outcome)!;
        fc.pre(now.state !== state && !isUntold(now.state, state));
        const moved = job.work === null ? { outcome: { ...job.outcome!, state } } : { work: { ...job.work, state } };
        expect(found({ ...job, ...moved })).toContain("I01");
      }),
    );
  });

  it("that counts its lines, or its attempts, otherwise is found", () => {
    fc.assert(
      fc.property(jobs, fc.constantFrom("seq", "attempt"), fc.integer({ min: 1, max: 5 }), (job, field, more) => {
        const counted = <Place extends { readonly seq: number; readonly attempt: number } | null>(place: Place) =>
          place === null ? null : { ...place, [field]: place[field as "seq"] + more };
        const wrong = { ...job, work: counted(job.work), outcome: counted(job.outcome) } as JobRecord;
        expect(found(wrong)).toContain(field === "seq" ? "I01" : "I07");
      }),
    );
  });
});

/** Steps that a job makes between two lines of its history. */
function isUntold(from: JobState, to: JobState): boolean {
  const onTheWay = ["pending", "queued", "running"];
  return ["scheduled", "retrying", "pending", "queued"].includes(from) && onTheWay.includes(to);
}
