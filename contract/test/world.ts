import type {
  CandidateJob,
  JobLock,
  LaneFacts,
  LockMode,
  ObjectFacts,
  PoolFacts,
  TicketFacts,
  World,
} from "../src/index.ts";

export const NOW = new Date("2026-08-01T12:00:00Z");

/** Jobs of action `encode` in a lane of its own per set of needs. */
export function aLane(units: Readonly<Record<string, number>> = {}, fields: Partial<LaneFacts> = {}): LaneFacts {
  const needs = Object.keys(units).length === 0 ? {} : { units };
  return { id: 1, site: "london", queue: "default", action: "encode", needs, pause: null, ...fields };
}

export function aPool(name: string, capacity: number, fields: Partial<PoolFacts> = {}): PoolFacts {
  const pool = { id: Number(name.replace(/\D/g, "") || 1), name, scope: "cluster", capacity, used: 0 };
  return { ...pool, state: "started", tags: [], reservation: null, ...fields };
}

/** Locks as text: `a` exclusive, `a+` shared. */
export const locksOf = (text: string): readonly JobLock[] =>
  text.split(" ").flatMap((one): readonly JobLock[] => {
    const mode: LockMode = one.endsWith("+") ? "shared" : "exclusive";
    return one === "" ? [] : [{ key: one.replace("+", ""), mode }];
  });

export function aCandidate(id: string, locks = "", fields: Partial<CandidateJob> = {}): CandidateJob {
  return { id, lane: aLane(), locks: locksOf(locks), ticket: null, expectedMs: null, ...fields };
}

/** A line as text, in order of number: `j1` waits, `j1!` holds, `+` shared, `?` not served. */
export function aLine(key: string, line: string, quarantine: ObjectFacts["quarantine"] = null): ObjectFacts {
  const tickets = line.split(" ").flatMap((one, index): readonly TicketFacts[] => {
    if (one === "") return [];
    const [, jobId, marks] = /^(\w+)(\W*)$/.exec(one)!;
    const mode = marks!.includes("+") ? "shared" : "exclusive";
    const [held, isServed] = [marks!.includes("!"), !marks!.includes("?")];
    return [{ jobId: jobId!, number: index + 1, mode, held, isServed }];
  });
  return { key, quarantine, tickets };
}

export function aWorld(fields: Partial<World> = {}): World {
  const node = { name: "edit-01", site: "london", capabilities: new Set<string>() };
  return { now: NOW, node, pools: [], objects: [], ...fields };
}
