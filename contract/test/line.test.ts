import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  areCompatible,
  decide,
  type JobLock,
  type LockMode,
  nextHolders,
  type ObjectFacts,
  type TicketFacts,
} from "../src/index.ts";
import { aCandidate, aLine, aWorld } from "./world.ts";

/** Lines, and what each job in them asked for: the objects in whose lines it stands. */
function turns(...lines: readonly ObjectFacts[]) {
  const needed = new Map<string, string[]>();
  for (const { key, tickets } of lines)
    for (const { jobId } of tickets) needed.set(jobId, [...(needed.get(jobId) ?? []), key]);
  return nextHolders(lines, needed);
}

describe("who gets an object that was freed", () => {
  it.each([
    ["the first who waits", "j1 j2 j3", ["j1"]],
    ["nobody, while it is held alone", "j1! j2", []],
    ["all who share it, up to the first who does not", "j1+ j2+ j3 j4+", ["j1", "j2"]],
    ["who shares it with those who hold it", "j1+! j2+ j3", ["j2"]],
    ["nobody, while those who hold it share it and the first does not", "j1+! j2 j3+", []],
    ["the next, when the first is not served", "j1? j2 j3", ["j2"]],
    ["nobody, while one holds it whose job nobody can run", "j1?! j2", []],
    ["nobody, though the holder came later", "j1 j2!", []],
  ] as const)("%s", (_, line, granted) => expect(turns(aLine("a", line)).granted).toEqual(granted));

  it("tells whose turn it would be if they were served", () => {
    expect(turns(aLine("a", "j1? j2? j3")).passed).toEqual(["j1", "j2"]);
    expect(turns(aLine("a", "j1! j2?")).passed).toEqual([]);
    expect(turns(aLine("a", "j1 j2?")).passed).toEqual([]);
  });

  it("nobody, of an object in quarantine", () =>
    expect(turns(aLine("a", "j1", { reason: "a rollback failed" }))).toEqual({ granted: [], passed: [] }));

  it("who is first at all his objects, and nobody whose other objects were not given", () => {
    expect(turns(aLine("a", "j1 j2"), aLine("b", "j3! j1")).granted).toEqual([]);
    expect(turns(aLine("a", "j1 j2"), aLine("b", "j1")).granted).toEqual(["j1"]);
    expect(nextHolders([aLine("a", "j1")], new Map([["j1", ["a", "b"]]])).granted).toEqual([]);
  });

  it("a job that asks again while an attempt of it that nobody hears of holds the object waits for that", () => {
    const ticket = { jobId: "j1", mode: "exclusive", isServed: true } as const;
    const tickets = [
      { ...ticket, number: 1, held: true },
      { ...ticket, number: 2, held: false },
    ];
    const needed = new Map([["j1", ["a"]]]);
    expect(nextHolders([{ key: "a", quarantine: null, tickets }], needed).granted).toEqual([]);
    expect(nextHolders([{ key: "a", quarantine: null, tickets: tickets.slice(1) }], needed).granted).toEqual(["j1"]);
  });

  it("is the largest set that neither overlaps nor overtakes, whatever the lines", () => {
    fc.assert(
      fc.property(aFloor, (jobs) => {
        expect(turns(...linesOf(jobs)).granted).toEqual(largest(jobs));
      }),
      { numRuns: 2_000 },
    );
  });
});

/** A job by its number, and how it asked for each object. */
interface Asked {
  readonly id: string;
  readonly number: number;
  readonly held: boolean;
  readonly isServed: boolean;
  readonly locks: readonly JobLock[];
}

const aFloor: fc.Arbitrary<readonly Asked[]> = fc
  .array(
    fc.record({
      held: fc.integer({ min: 0, max: 3 }).map((n) => n === 0),
      isServed: fc.integer({ min: 0, max: 3 }).map((n) => n > 0),
      modes: fc.uniqueArray(
        fc.record({ key: fc.constantFrom("a", "b", "c"), mode: fc.constantFrom<LockMode>("shared", "exclusive") }),
        {
          selector: ({ key }) => key,
          minLength: 1,
        },
      ),
    }),
    { maxLength: 7 },
  )
  .map((drawn) => {
    const jobs: Asked[] = [];
    for (const [index, { held, isServed, modes }] of drawn.entries()) {
      const job = { id: `j${index}`, number: index, held, isServed, locks: modes };
      // Two who exclude each other never hold one object.
      jobs.push(held && jobs.some((other) => other.held && conflict(other, job)) ? { ...job, held: false } : job);
    }
    return jobs;
  });

const conflict = (a: Asked, b: Asked): boolean =>
  a.locks.some((one) => b.locks.some((other) => one.key === other.key && !areCompatible(one.mode, other.mode)));

const linesOf = (jobs: readonly Asked[]): readonly ObjectFacts[] =>
  ["a", "b", "c"].map((key) => ({
    key,
    quarantine: null,
    tickets: jobs.flatMap(({ id: jobId, number, held, isServed, locks }): readonly TicketFacts[] => {
      const lock = locks.find((one) => one.key === key);
      return lock ? [{ jobId, number, mode: lock.mode, held, isServed }] : [];
    }),
  }));

