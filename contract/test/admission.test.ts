import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type AdmissionDecision,
  type AdmissionRequest,
  ageingBoundMs,
  decideAdmission,
  effectiveLevel,
  type Level,
  PRIORITIES,
  PRIORITY_NAMES,
  parsePriority,
  priorityName,
  turnOf,
} from "../src/model/admission.ts";

const STEP = 600_000;
const NOW = new Date("2026-08-01T12:00:00Z");
const ago = (ms: number) => new Date(NOW.getTime() - ms);
const aJob = (id: string, level: Level, waitedMs = 0) => ({ id, level, dueAt: ago(waitedMs) });
const decide = (request: Partial<AdmissionRequest>) =>
  decideAdmission({ now: NOW, stepMs: STEP, capacity: 10, queued: [], pending: [], ...request });
const ids = (decision: AdmissionDecision) => ({ admit: decision.admit.map(({ id }) => id), giveWay: decision.giveWay });

describe("priorities", () => {
  it.each([
    ["highest", "highest"],
    ["Normal", "normal"],
    [" LOW ", "low"],
    [1, "lowest"],
    [6, "urgent"],
    ["5", "highest"],
  ])("reads %j as %s", (written, name) => expect(parsePriority(written)).toBe(name));

  it.each([0, 7, 2.5, Number.NaN, "", "medium", "60", null, undefined, true, {}, "toString"])("refuses %j", (written) =>
    expect(parsePriority(written)).toBeUndefined(),
  );

  it("names each level, and reads each name and level back", () => {
    for (const name of PRIORITY_NAMES) {
      expect(priorityName(PRIORITIES[name])).toBe(name);
      expect(parsePriority(PRIORITIES[name])).toBe(name);
    }
  });
});

describe("ageing", () => {
  it.each([
    [1, 0, 1],
    [1, STEP - 1, 1],
    [1, STEP, 2],
    [1, 4 * STEP - 1, 4],
    [1, 4 * STEP, 5],
    [1, 400 * STEP, 5],
    [3, 2 * STEP, 5],
    [5, 9 * STEP, 5],
    [6, 0, 6],
    [6, 9 * STEP, 6],
    [3, -STEP, 3],
  ] as const)("takes level %i after %i ms of waiting for level %i", (level, waitedMs, effective) => {
    expect(effectiveLevel(level, waitedMs)).toBe(effective);
    expect(effectiveLevel(level, waitedMs, STEP)).toBe(effective);
  });

  it("is switched off by an endless step, and refuses one that is not positive", () => {
    expect(effectiveLevel(1, 1e12, Number.POSITIVE_INFINITY)).toBe(1);
    for (const step of [0, -1, Number.NaN]) expect(() => effectiveLevel(1, 0, step)).toThrow(RangeError);
  });

  it("makes every job highest after its bound, and not a millisecond earlier", () => {
    expect(ageingBoundMs(1, STEP)).toBe(4 * STEP);
    for (const level of [1, 2, 3, 4] as const) {
      expect(effectiveLevel(level, ageingBoundMs(level, STEP), STEP)).toBe(5);
      expect(effectiveLevel(level, ageingBoundMs(level, STEP) - 1, STEP)).toBe(4);
    }
    expect(ageingBoundMs(6, STEP)).toBe(0);
  });
});

