import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  ADMISSION_RULES,
  areCompatible,
  type CandidateJob,
  decide,
  type LaneFacts,
  type LockMode,
  type PoolFacts,
  type Verdict,
  type World,
} from "../src/index.ts";
import { aCandidate, aLane, aLine, aPool, aWorld, NOW } from "./world.ts";

const later = (ms: number) => new Date(NOW.getTime() + ms);
const told = (verdicts: readonly Verdict[]) =>
  verdicts.map((verdict) => (verdict.kind === "start" ? "start" : verdict.why.reason));
const needing = (id: string, units: Readonly<Record<string, number>>, fields: Partial<CandidateJob> = {}) =>
  aCandidate(id, "", {
    lane: aLane(units, {
      id: Object.keys(units).join().length * 100 + Object.values(units).reduce((a, b) => a + b, 0),
    }),
    ...fields,
  });

describe("units", () => {
  it("are taken all together or not at all: what one job did not get in full the next may have", () => {
    const pools = [aPool("p1", 2), aPool("p2", 1, { used: 1 })];
    const verdicts = decide([needing("both", { p1: 2, p2: 1 }), needing("one", { p1: 2 })], aWorld({ pools }));
    expect(told(verdicts)).toEqual(["resource_full", "start"]);
    expect(verdicts[1]).toEqual({ kind: "start", units: [{ poolId: 1, units: 2 }] });
  });

  it("that one takes, those after it lack", () => {
    const jobs = [needing("a", { p1: 2 }), needing("b", { p1: 2 }), needing("c", { p1: 1 })];
    const verdicts = decide(jobs, aWorld({ pools: [aPool("p1", 3)] }));
    expect(told(verdicts)).toEqual(["start", "resource_full", "start"]);
    expect(verdicts[1]).toMatchObject({ why: { wanted: 2, pool: { name: "p1", used: 2, capacity: 3 } } });
  });

  it.each([
    ["of the node before the site's and the cluster's", "node/edit-01 site/london cluster", 1],
    ["of the site before the cluster's", "site/paris site/london cluster", 2],
    ["of the cluster, where there is none nearer", "site/paris node/edit-02 cluster", 3],
  ])("are those %s", (_, scopes, poolId) => {
    const pools = scopes.split(" ").map((scope, index) => aPool("gpu", 1, { id: index + 1, scope }));
    expect(decide([needing("a", { gpu: 1 })], aWorld({ pools }))).toEqual([
      { kind: "start", units: [{ poolId, units: 1 }] },
    ]);
  });

  it("of a stopped or draining resource are not given, though it is the only one", () => {
    for (const state of ["stopped", "draining"] as const)
      expect(told(decide([needing("a", { p1: 1 })], aWorld({ pools: [aPool("p1", 1, { state })] })))).toEqual([
        "resource_stopped",
      ]);
  });

  it("of a resource that nobody put are not given", () =>
    expect(told(decide([needing("a", { gpu: 1 })], aWorld()))).toEqual(["unknown_resource"]));

  it("are not given while more is used than there is, since the capacity was lowered", () =>
    expect(told(decide([needing("a", { p1: 1 })], aWorld({ pools: [aPool("p1", 2, { used: 5 })] })))).toEqual([
      "resource_full",
    ]));

  it("by tag are those of the first that has room; why not is said of one that frees itself", () => {
    const gpu = (id: number, fields: Partial<PoolFacts>) => aPool(`g${id}`, 1, { id, tags: ["gpu"], ...fields });
    const pools = [gpu(1, { state: "stopped" }), gpu(2, { used: 1 }), gpu(3, {}), gpu(4, { scope: "node/edit-02" })];
    const verdicts = decide([needing("a", { "#gpu": 1 }), needing("b", { "#gpu": 1 })], aWorld({ pools }));
    expect(told(verdicts)).toEqual(["start", "resource_full"]);
    expect(verdicts[0]).toMatchObject({ units: [{ poolId: 3 }] });
  });
});

