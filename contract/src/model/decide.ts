import { missingCapabilities } from "./capability.ts";
import { areCompatible, type JobLock, type LockMode } from "./lock.ts";
import { PoolIndex } from "./pool-index.ts";
import type { Blocked, CandidateJob, LaneFacts, ObjectFacts, PoolFacts, Units, Verdict, Why, World } from "./world.ts";

/** A question that a job must pass to start; answers why it does not. */
type Rule = (job: CandidateJob, round: Round) => Why | undefined;

/**
 * The rules of admission, in the order in which they are asked. The claim and the explanation read them here, and nowhere
 * else is decided whether a job starts.
 */
export const ADMISSION_RULES: Record<"paused" | "capability" | "quarantine" | "lock" | "units", Rule> = {
  paused: ({ lane }) => (lane.pause === null ? undefined : { reason: "lane_paused", pause: lane.pause.reason }),
  capability: ({ lane }, { world }) => {
    const missing = missingCapabilities(lane.needs, world.node.capabilities);
    return missing.length === 0 ? undefined : { reason: "no_capable_node", missing };
  },
  quarantine: ({ locks }, { objects }) => {
    const object = locks.map(({ key }) => objects.get(key)).find((one) => one?.quarantine);
    return object === undefined
      ? undefined
      : { reason: "object_quarantined", key: object.key, because: object.quarantine!.reason };
  },
  lock: (job, round) => {
    if (job.ticket?.held) return undefined;
    for (const lock of job.locks) {
      const why = standsInLine(job, lock, round);
      if (why) return why;
    }
    return undefined;
  },
  units: (job, round) => {
    for (const ask of round.asks(job.lane)) {
      const why = round.take(job, ask);
      if (why) return why;
    }
    return undefined;
  },
};

/**
 * Decides, one after the other, which jobs start on a node now: what one takes, those after it lack. The same world and the
 * same jobs give the same verdicts. Jobs after the last free slot are not decided on: they have no verdict.
 */
export function decide(
  jobs: readonly CandidateJob[],
  world: World,
  slots = Number.POSITIVE_INFINITY,
): readonly Verdict[] {
  const round = new Round(world);
  const rules = Object.values(ADMISSION_RULES);
  const verdicts: Verdict[] = [];
  let started = 0;
  for (const job of jobs) {
    if (started >= slots) break;
    const verdict = judge(job, round, rules);
    if (verdict.kind === "start") started += 1;
    verdicts.push(verdict);
  }
  return verdicts;
}

function judge(job: CandidateJob, round: Round, rules: readonly Rule[]): Verdict {
  round.begin();
  for (const rule of rules) {
    const why = rule(job, round);
    if (!why) continue;
    round.undo();
    return isBlocked(job, why) ? { kind: "block", why } : { kind: "leave", why };
  }
  return { kind: "start", units: round.keep(job) };
}

/** Who was handed an object that is in quarantine now has stood in line, and gives it back. */
function isBlocked({ ticket }: CandidateJob, why: Why): why is Blocked {
  return why.reason === "waiting_for_lock" || (why.reason === "object_quarantined" && ticket === null);
}

/** One need of a lane: the pools that could meet it, best first. */
export interface Ask {
  readonly need: string;
  readonly units: number;
  readonly pools: readonly PoolFacts[];
  readonly isLimit: boolean;
}

/** The pools that a lane's jobs take units of on a node: of each need the nearest of its name, and every limit. */
export function asksOf(lane: LaneFacts, nodeName: string, pools: PoolIndex): readonly Ask[] {
  const places = [`node/${nodeName}`, `site/${lane.site}`, "cluster"];
  const asks = Object.entries(lane.needs.units ?? {}).map(([need, units]): Ask => {
    const found = need.startsWith("#")
      ? pools.tagged(need.slice(1)).filter(({ scope }) => places.includes(scope))
      : nearest(pools, need, places);
    return { need, units, pools: found, isLimit: false };
  });
  const limits = LIMITED.flatMap((scope) => pools.named(scope, lane[scope]) ?? []);
  return [...asks, ...limits.map((pool): Ask => ({ need: pool.name, units: 1, pools: [pool], isLimit: true }))];
}

/** What a limit may be of, in the order in which they are named to who waits. */
const LIMITED = ["action", "queue", "site"] as const;

function nearest(pools: PoolIndex, name: string, places: readonly string[]): readonly PoolFacts[] {
  for (const place of places) {
    const pool = pools.named(place, name);
    if (pool) return [pool];
  }
  return [];
}