describe("admission", () => {
  it("fills the queue best first: higher level, then earlier due, then smaller id", () => {
    const pending = [aJob("d", 3), aJob("c", 3, 5), aJob("b", 3), aJob("a", 2, 9), aJob("e", 6)];
    expect(ids(decide({ capacity: 4, pending }))).toEqual({ admit: ["e", "c", "b", "d"], giveWay: [] });
  });

  it("lets a worse queued job give way to a better pending one", () => {
    const decision = decide({ capacity: 2, queued: [aJob("a", 3), aJob("b", 2)], pending: [aJob("c", 4)] });
    expect(ids(decision)).toEqual({ admit: ["c"], giveWay: ["b"] });
  });

  it("swaps nobody for an equally good job, whatever its id", () => {
    const decision = decide({ capacity: 1, queued: [aJob("z", 3, 7)], pending: [aJob("a", 3, 7)] });
    expect(ids(decision)).toEqual({ admit: [], giveWay: [] });
  });

  it("prefers a lowest job that waited four steps to a highest one that is due just now, and never to an urgent one", () => {
    const aged = aJob("aged", 1, 4 * STEP);
    expect(ids(decide({ capacity: 1, queued: [aJob("new", 5)], pending: [aged] })).admit).toEqual(["aged"]);
    expect(ids(decide({ capacity: 1, queued: [aged], pending: [aJob("news", 6)] })).giveWay).toEqual(["aged"]);
  });

  it("empties a queue whose capacity was lowered, worst first", () => {
    const queued = [aJob("a", 3), aJob("b", 5), aJob("c", 1)];
    expect(ids(decide({ capacity: 1, queued }))).toEqual({ admit: [], giveWay: ["a", "c"] });
    expect(ids(decide({ capacity: 0, queued, pending: [aJob("d", 6)] })).giveWay).toEqual(["b", "a", "c"]);
    const five = (["d", "e", "f", "g", "h"] as const).map((id) => aJob(id, 6));
    expect(ids(decide({ capacity: -3, pending: five })).admit).toEqual([]);
  });

  it("asks for a new turn of a queued job that aged, and of no other", () => {
    const old = { ...aJob("old", 3, STEP), turn: turnOf(3, ago(STEP)) };
    const fresh = { ...aJob("fresh", 3, 5), turn: turnOf(3, ago(5)) };
    const decision = decide({ queued: [old, fresh, aJob("unknown", 1, STEP)] });
    expect(decision.reorder).toEqual([{ id: "old", turn: turnOf(4, ago(STEP)) }]);
  });

  it("gives turns that sort as numbers for every instant", () => {
    const instants = [-8.64e15, 0, NOW.getTime(), 8.64e15].map((ms) => new Date(ms));
    for (const level of [1, 2, 3, 4, 5] as const) {
      for (const a of instants) for (const b of instants) expect(turnOf(6, a)).toBeLessThan(turnOf(level, b));
    }
    expect(turnOf(1, new Date(8.64e15))).toBeLessThan(Number.MAX_SAFE_INTEGER);
  });
});

const level = fc.constantFrom<Level>(1, 2, 3, 4, 5, 6);
// Few instants and levels, so that equal jobs are common.
const waited = fc.oneof(
  fc.integer({ min: 0, max: 3 }),
  fc.integer({ min: 0, max: 6 }).map((steps) => steps * STEP),
);
const requests = fc
  .uniqueArray(fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), level, waited, isQueued: fc.boolean() }), {
    selector: ({ id }) => id,
    maxLength: 25,
  })
  .chain((drawn) => {
    const of = (isQueued: boolean) =>
      drawn.filter((one) => one.isQueued === isQueued).map((one) => aJob(one.id, one.level, one.waited));
    const [queued, pending] = [of(true), of(false)];
    return fc.record({
      now: fc.constant(NOW),
      stepMs: fc.constant(STEP),
      capacity: fc.integer({ min: 0, max: 12 }),
      queued: fc.constant(queued),
      pending: fc.constant(pending),
    });
  });

function apply(request: AdmissionRequest, decision: AdmissionDecision): AdmissionRequest {
  const turns = new Map([...decision.admit, ...decision.reorder].map(({ id, turn }) => [id, turn]));
  const all = [...request.queued, ...request.pending];
  const stays = (id: string) => !decision.giveWay.includes(id);
  const isIn = (id: string) => request.queued.some((job) => job.id === id) && stays(id);
  const isInside = (id: string) => isIn(id) || decision.admit.some((job) => job.id === id);
  return {
    ...request,
    queued: all
      .filter(({ id }) => isInside(id))
      .map((job) => {
        const turn = turns.get(job.id) ?? ("turn" in job ? (job.turn as number) : undefined);
        return turn === undefined ? job : { ...job, turn };
      }),
    pending: all.filter(({ id }) => !isInside(id)).map(({ id, level: own, dueAt }) => ({ id, level: own, dueAt })),
  };
}

