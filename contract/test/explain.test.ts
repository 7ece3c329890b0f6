import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ADMISSION_RULES } from "../src/model/decide.ts";
import { explain } from "../src/model/explain.ts";
import type { Json } from "../src/model/json.ts";
import { JOB_STATES, LIVE, SETTLED } from "../src/model/lifecycle.ts";
import { type NodeInSight, type PoolInSight, REASONS, type Situation } from "../src/model/situation.ts";
import type { LaneFacts, TicketFacts } from "../src/model/world.ts";

const at = (clock: string) => new Date(`2026-03-01T${clock}:00Z`);
const NOW = at("12:00");

const node = (fields: Partial<NodeInSight> = {}): NodeInSight => ({
  ...{ name: "one", state: "up", slots: 4, running: 0, capabilities: [], code: { version: 1 } },
  ...fields,
});

const pool = (fields: Partial<PoolInSight> = {}): PoolInSight => ({
  ...{ id: 1, name: "transcode", scope: "cluster", capacity: 2, used: 0 },
  ...{ state: "started", tags: [], reservation: null },
  ...{ most: fields.capacity ?? 2, holders: [] },
  ...fields,
});
const ticket = (jobId: string, number: number, fields: Partial<TicketFacts> = {}): TicketFacts => ({
  ...{ jobId, number, mode: "exclusive", held: false, isServed: true },
  ...fields,
});

type Given = Partial<Omit<Situation, "job" | "lane">> & {
  readonly job?: Partial<Situation["job"]>;
  readonly needs?: LaneFacts["needs"];
  readonly lanePause?: LaneFacts["pause"];
};

function situation({ job, needs = {}, lanePause = null, ...fields }: Given = {}): Situation {
  return {
    now: NOW,
    job: {
      ...{ id: "a job", state: "pending", type: "media.transcode", site: "default", attempt: 1, node: null },
      ...{ startedAt: null, stalledSince: null, timedAction: null, elsewhere: null, endedAt: null, error: null },
      ...{ dueAt: NOW, ...job },
    },
    action: { timeoutMs: 5_000 },
    lane: { id: 1, site: "default", queue: "night", action: "proxy", needs, pause: lanePause },
    ...{
      locks: [],
      ticket: null,
      expectedMs: null,
      pools: [],
      objects: [],
      forecast: null,
      rollback: "none",
      rollbackProblem: null,
      isRetryAsked: false,
      isNodeLost: false,
      nodes: [],
      ahead: 0,
    },
    queue: { length: 0, capacity: 1_000 },
    ...fields,
  };
}

const FAILED = { error: { code: "no_space", message: "The disk is full.\nReally." } };
const AWAY = {
  ...{ attempt: 2, handle: { render: 7 }, since: at("11:35"), heardAt: at("11:45"), polledAt: at("11:50") },
  ...{ nextPollAt: at("12:10"), problem: { code: "busy", message: "come back." } },
};
const LIVING = { node: "one", startedAt: at("11:30"), attempt: 2 };
const BUSY = [node({ running: 4 })];
const NEEDS_X265 = { needs: { capabilities: ["ffmpeg.encoder.libx265"] } };

const ASKS = { nodes: [node()], needs: { units: { transcode: 1 } } };
const locked = (tickets: readonly TicketFacts[], quarantine: { reason: string } | null = null): Given => ({
  locks: [{ key: "asset/a-17", mode: "exclusive" }],
  objects: [{ key: "asset/a-17", quarantine, tickets }],
});

