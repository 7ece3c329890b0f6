import type { HistoryLine } from "../../src/model/check/lines.ts";
import type {
  CheckRecord,
  CompositePlace,
  JobRecord,
  NodeRecord,
  OccurrenceFacts,
  OutcomePlace,
  TicketPlace,
  TimedActionRecord,
  WorkPlace,
} from "../../src/model/check/record.ts";
import type { JobState } from "../../src/model/state.ts";

/** When everything in these records happened. */
export const AT = 1_800_000_000_000;

export const aNode: NodeRecord = { what: "node", id: 1, name: "edit-01", types: ["transcode"], endedAt: null };

const COPIED = { laneId: 3, ownerId: 4, actionVersionId: 5, rank: 3, parentId: null } as const;
const CREATED: HistoryLine = { seq: 1, event: "create", from: null, via: [], to: "pending" };

/** A history: creation, and what is given, numbered; on node 1 with one attempt of token 7 unless it is said. */
export function told(...lines: readonly (Partial<JobRecord["lines"][number]> & Pick<HistoryLine, "event">)[]) {
  const all: JobRecord["lines"][number][] = [{ ...CREATED, nodeId: null, startedAt: null }];
  for (const line of lines) {
    const from = all.at(-1)!.to;
    all.push({
      ...{ seq: all.length + 1, from, via: [], to: from, attempt: 1, token: "7", nodeId: 1, startedAt: AT },
      ...line,
    });
  }
  return all;
}

export function work(state: JobState, fields: Partial<WorkPlace> = {}): WorkPlace {
  return {
    ...COPIED,
    ...{ state, lineState: state, seq: 1, attempt: 0, token: null, nodeId: null, isElsewhere: false, startedAt: null },
    ...{ rollback: "none", isHandedOver: false },
    ...fields,
  };
}

export const running = (fields: Partial<WorkPlace> = {}): WorkPlace =>
  work("running", { seq: 2, attempt: 1, token: "7", nodeId: 1, startedAt: AT, ...fields });

export function outcome(state: JobState, fields: Partial<OutcomePlace> = {}): OutcomePlace {
  return { state, seq: 2, attempt: 1, token: "7", rollback: "none", ...fields };
}

/** A ticket: held by the attempt of token 7 unless it is said. */
export function ticket(fields: Partial<TicketPlace> = {}): TicketPlace {
  return { key: "asset/a", held: true, token: "7", ...fields };
}

/** A job that waits for its turn, unless it is said. */
export function aJob(fields: Partial<JobRecord> = {}): JobRecord {
  return {
    ...{ what: "job", id: "j", kind: "job", type: "transcode", startAt: AT, ...COPIED },
    ...{ locks: [], configurationVersion: 1, replaced: { count: 0, last: 0 }, lines: told() },
    ...{
      outcome: null,
      openEntries: 0,
      composite: null,
      claims: [],
      tickets: [],
      isFirst: false,
      grants: [],
      remnants: [],
    },
    work: fields.outcome || fields.claims ? null : work("pending"),
    ...fields,
  };
}

const COUNTS = {
  live: 0,
  overdue: 0,
  waiting: 1,
  held: 0,
  bad: 0,
  good: 0,
  cancelled: 0,
  due: 1,
  unplanned: 0,
  rollingBack: 0,
};

/** A group with one member, which is due. */
export function aGroup(fields: Partial<CompositePlace> = {}, more: Partial<JobRecord> = {}): JobRecord {
  const composite: CompositePlace = {
    ...{ counts: COUNTS, recount: COUNTS, removed: 0, intent: "none", isClosed: true, hasBegun: false },
    ...{ state: "queued", isSettled: false, generation: 1, seq: 1, lineState: "pending" },
    ...fields,
  };
  return aJob({ kind: "group", work: null, composite, ...more });
}

const LOCKED = { locks: [{ key: "asset/a", mode: "exclusive" }] } as const;
const STARTED = told({ event: "start", to: "running" });

/** A job that runs and holds its object. */
export const aHolder = (fields: Partial<JobRecord> = {}): JobRecord =>
  aJob({ ...LOCKED, lines: STARTED, work: running(), tickets: [ticket()], grants: ["7"], ...fields });