/** Negative: a is strictly better than b. Written apart from the rule itself. */
function better(a: { level: Level; dueAt: Date }, b: { level: Level; dueAt: Date }): number {
  const effective = (job: { level: Level; dueAt: Date }) =>
    job.level === 6 ? 6 : Math.min(5, job.level + Math.floor((NOW.getTime() - job.dueAt.getTime()) / STEP));
  return effective(b) - effective(a) || a.dueAt.getTime() - b.dueAt.getTime();
}

describe("every admission", () => {
  it("keeps the bound, and leaves no place empty while a job is pending", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { queued, pending } = apply(request, decideAdmission(request));
        expect(queued.length).toBeLessThanOrEqual(request.capacity);
        if (pending.length > 0) expect(queued).toHaveLength(request.capacity);
        expect(queued.length + pending.length).toBe(request.queued.length + request.pending.length);
      }),
    );
  });

  it("leaves no pending job that is strictly better than a queued one", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { queued, pending } = apply(request, decideAdmission(request));
        for (const out of pending) for (const job of queued) expect(better(out, job)).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("swaps only for something strictly better, and never more than it must", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { admit, giveWay } = decideAdmission(request);
        const find = (id: string) => [...request.queued, ...request.pending].find((job) => job.id === id)!;
        for (const out of giveWay) for (const { id } of admit) expect(better(find(id), find(out))).toBeLessThan(0);
        expect(new Set([...admit.map(({ id }) => id), ...giveWay]).size).toBe(admit.length + giveWay.length);
      }),
    );
  });

  it("gives turns that sort the queue best first", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const marked = { ...request, queued: request.queued.map((job) => ({ ...job, turn: -1 })) };
        const after = apply(marked, decideAdmission(marked)).queued;
        for (const a of after) for (const b of after) if (better(a, b) < 0) expect(a.turn).toBeLessThan(b.turn!);
      }),
    );
  });

  it("does not depend on the order in which the jobs are given", () => {
    const shuffled = requests.chain((request) =>
      fc
        .tuple(
          fc.shuffledSubarray([...request.queued], { minLength: request.queued.length }),
          fc.shuffledSubarray([...request.pending], { minLength: request.pending.length }),
        )
        .map(([queued, pending]) => [request, { ...request, queued, pending }] as const),
    );
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(decideAdmission(other)).toEqual(decideAdmission(one));
      }),
    );
  });

  it("changes nothing when it is decided again", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const marked = { ...request, queued: request.queued.map((job) => ({ ...job, turn: -1 })) };
        const again = decideAdmission(apply(marked, decideAdmission(marked)));
        expect(again).toEqual({ admit: [], giveWay: [], reorder: [] });
      }),
    );
  });

  it("never lets a stream of highest jobs pass a job that has waited for its bound", () => {
    fc.assert(
      fc.property(fc.constantFrom<Level>(1, 2, 3, 4, 5), fc.integer({ min: 1, max: 9 }), (own, capacity) => {
        const waiting = aJob("waiting", own, ageingBoundMs(own, STEP) + 1);
        const stream = Array.from({ length: 30 }, (_, index) => aJob(`stream-${index}`, 5, 0));
        const request = {
          now: NOW,
          stepMs: STEP,
          capacity,
          queued: stream.slice(0, capacity),
          pending: [...stream.slice(capacity), waiting],
        };
        expect(decideAdmission(request).admit[0]?.id).toBe("waiting");
      }),
    );
  });
});