/** What has been given away so far, over a world that does not change. */
class Round {
  readonly world: World;
  readonly objects: ReadonlyMap<string, ObjectFacts>;
  readonly #pools: PoolIndex;
  readonly #taken = new Map<number, number>();
  readonly #spent = new Map<number, number>();
  readonly #locked = new Map<string, { readonly jobId: string; readonly mode: LockMode }[]>();
  readonly #asks = new Map<number, readonly Ask[]>();
  #units: Units[] = [];
  readonly #long = new Set<number>();

  constructor(world: World) {
    this.world = world;
    this.objects = new Map(world.objects.map((object) => [object.key, object]));
    this.#pools = PoolIndex.of(world.pools);
  }

  asks(lane: LaneFacts): readonly Ask[] {
    const known = this.#asks.get(lane.id) ?? asksOf(lane, this.world.node.name, this.#pools);
    this.#asks.set(lane.id, known);
    return known;
  }

  begin(): void {
    this.#units = [];
    this.#long.clear();
  }

  undo(): void {
    for (const { poolId, units, ofSpare } of this.#units) {
      this.#add(this.#taken, poolId, -units);
      if (ofSpare) this.#add(this.#spent, poolId, -units);
    }
  }

  keep({ id, locks, ticket }: CandidateJob): readonly Units[] {
    if (!ticket?.held)
      for (const { key, mode } of locks) this.#locked.set(key, [...this.lockedHere(key), { jobId: id, mode }]);
    return this.#units;
  }

  /** Who took an object in this round. */
  lockedHere(key: string): readonly { readonly jobId: string; readonly mode: LockMode }[] {
    return this.#locked.get(key) ?? [];
  }

  /** Takes units of the first pool that has room for them, or says why none has. */
  take(job: CandidateJob, { need, units, pools, isLimit }: Ask): Why | undefined {
    if (pools.length === 0) return { reason: "unknown_resource", need };
    const whys = pools.map((pool) => this.#refusal(job, pool, units, isLimit));
    const index = whys.indexOf(undefined);
    // Of several pools that a tag names, the fullest is told last: what is only full frees itself.
    if (index < 0) return whys.find((why) => why!.reason !== "resource_stopped") ?? whys[0];
    const { id } = pools[index]!;
    this.#add(this.#taken, id, units);
    if (this.#long.has(id)) this.#add(this.#spent, id, units);
    this.#units.push({ poolId: id, units, ...(this.#long.has(id) ? { ofSpare: true } : {}) });
    return undefined;
  }

  #refusal(job: CandidateJob, pool: PoolFacts, wanted: number, isLimit: boolean): Why | undefined {
    if (pool.state !== "started") return { reason: "resource_stopped", pool };
    const used = pool.used + (this.#taken.get(pool.id) ?? 0);
    const hasRoom = used + wanted <= pool.capacity;
    if (hasRoom && this.#mayPass(job, pool, used, wanted)) return undefined;
    const full = isLimit ? "limit_reached" : "resource_full";
    return { reason: hasRoom ? "resource_reserved" : full, pool: { ...pool, used }, wanted };
  }

  /**
   * Whether units may be taken in spite of a reservation: they are not among those held back, or do not delay it. A job that
   * outlasts it takes of what it spares in any case: what is free beyond it now may be all that is free beyond it then.
   */
  #mayPass(job: CandidateJob, pool: PoolFacts, used: number, wanted: number): boolean {
    const { reservation, capacity } = pool;
    if (reservation === null || reservation.jobId === job.id) return true;
    const { units, until, spare } = reservation;
    const { now } = this.world;
    if (until !== null && job.expectedMs !== null && now.getTime() + job.expectedMs <= until.getTime()) return true;
    const isSpared = (this.#spent.get(pool.id) ?? 0) + wanted <= spare;
    if (!isSpared && used + wanted + units > capacity) return false;
    this.#long.add(pool.id);
    return true;
  }

  #add(sums: Map<number, number>, id: number, units: number): void {
    sums.set(id, (sums.get(id) ?? 0) + units);
  }
}

export type { Round };

/** Why a job has to wait for an object: somebody holds it, or asked before, in a mode that does not go together. */
function standsInLine(job: CandidateJob, { key, mode }: JobLock, round: Round): Why | undefined {
  const tickets = round.objects.get(key)?.tickets ?? [];
  const here = round.lockedHere(key);
  if (tickets.length + here.length === 0) return undefined;
  const before = tickets.filter(
    ({ jobId, number, held, isServed }) =>
      !(jobId === job.id && number === job.ticket?.number) &&
      (held || (isServed && (job.ticket === null || number < job.ticket.number))),
  );
  if (![...before, ...here].some((other) => !areCompatible(other.mode, mode))) return undefined;
  const holders = [...before.filter(({ held }) => held), ...here].map(({ jobId }) => jobId);
  return { reason: "waiting_for_lock", key, holders, place: before.filter(({ held }) => !held).length + 1 };
}