describe("limits", () => {
  it.each([
    ["action", "encode"],
    ["queue", "default"],
    ["site", "london"],
  ])("of its %s count every job of it, and no other", (scope, name) => {
    const pools = [aPool(name, 2, { id: 7, scope }), aPool("others", 0, { id: 8, scope })];
    const verdicts = decide(
      ["a", "b", "c"].map((id) => aCandidate(id)),
      aWorld({ pools }),
    );
    expect(told(verdicts)).toEqual(["start", "start", "limit_reached"]);
    expect(verdicts[0]).toEqual({ kind: "start", units: [{ poolId: 7, units: 1 }] });
  });
});

describe("a reservation", () => {
  const held = { jobId: "wide", units: 3, until: later(60_000), spare: 1 };
  const pool = (fields: Partial<PoolFacts> = {}) => aPool("p1", 4, { reservation: held, ...fields });
  const one = (fields: Partial<CandidateJob>) => needing("a", { p1: 1 }, fields);

  it("keeps others from what it holds back; what it leaves they may have", () => {
    const jobs = ["a", "b"].map((id) => needing(id, { p1: 1 }));
    const strict = pool({ reservation: { ...held, spare: 0 } });
    expect(told(decide(jobs, aWorld({ pools: [strict] })))).toEqual(["start", "resource_reserved"]);
  });

  it.each([
    ["that are expected to end before", { expectedMs: 60_000 }, "start"],
    ["that are expected to run longer only of its spare", { expectedMs: 60_001 }, "start"],
    ["of which nothing is known only of its spare", { expectedMs: null }, "start"],
  ])("lets jobs pass %s", (_, fields, expected) =>
    expect(told(decide([one(fields)], aWorld({ pools: [pool({ used: 1 })] })))).toEqual([expected]),
  );

  it("spares each unit once", () => {
    const jobs = ["a", "b"].map((id) => needing(id, { p1: 1 }));
    const verdicts = decide(jobs, aWorld({ pools: [pool({ used: 1 })] }));
    expect(told(verdicts)).toEqual(["start", "resource_reserved"]);
    expect(verdicts[0]).toMatchObject({ units: [{ poolId: 1, units: 1, ofSpare: true }] });
    const short = needing("c", { p1: 1 }, { expectedMs: 1 });
    expect(told(decide([...jobs, short], aWorld({ pools: [pool({ used: 1 })] })))).toEqual([
      "start",
      "resource_reserved",
      "start",
    ]);
  });

  it("spares what long jobs took that touched nothing of it no second time", () => {
    const jobs = ["a", "b"].map((id) => needing(id, { p1: 1 }));
    const verdicts = decide(jobs, aWorld({ pools: [pool()] }));
    expect(told(verdicts)).toEqual(["start", "resource_reserved"]);
    expect(verdicts[0]).toMatchObject({ units: [{ ofSpare: true }] });
  });

  it("whose begin nobody knows lets nobody pass by its duration", () => {
    const unknown = pool({ used: 1, reservation: { ...held, until: null, spare: 0 } });
    expect(told(decide([one({ expectedMs: 1 })], aWorld({ pools: [unknown] })))).toEqual(["resource_reserved"]);
  });

  it("gives spare back of a job that lacks something else", () => {
    const pools = [pool({ used: 1 }), aPool("p2", 0)];
    const jobs = [needing("a", { p1: 1, p2: 1 }), needing("b", { p1: 1 })];
    expect(told(decide(jobs, aWorld({ pools })))).toEqual(["resource_full", "start"]);
  });

  it("is no hindrance for the job that it is for", () =>
    expect(told(decide([needing("wide", { p1: 3 })], aWorld({ pools: [pool({ used: 1 })] })))).toEqual(["start"]));
});