/** Tries every set of those who wait and are served. */
function largest(jobs: readonly Asked[]): readonly string[] {
  const holders = jobs.filter(({ held }) => held);
  const waiting = jobs.filter(({ held, isServed }) => !held && isServed);
  let best: readonly Asked[] = [];
  for (let bits = 0; bits < 2 ** waiting.length; bits++) {
    const set = waiting.filter((_, index) => bits & (2 ** index));
    const overlaps = set.some((job) => [...holders, ...set].some((other) => other !== job && conflict(other, job)));
    const overtakes = set.some((job) =>
      waiting.some((other) => other.number < job.number && !set.includes(other) && conflict(other, job)),
    );
    if (!overlaps && !overtakes && set.length > best.length) best = set;
  }
  return best.map(({ id }) => id);
}

/** Everything that three jobs can do to three objects. A job asks, holds, ends; `order`: who stands in the lines. */
interface State {
  readonly order: readonly { readonly job: number; readonly held: boolean }[];
  readonly done: readonly number[];
}

describe("three jobs and three objects, in every order of asking and ending", () => {
  const REQUESTS = Array.from({ length: 26 }, (_, n) => requestOf(n + 1));

  it("nobody overlaps, nobody waits for what is free, and all end", { timeout: 120_000 }, () => {
    let seen = 0;
    for (const [a, one] of REQUESTS.entries())
      for (const [b, two] of REQUESTS.entries())
        for (const three of REQUESTS.slice(b)) if (a <= b) seen += explore([one, two, three]);
    // Every set of three requests has at least the states of jobs that never meet.
    expect(seen).toBeGreaterThan(3_276 * 27);
  });

  function explore(requests: readonly (readonly JobLock[])[]): number {
    const start: State = { order: [], done: [] };
    const found = new Map([[JSON.stringify(start), start]]);
    for (const state of found.values()) {
      expectSound(state, requests);
      const next = stepsFrom(state, requests);
      if (next.length === 0 && state.done.length < 3) throw new Error(`Stuck: ${told(state, requests)}`);
      for (const one of next) found.set(JSON.stringify(one), one);
    }
    return found.size;
  }

  function stepsFrom(state: State, requests: readonly (readonly JobLock[])[]): readonly State[] {
    return [0, 1, 2].flatMap((job): readonly State[] => {
      const own = state.order.find((one) => one.job === job);
      if (state.done.includes(job) || (own && !own.held)) return [];
      if (own) return [ended(state, job, requests)];
      const candidate = { ...aCandidate(`${job}`), locks: requests[job]! };
      const [verdict] = decide([candidate], aWorld({ objects: lines(state, requests) }));
      return [{ ...state, order: [...state.order, { job, held: verdict!.kind === "start" }] }];
    });
  }

  /** As a hand-over does it: those who wait at what was freed, and all their lines. */
  function ended(state: State, job: number, requests: readonly (readonly JobLock[])[]): State {
    const order = state.order.filter((one) => one.job !== job);
    const freed = new Set(requests[job]!.map(({ key }) => key));
    const keys = (one: number) => requests[one]!.map(({ key }) => key);
    const waiting = order.filter((one) => !one.held && keys(one.job).some((key) => freed.has(key)));
    const needed = new Map(waiting.map((one) => [`${one.job}`, keys(one.job)]));
    const { granted } = nextHolders(lines({ order, done: [] }, requests), needed);
    return {
      order: order.map((one) => ({ ...one, held: one.held || granted.includes(`${one.job}`) })),
      done: [...state.done, job].sort(),
    };
  }

  const asked = ({ order }: Pick<State, "order">, requests: readonly (readonly JobLock[])[]): readonly Asked[] =>
    order.map(({ job, held }, number) => ({ id: `${job}`, number, held, isServed: true, locks: requests[job]! }));
  const lines = (state: State, requests: readonly (readonly JobLock[])[]) => linesOf(asked(state, requests));

  function expectSound(state: State, requests: readonly (readonly JobLock[])[]): void {
    const jobs = asked(state, requests);
    for (const [place, job] of jobs.entries()) {
      const before = jobs.slice(0, place).filter((other) => conflict(other, job));
      if (job.held && before.length > 0) throw new Error(`Overlaps or overtakes: ${told(state, requests)}`);
      if (!job.held && before.length === 0) throw new Error(`Waits for what is free: ${told(state, requests)}`);
    }
  }

  const told = (state: State, requests: readonly (readonly JobLock[])[]) => JSON.stringify({ state, requests });

  /** In base three: each of the objects not at all, shared, or alone. */
  function requestOf(n: number): readonly JobLock[] {
    return ["a", "b", "c"].flatMap((key, place): readonly JobLock[] => {
      const digit = Math.floor(n / 3 ** place) % 3;
      return digit === 0 ? [] : [{ key, mode: digit === 1 ? "shared" : "exclusive" }];
    });
  }
});