/** A job that waits for its object. */
export const aWaiter = (fields: Partial<JobRecord> = {}): JobRecord =>
  aJob({
    ...LOCKED,
    lines: told({ event: "block", to: "waiting_for_lock", attempt: null, token: null }),
    work: work("waiting_for_lock", { seq: 2 }),
    tickets: [ticket({ held: false, token: null })],
    ...fields,
  });

/** What is told of an instant of a timed action, so many minutes after `AT`. */
export const anOccurrence = (minutes: number, fields: Partial<OccurrenceFacts> = {}): OccurrenceFacts => {
  const [local, instant] = [`minute ${minutes}`, AT + minutes * 60_000];
  const alone = { origin: "rule", local, fold: 0, until: local, instant, untilInstant: instant } as const;
  return { ...alone, firedAt: null, reason: "overlap", wasQueued: false, ...fields };
};

/** A timed action that has come to two instants: the first ran, the second was passed over. */
export const aTimedAction = (fields: Partial<TimedActionRecord> = {}): TimedActionRecord => ({
  ...{ what: "timedAction", name: "t", mark: AT + 120_000, lateMs: 10_000, open: 0, isIdle: true },
  occurrences: [anOccurrence(1, { firedAt: AT + 60_000, reason: null }), anOccurrence(2)],
  expected: [anOccurrence(1), anOccurrence(2)],
  ...fields,
});

/** Sound records of every kind. */
export const SOUND: readonly CheckRecord[] = [
  aNode,
  { what: "pool", id: 1, name: "gpu", scope: "cluster", used: 2, held: 2 },
  { what: "claim", token: "7", size: 3, different: 3, bits: 3, unended: 2, open: 2, pools: 1, amounts: 1 },
  { what: "object", key: "asset/a", holders: [{ jobId: "j", mode: "exclusive" }] },
  { what: "object", key: "asset/b", holders: ["j", "k"].map((jobId) => ({ jobId, mode: "shared" })) },
  aTimedAction(),
  aTimedAction({
    open: 1,
    isIdle: false,
    occurrences: [anOccurrence(1, { until: "minute 2", untilInstant: AT + 120_000 })],
  }),
  // It fired late because it waited, or says why; by hand it may fire whenever.
  aTimedAction({
    occurrences: [
      anOccurrence(1, { firedAt: AT + 110_000, reason: null, wasQueued: true }),
      anOccurrence(2, { firedAt: AT + 190_000, reason: "catch_up" }),
      anOccurrence(3, { origin: "hand", firedAt: AT, reason: null }),
    ],
  }),
  aJob(),
  aGroup(),
  aJob({ work: work("queued", { lineState: "pending" }) }),
  aJob({ work: running({ seq: 1, lineState: "pending" }) }),
  aJob({ claims: [{ token: "7", nodeId: 1, startedAt: AT }] }),
  aJob({
    outcome: outcome("completed"),
    lines: told({ event: "complete", via: ["queued", "running"], to: "completed" }),
  }),
  aHolder(),
  aHolder({ claims: [{ token: "7", nodeId: 1, startedAt: AT }], work: null, lines: told(), grants: [] }),
  aHolder({
    outcome: outcome("failed", { rollback: "required" }),
    ...{ work: null, lines: told({ event: "fail", via: ["running"], to: "failed" }) },
  }),
  aHolder({
    outcome: outcome("cancelled"),
    ...{ work: null, lines: told({ event: "abandon", via: ["running"], to: "cancelled" }), remnants: ["7"] },
  }),
  aWaiter(),
  aJob({
    ...LOCKED,
    lines: told(
      { event: "block", to: "waiting_for_lock", attempt: null, token: null },
      { event: "grant", to: "queued", attempt: null, token: null },
    ),
    work: work("queued", { seq: 3, isHandedOver: true }),
    tickets: [ticket({ token: null })],
  }),
  aJob({
    ...{ startAt: AT + 3_600_000, work: work("scheduled", { seq: 3, attempt: 1, token: "7" }) },
    lines: told({ event: "snooze", via: ["running"], to: "scheduled" }, { event: "plan", to: "scheduled" }),
  }),
];