describe("objects", () => {
  it.each([
    ["that nobody has asked for", "a b", "", "", "start"],
    ["that another shares, shared too", "a+", "j1+!", "", "start"],
    ["that another holds", "a", "j1!", "", "waiting_for_lock"],
    ["that another shares, alone", "a", "j1+!", "", "waiting_for_lock"],
    ["for which another waits, even if it is free", "a", "j1", "", "waiting_for_lock"],
    ["for which another waits that nobody can run", "a", "j1?", "", "start"],
    ["that another holds that nobody can run", "a", "j1?!", "", "waiting_for_lock"],
    ["of which one is held", "a b", "", "j1!", "waiting_for_lock"],
    ["shared, behind one who waits to have it alone", "a+", "j1+! j2", "", "waiting_for_lock"],
  ])("%s", (_, locks, a, b, expected) => {
    const objects = [aLine("a", a), aLine("b", b)];
    expect(told(decide([aCandidate("me", locks)], aWorld({ objects })))).toEqual([expected]);
  });

  it("say who holds them, and the place in line", () => {
    const objects = [aLine("a", "j1+! j2+! j3 j4")];
    expect(decide([aCandidate("me", "a")], aWorld({ objects }))).toEqual([
      { kind: "block", why: { reason: "waiting_for_lock", key: "a", holders: ["j1", "j2"], place: 3 } },
    ]);
  });

  it("that one takes, those after it wait for, unless they share them", () => {
    const jobs = [aCandidate("one", "a"), aCandidate("two", "a"), aCandidate("three", "b+"), aCandidate("four", "b+")];
    const verdicts = decide(jobs, aWorld());
    expect(told(verdicts)).toEqual(["start", "waiting_for_lock", "start", "start"]);
    expect(verdicts[1]).toMatchObject({ why: { holders: ["one"], place: 1 } });
  });

  it("are not taken by a job that lacks units", () => {
    const jobs = [needing("one", { p1: 1 }, { locks: [{ key: "a", mode: "exclusive" }] }), aCandidate("two", "a")];
    expect(told(decide(jobs, aWorld({ pools: [aPool("p1", 0)] })))).toEqual(["resource_full", "start"]);
  });

  it("that were handed over are there, whoever stands in line", () => {
    const job = aCandidate("me", "a", { ticket: { number: 1, held: true } });
    expect(told(decide([job], aWorld({ objects: [aLine("a", "me! j2")] })))).toEqual(["start"]);
  });

  it("in quarantine nobody gets: who was handed them stays where he is, others stand in line and take no units", () => {
    const objects = [aLine("a", "me!", { reason: "a rollback failed" })];
    const lane = aLane({ gpu: 1 });
    const jobs = [
      aCandidate("me", "a", { lane, ticket: { number: 1, held: true } }),
      aCandidate("other", "a", { lane }),
      aCandidate("third", "b", { lane }),
    ];
    const why = { reason: "object_quarantined", key: "a", because: "a rollback failed" };
    expect(decide(jobs, aWorld({ objects, pools: [aPool("gpu", 1)] }))).toMatchObject([
      ...[{ kind: "leave", why }, { kind: "block", why }, { kind: "start" }],
    ]);
  });
});

it("the first reason counts: a paused lane before a lacking capability before objects before units", () => {
  const lane = (fields: Partial<LaneFacts>) => aLane({ gpu: 1 }, fields);
  const needs = { capabilities: ["sdi"], units: { gpu: 1 } };
  const all = { locks: [{ key: "a", mode: "exclusive" as const }] };
  const objects = [aLine("a", "j1!")];
  const why = (fields: Partial<CandidateJob>) => told(decide([aCandidate("me", "", fields)], aWorld({ objects })))[0];
  expect(why({ ...all, lane: lane({ needs, pause: { reason: "maintenance" } }) })).toBe("lane_paused");
  expect(why({ ...all, lane: lane({ needs }) })).toBe("no_capable_node");
  expect(why({ ...all, lane: lane({}) })).toBe("waiting_for_lock");
  expect(why({ lane: lane({}) })).toBe("unknown_resource");
  expect(Object.keys(ADMISSION_RULES)).toEqual(["paused", "capability", "quarantine", "lock", "units"]);
});

it("jobs after the last free slot have no verdict; those that do not start take no slot", () => {
  const jobs = [aCandidate("held", "a"), aCandidate("one"), aCandidate("two"), aCandidate("three")];
  const verdicts = decide(jobs, aWorld({ objects: [aLine("a", "j1!")] }), 2);
  expect(told(verdicts)).toEqual(["waiting_for_lock", "start", "start"]);
});