describe("why a job stands where it stands", () => {
  it.each<[keyof typeof REASONS, string, Given]>([
    ["not_planned", "It has no start time: plan it.", { job: { state: "created", dueAt: null } }],
    ["not_planned", 'Its timed action "t" is stopped: start it.', { job: { state: "created", timedAction: "t" } }],
    ["scheduled", "It waits until 2026-03-01T14:05:00.000Z.", { job: { state: "scheduled", dueAt: at("14:05") } }],
    [
      "backing_off",
      "Attempt 1 failed: no_space: The disk is full. It is tried again at 2026-03-01T12:05:00.000Z.",
      { job: { state: "retrying", dueAt: at("12:05"), ...FAILED } },
    ],
    [
      "rollback_unfinished",
      "Attempt 1 failed: no_space: The disk is full. What was done has to be undone first.",
      { job: { state: "retrying", dueAt: at("11:00"), ...FAILED }, rollback: "running" },
    ],
    [
      "rollback_unfinished",
      'It was cancelled. What was done has to be undone first. The last try failed at "upload": no answer.',
      { job: { state: "cancelling" }, rollback: "required", rollbackProblem: '"upload": no answer.' },
    ],
    [
      "rollback_failed",
      "Attempt 1 succeeded in part. What was done could not be undone. Its objects are in quarantine. Retry its rollback, or resolve it.",
      { job: { state: "partial" }, rollback: "failed" },
    ],
    ["paused", "It is held: resume it.", { job: { state: "paused" } }],
    ["lane_paused", "It is paused with all its kind: night.", { lanePause: { reason: "night" }, nodes: [node()] }],
    ["lane_paused", "It is paused with all its kind.", { lanePause: { reason: null } }],
    [
      "nodes_paused",
      "At site default node one, which runs media.transcode, is paused: resume it.",
      { nodes: [node({ state: "paused" })] },
    ],
    [
      "nodes_paused",
      "At site default nodes one and two, which run media.transcode, are paused: resume one.",
      { nodes: [node({ state: "paused" }), node({ name: "two", state: "paused" }), node({ state: "draining" })] },
    ],
    ["no_node", "No live node at site default runs media.transcode: start one.", { job: { state: "queued" } }],
    ["no_node", "No live node at site default runs media.transcode: start one.", { job: { state: "scheduled" } }],
    ["no_node", "No live node at site default runs media.transcode: start one.", { job: { state: "retrying" } }],
    [
      "no_node",
      "No live node at site default runs media.transcode (1 node that did will take no more): start one.",
      { nodes: [node({ state: "draining" })] },
    ],
    [
      "no_capable_node",
      "No live node at site default can run media.transcode: none has ffmpeg.encoder.libx265 (2 nodes run this type).",
      { ...NEEDS_X265, nodes: [node(), node({ capabilities: ["gpu"] }), node({ state: "draining" })] },
    ],
    [
      "no_capable_node",
      "No live node at site default can run media.transcode: none has a or b (1 node runs this type).",
      { needs: { capabilities: ["a", "b"] }, nodes: [node()] },
    ],
    [
      "no_capable_node",
      "No live node at site default can run media.transcode: none has all of a and b (2 nodes run this type).",
      { needs: { capabilities: ["a", "b"] }, nodes: [node({ capabilities: ["a"] }), node({ capabilities: ["b"] })] },
    ],
    [
      "no_capable_node",
      "No live node at site default can run media.transcode: none knows its need of quotas (1 node runs this type).",
      { needs: { quotas: 3 } as never, nodes: [node()] },
    ],
    [
      "no_such_version",
      "It needs version 3 of media.transcode, and at site default 2 nodes have 1 and 2: start a node that runs jobs of version 3.",
      { needs: { version: 3 }, nodes: [node(), node({ code: { version: 2 } }), node({ state: "draining" })] },
    ],
    [
      "no_such_version",
      "It needs version 1 of media.transcode, and at site default 1 node has 3 (from 2 on): start a node that runs jobs of version 1.",
      { nodes: [node({ code: { version: 3, readsFrom: 2 } })] },
    ],
    [
      "no_capable_node",
      "No live node at site default can run media.transcode: none has gpu (1 node runs this type).",
      {
        needs: { version: 2, capabilities: ["gpu"] },
        nodes: [node({ capabilities: ["gpu"] }), node({ code: { version: 2 } })],
      },
    ],
    [
      "nodes_busy",
      "All 4 slots of 1 node are busy; 12 jobs are ahead.",
      { job: { state: "queued" }, nodes: BUSY, ahead: 12, queue: { length: 1_000, capacity: 1_000 } },
    ],
    [
      "nodes_busy",
      "All 6 slots of 2 nodes are busy; 1 job is ahead.",
      {
        ...NEEDS_X265,
        ahead: 1,
        nodes: [2, 4].map((slots) => node({ slots, running: 9, ...has265() })).concat(node()),
      },
    ],
    ["nodes_busy", "All 4 slots of 1 node are busy; more than 10000 jobs are ahead.", { nodes: BUSY, ahead: 10_001 }],
    ["nodes_busy", "The only slot of 1 node is busy; 0 jobs are ahead.", { nodes: [node({ slots: 1, running: 1 })] }],
    [
      "internal_queue_full",
      "All 4 slots of 1 node are busy, and the internal queue is full with 9 jobs; 30 jobs are ahead.",
      { nodes: BUSY, ahead: 30, queue: { length: 9, capacity: 9 } },
    ],
    [
      "about_to_start",
      "It is about to start: 1 of 4 slots is free; 0 jobs are ahead.",
      { nodes: [node({ running: 3 })], queue: { length: 9, capacity: 9 } },
    ],
    [
      "waiting_for_lock",
      "It waits for asset/a-17, which job x has locked. It is number 2 in line.",
      {
        ...{ job: { state: "waiting_for_lock" }, ticket: { number: 9, held: false }, nodes: [node()] },
        ...locked([ticket("x", 1, { held: true }), ticket("y", 5), ticket("a job", 9), ticket("z", 11)]),
      },
    ],
    [
      "waiting_for_lock",
      "It waits for asset/a-17, which 2 jobs share. It is next in line.",
      {
        nodes: [node()],
        ...locked([ticket("x", 1, { held: true, mode: "shared" }), ticket("y", 2, { held: true, mode: "shared" })]),
      },
    ],
    [
      "waiting_for_lock",
      "It waits for asset/a-17, which others asked for before it. It is number 2 in line.",
      { nodes: [node()], ...locked([ticket("y", 2), ticket("far", 3, { isServed: false })]) },
    ],
    [
      "about_to_start",
      "It is about to start: 4 of 4 slots are free; 0 jobs are ahead.",
      {
        ...{ job: { state: "waiting_for_lock" }, ticket: { number: 9, held: false }, nodes: [node()] },
        ...locked([ticket("a job", 9)]),
      },
    ],
    [
      "object_quarantined",
      "It locks asset/a-17, which is in quarantine: a rollback failed. Release it to go on.",
      { nodes: [node()], ...locked([], { reason: "a rollback failed" }) },
    ],
    [
      "unknown_resource",
      "It needs gpu, and there is no such resource: make one.",
      { nodes: [node()], needs: { units: { gpu: 1 } } },
    ],
    [
      "impossible_need",
      "It needs 3 units of transcode, which never has more than 2: it cannot start.",
      { nodes: [node()], needs: { units: { transcode: 3 } }, pools: [pool()] },
    ],
    [
      "resource_stopped",
      "It needs transcode (site default), which is stopped: start it.",
      { ...ASKS, pools: [pool({ scope: "site/default", state: "stopped" })] },
    ],
    [
      "resource_stopped",
      "It needs transcode, which drains: start it.",
      { ...ASKS, pools: [pool({ state: "draining" })] },
    ],
    [
      "resource_closed",
      "It needs 1 unit of transcode, which has 0 at this time.",
      { ...ASKS, pools: [pool({ capacity: 0, most: 4 })] },
    ],
    [
      "resource_full",
      "It needs 1 unit of transcode, and 2 of 2 are in use.",
      { ...ASKS, pools: [pool({ used: 2, holders: ["x", "y"] })] },
    ],
    [
      "resource_reserved",
      "It needs 1 unit of transcode: 1 of 2 are free, and held back for job wide.",
      { ...ASKS, pools: [pool({ used: 1, reservation: { jobId: "wide", units: 2, until: at("13:00"), spare: 0 } })] },
    ],
    [
      "limit_reached",
      "Of jobs of queue night 3 may run at once, and 3 do.",
      { nodes: [node()], pools: [pool({ name: "night", scope: "queue", capacity: 3, used: 3 })] },
    ],
    [
      "stalled",
      "It runs on node one since 2026-03-01T11:30:00.000Z, attempt 2, and has shown no progress, line or byte since 2026-03-01T11:40:00.000Z. Nothing is stopped.",
      { job: { state: "running", ...LIVING, stalledSince: at("11:40") } },
    ],
    [
      "running",
      "It runs on node one since 2026-03-01T11:30:00.000Z, attempt 2.",
      { job: { state: "running", ...LIVING } },
    ],
    [
      "elsewhere",
      "It runs elsewhere since 2026-03-01T11:35:00.000Z, attempt 2. It was last polled at 2026-03-01T11:50:00.000Z, which failed: busy: come back. The next poll is due at 2026-03-01T12:10:00.000Z.",
      { job: { state: "running", ...LIVING, node: null, elsewhere: AWAY } },
    ],
    [
      "elsewhere",
      "It runs elsewhere since 2026-03-01T11:35:00.000Z, attempt 2. It was not polled yet. The next poll is due at 2026-03-01T12:10:00.000Z.",
      { job: { state: "running", ...LIVING, node: null, elsewhere: { ...AWAY, polledAt: null, problem: null } } },
    ],
    [
      "overrun",
      "It runs elsewhere since 2026-03-01T11:35:00.000Z, attempt 2, longer than its time-out of 5000 ms. Nothing is stopped.",
      { job: { state: "timed_out", ...LIVING, node: null, elsewhere: AWAY } },
    ],
    [
      "cancelling",
      "It was asked to stop, and ends when its work does, elsewhere since 2026-03-01T11:35:00.000Z, attempt 2.",
      { job: { state: "cancelling", ...LIVING, node: null, elsewhere: AWAY } },
    ],
    [
      "overrun",
      "It runs on node one since 2026-03-01T11:30:00.000Z, attempt 2, longer than its time-out of 5000 ms. Nothing is stopped. The retry that was asked for begins if it fails.",
      { job: { state: "timed_out", ...LIVING }, isRetryAsked: true },
    ],
    [
      "cancelling",
      "It was asked to stop, and ends when its handler ends on node one since 2026-03-01T11:30:00.000Z, attempt 2.",
      { job: { state: "cancelling", ...LIVING } },
    ],
    [
      "node_lost",
      "Node one died while it ran attempt 2; another one recovers it.",
      { job: { state: "running", ...LIVING }, isNodeLost: true },
    ],
    ["settled", "It completed at 2026-03-01T12:00:00.000Z.", { job: { state: "completed", endedAt: NOW } }],
    [
      "settled",
      "A part of its work succeeded on attempt 1. Retry it for the rest, or cancel it.",
      { job: { state: "partial", endedAt: NOW } },
    ],
    [
      "settled",
      "It failed on attempt 3: no_space: The disk is full. Amend or retry it.",
      { job: { state: "failed", attempt: 3, endedAt: NOW, ...FAILED } },
    ],
    ["settled", "It had nothing to do.", { job: { state: "skipped", endedAt: NOW } }],
    ["settled", "It was cancelled at 2026-03-01T12:00:00.000Z.", { job: { state: "cancelled", endedAt: NOW } }],
  ])("%s: %s", (reason, sentence, given) => {
    expect(explain(situation(given))).toMatchObject({ jobId: "a job", reason, sentence });
  });

  it("is told to programs by its numbers", () => {
    expect(explain(situation({ ...NEEDS_X265, nodes: [node()] })).details).toEqual({
      ...{ site: "default", type: "media.transcode", missing: ["ffmpeg.encoder.libx265"], nodes: ["one"] },
    });
    expect(explain(situation({ nodes: BUSY, ahead: 2, queue: { length: 9, capacity: 9 } })).details).toEqual({
      ...{ slots: 4, running: 4, ahead: 2, nodes: ["one"], queue: { length: 9, capacity: 9 } },
    });
  });

  it("names the jobs in its way", () => {
    expect(explain(situation({ ...ASKS, pools: [pool({ used: 2, holders: ["x", "y"] })] })).blockers).toEqual([
      "x",
      "y",
    ]);
    expect(explain(situation({ nodes: [node()], ...locked([ticket("x", 1, { held: true })]) })).blockers).toEqual([
      "x",
    ]);
    expect(explain(situation({ nodes: [node()] })).blockers).toEqual([]);
  });

  it("is told of the node on which it would get furthest", () => {
    const two = [node(), node({ name: "two" })];
    const pools = [pool({ scope: "node/one", state: "stopped" }), pool({ id: 2, scope: "node/two", used: 2 })];
    expect(explain(situation({ ...ASKS, nodes: two, pools })).reason).toBe("resource_full");
    expect(explain(situation({ ...ASKS, nodes: two, pools: [pools[0]!, { ...pools[1]!, used: 0 }] })).reason).toBe(
      "about_to_start",
    );
  });

  it("comes from the rules that the claim asks", () => {
    const full = situation({ ...ASKS, pools: [pool({ used: 2 })] });
    expect(explain(full).reason).toBe("resource_full");
    const { units } = ADMISSION_RULES;
    ADMISSION_RULES.units = () => undefined;
    try {
      expect(explain(full).reason).toBe("about_to_start");
    } finally {
      ADMISSION_RULES.units = units;
    }
  });

  it("cuts what an error says to a length that can be read", () => {
    const error = { code: "long", message: "x".repeat(9_000) };
    expect(explain(situation({ job: { state: "failed", error } })).sentence.length).toBeLessThan(600);
  });
});