const aMode = fc.constantFrom<LockMode>("shared", "exclusive");
const KEYS = ["a", "b", "c", "d"];
const POOLS = ["p1", "p2", "p3"];
const aCrowd = fc.record({
  pools: fc.tuple(
    ...POOLS.map((name) =>
      fc
        .record({
          capacity: fc.nat(6),
          used: fc.nat(4),
          state: fc.constantFrom("started", "started", "stopped" as const),
        })
        .map((fields) => aPool(name, fields.capacity, fields)),
    ),
  ),
  limit: fc.option(fc.nat(5)),
  objects: fc.tuple(
    ...KEYS.map((key) => fc.constantFrom("", "", "", "x!", "x+!", "x", "x?", "x+").map((line) => aLine(key, line))),
  ),
  jobs: fc.array(
    fc.record({
      units: fc.dictionary(fc.constantFrom(...POOLS), fc.integer({ min: 1, max: 3 }), { maxKeys: 2 }),
      locks: fc.uniqueArray(fc.record({ key: fc.constantFrom(...KEYS), mode: aMode }), {
        selector: ({ key }) => key,
        maxLength: 3,
      }),
    }),
    { maxLength: 12 },
  ),
});
type Crowd = typeof aCrowd extends fc.Arbitrary<infer T> ? T : never;

function situation({ pools, limit, objects, jobs }: Crowd): { world: World; candidates: readonly CandidateJob[] } {
  const limits = limit === null ? [] : [aPool("encode", limit, { id: 9, scope: "action" })];
  const candidates = jobs.map(({ units, locks }, index) => {
    const lane = aLane(units, { id: index });
    return aCandidate(`j${index}`, "", { lane, locks });
  });
  return { world: aWorld({ pools: [...pools, ...limits], objects }), candidates };
}

describe("whoever comes with whatever needs", () => {
  const always = (check: (of: ReturnType<typeof situation>) => void) =>
    fc.assert(
      fc.property(aCrowd, (crowd) => check(situation(crowd))),
      { numRuns: 1_000 },
    );

  it("who starts gets all that it needs, nothing is overdrawn, no two exclude each other, and who does not start lacks something", () =>
    always(({ world, candidates }) => {
      const used = new Map(world.pools.map(({ id, used: now }) => [id, now]));
      const started: CandidateJob[] = [];
      for (const [index, verdict] of decide(candidates, world).entries()) {
        const job = candidates[index]!;
        const wanted = new Map(
          world.pools.flatMap(({ id, name, scope }) => {
            const units = scope === "action" ? 1 : job.lane.needs.units?.[name];
            return units === undefined ? [] : [[id, units] as const];
          }),
        );
        const fits = world.pools.every(({ id, capacity, state }) => {
          const units = wanted.get(id);
          return units === undefined || (state === "started" && used.get(id)! + units <= capacity);
        });
        const isFree = job.locks.every(({ key, mode }) => {
          const tickets = world.objects
            .find((one) => one.key === key)!
            .tickets.filter((one) => one.held || one.isServed);
          const here = started.flatMap(({ locks }) => locks.filter((one) => one.key === key));
          return [...tickets, ...here].every((other) => areCompatible(other.mode, mode));
        });
        expect(verdict.kind === "start").toBe(fits && isFree);
        expect(verdict.kind === "block").toBe(!isFree);
        if (verdict.kind !== "start") continue;
        started.push(job);
        expect(new Map(verdict.units.map((one) => [one.poolId, one.units]))).toEqual(wanted);
        for (const { poolId, units } of verdict.units) used.set(poolId, used.get(poolId)! + units);
      }
    }));

  it("the same world and the same jobs give the same verdicts, and those of the first do not depend on the others", () =>
    always(({ world, candidates }) => {
      const before = JSON.stringify({ world, candidates });
      const verdicts = decide(candidates, world);
      expect(decide(candidates, world)).toEqual(verdicts);
      expect(JSON.stringify({ world, candidates })).toBe(before);
      for (const count of [0, 1, Math.floor(candidates.length / 2)])
        expect(decide(candidates.slice(0, count), world)).toEqual(verdicts.slice(0, count));
    }));
});