const instant = fc.date({ min: at("10:00"), max: at("14:00"), noInvalidDate: true });
const mode = fc.constantFrom("shared", "exclusive");
const names = fc.subarray(["a", "b", "c"]);
const anyCode = fc.record({ version: fc.integer({ min: 1, max: 4 }), readsFrom: fc.integer({ min: 1, max: 4 }) });
const anyJson = fc.jsonValue().map((value): Json => JSON.parse(JSON.stringify(value)));
const anySituation: fc.Arbitrary<Situation> = fc.record({
  now: fc.constant(NOW),
  job: fc.record({
    ...{
      id: fc.constant("a job"),
      state: fc.constantFrom(...JOB_STATES),
      ...{ type: fc.constant("t"), site: fc.constant("s") },
    },
    ...{
      attempt: fc.nat(5),
      startedAt: fc.option(instant),
      stalledSince: fc.option(instant),
      timedAction: fc.option(fc.constant("nightly")),
      elsewhere: fc.option(
        fc.record({
          ...{ attempt: fc.nat(5), handle: anyJson, since: instant, heardAt: instant },
          ...{ polledAt: fc.option(instant), nextPollAt: fc.option(instant) },
          problem: fc.option(fc.record({ code: fc.string(), message: fc.string() })),
        }),
      ),
      endedAt: fc.option(instant),
      dueAt: fc.option(instant),
    },
    ...{
      node: fc.option(fc.constant("one")),
      error: fc.option(fc.record({ code: fc.string(), message: fc.string() })),
    },
  }),
  action: fc.record({ timeoutMs: fc.option(fc.nat()) }),
  lane: fc.record({
    ...{ id: fc.constant(1), site: fc.constant("s"), queue: fc.constant("q"), action: fc.constant("a") },
    needs: fc.record(
      { capabilities: names, units: fc.dictionary(fc.constantFrom("a", "b", "#t"), fc.integer({ min: 1, max: 9 })) },
      { requiredKeys: [] },
    ),
    pause: fc.option(fc.record({ reason: fc.option(fc.string()) })),
  }),
  locks: fc.uniqueArray(fc.record({ key: fc.constantFrom("x", "y"), mode }), { selector: ({ key }) => key }),
  ticket: fc.option(fc.record({ number: fc.integer({ min: 1, max: 9 }), held: fc.boolean() })),
  expectedMs: fc.option(fc.nat()),
  pools: fc.uniqueArray(
    fc.record({
      ...{ id: fc.nat(9), name: fc.constantFrom("a", "b", "q"), capacity: fc.nat(9), used: fc.nat(9), most: fc.nat(9) },
      ...{ scope: fc.constantFrom("cluster", "site/s", "node/one", "queue"), tags: fc.subarray(["t"]) },
      ...{ state: fc.constantFrom("started", "stopped", "draining"), holders: fc.constant(["x"]) },
      reservation: fc.option(fc.record({ jobId: fc.string(), units: fc.nat(9), until: instant, spare: fc.nat(9) })),
    }),
    { selector: ({ id }) => id },
  ),
  objects: fc.uniqueArray(
    fc.record({
      key: fc.constantFrom("x", "y"),
      quarantine: fc.option(fc.record({ reason: fc.option(fc.string()) })),
      tickets: fc.array(
        fc.record({ jobId: fc.string(), number: fc.nat(9), mode, held: fc.boolean(), isServed: fc.boolean() }),
      ),
    }),
    { selector: ({ key }) => key },
  ),
  forecast: fc.constant(null),
  rollback: fc.constantFrom("none", "required", "running", "done", "failed"),
  rollbackProblem: fc.option(fc.string()),
  ...{ isRetryAsked: fc.boolean(), isNodeLost: fc.boolean(), ahead: fc.nat() },
  nodes: fc.array(
    fc.record({
      ...{
        name: fc.string(),
        state: fc.constantFrom("up", "paused", "draining"),
        slots: fc.integer({ min: 1, max: 9 }),
      },
      ...{ running: fc.nat(20), capabilities: names, code: anyCode },
    }),
  ),
  queue: fc.record({ length: fc.nat(20), capacity: fc.integer({ min: 1, max: 20 }) }),
});
const DUE = [
  ...[
    "no_node",
    "nodes_paused",
    "no_such_version",
    "no_capable_node",
    "nodes_busy",
    "internal_queue_full",
    "about_to_start",
    "lane_paused",
  ],
  ...[
    "unknown_resource",
    "impossible_need",
    "resource_stopped",
    "resource_closed",
    "resource_full",
    "resource_reserved",
  ],
  ...["limit_reached", "waiting_for_lock", "object_quarantined"],
];

describe("every situation", () => {
  it("has one reason, that fits its state, and a whole sentence", () => {
    fc.assert(
      fc.property(anySituation, (given) => {
        const { reason, sentence, state, details } = explain(given);
        expect(Object.keys(REASONS)).toContain(reason);
        expect(sentence).toMatch(/^[A-Z].*\.$/s);
        expect(sentence).not.toMatch(/undefined|NaN|\[object/);
        expect(JSON.parse(JSON.stringify(details))).toEqual(details);
        const { rollback } = given;
        if (rollback !== "none" && rollback !== "done") {
          expect(reason).toBe(rollback === "failed" ? "rollback_failed" : "rollback_unfinished");
          return;
        }
        expect(SETTLED.some((one) => one === state)).toBe(reason === "settled");
        expect(LIVE.some((one) => one === state)).toBe(
          ["running", "elsewhere", "stalled", "overrun", "cancelling", "node_lost"].includes(reason),
        );
        if (state === "pending" || state === "queued" || state === "waiting_for_lock") expect(DUE).toContain(reason);
      }),
    );
  });
});

function has265() {
  return { capabilities: ["ffmpeg.encoder.libx265"] };
}
