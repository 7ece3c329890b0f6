import type { PoolReservation } from "../ledger.ts";
import { areCompatible } from "../lock.ts";
import { type CapacityWindow, capacityAt } from "../window.ts";
import type { ObjectFacts, PoolFacts, TicketFacts, Units, World } from "../world.ts";
import type { DayLimit, FacilityDay } from "./day.ts";
import type { SimulatedJob } from "./waiting-room.ts";

type Writable<Type> = { -readonly [Field in keyof Type]: Type[Field] };
export interface SimulatedPool extends Writable<PoolFacts> {
  readonly base: number;
  readonly windows: readonly CapacityWindow[];
}
export type SimulatedNode = World["node"] & { readonly slots: number; used: number };

/** What there is to be had: slots of nodes, units of pools, objects. */
export class Stock {
  readonly nodes: readonly SimulatedNode[];
  readonly pools: readonly SimulatedPool[];
  readonly #objects = new Map<string, Writable<TicketFacts>[]>();
  #tickets = 0;

  constructor(day: FacilityDay) {
    this.nodes = day.nodes.map(({ name, site, slots }) => ({
      name,
      site,
      slots,
      used: 0,
      capabilities: new Set<string>(),
    }));
    this.pools = poolsOf(day);
  }

  /** Whether capacities change with the time of the day. */
  get hasWindows(): boolean {
    return this.pools.some(({ windows }) => windows.length > 0);
  }

  /** Sets the capacities that count now; answers whether any is another one. */
  setTime(now: Date): boolean {
    const changed = this.pools.filter((pool) => pool.windows.length > 0 && setCapacity(pool, now));
    return changed.length > 0;
  }

  world(node: SimulatedNode, jobs: readonly SimulatedJob[], now: Date): World {
    const keys = new Set(jobs.flatMap(({ locks }) => locks.map(({ key }) => key)));
    const objects = [...keys].map(
      (key): ObjectFacts => ({ key, quarantine: null, tickets: this.#objects.get(key) ?? [] }),
    );
    return { now, node, pools: this.pools, objects };
  }

  /** Holds back what these say, and nothing else. */
  reserve(reservations: readonly PoolReservation[]): void {
    const found = new Map(reservations.map((one) => [one.poolId, one]));
    for (const pool of this.pools) pool.reservation = found.get(pool.id) ?? null;
  }

  /** Takes a slot and units for a job; those of what a reservation spares are spared no second time. */
  take({ id }: Pick<SimulatedJob, "id">, node: SimulatedNode, units: readonly Units[]): void {
    node.used += 1;
    for (const { poolId, units: count, ofSpare } of units) {
      const pool = this.pools[poolId]!;
      pool.used += count;
      if (pool.reservation?.jobId === id) pool.reservation = null;
      else if (pool.reservation && ofSpare)
        pool.reservation = { ...pool.reservation, spare: Math.max(0, pool.reservation.spare - count) };
    }
  }

  giveBack(node: SimulatedNode, units: readonly Units[]): void {
    node.used -= 1;
    for (const { poolId, units: count } of units) this.pools[poolId]!.used -= count;
  }

  /** Gives a job its place in the line of each of its objects, or those objects. */
  ask(job: SimulatedJob, { held }: { readonly held: boolean }): void {
    if (job.locks.length === 0) return;
    const isNew = job.ticket === null;
    const number = job.ticket?.number ?? ++this.#tickets;
    job.ticket = { number, held };
    for (const { key, mode } of job.locks) {
      const line = this.#objects.get(key) ?? [];
      if (isNew) line.push({ jobId: job.id, number, mode, held, isServed: true });
      else for (const ticket of line) if (ticket.number === number) ticket.held = held;
      this.#objects.set(key, line);
    }
  }

  /** Takes a job out of all lines; answers the jobs that may be next. */
  unlock({ locks, ticket }: SimulatedJob): readonly string[] {
    return locks.flatMap(({ key }) => {
      const line = (this.#objects.get(key) ?? []).filter(({ number }) => number !== ticket?.number);
      if (line.length > 0) this.#objects.set(key, line);
      else this.#objects.delete(key);
      return nextInLine(line);
    });
  }

  /** Those before a job in the line of an object. */
  before(key: string, number: number): readonly TicketFacts[] {
    return (this.#objects.get(key) ?? []).filter((ticket) => ticket.number < number);
  }
}

/** The first of a line, and those that share the object with it. */
function nextInLine(line: readonly TicketFacts[]): readonly string[] {
  const end = line.findIndex(({ mode }, place) => place > 0 && !areCompatible(line[0]!.mode, mode));
  return line.slice(0, end === -1 ? line.length : end).flatMap(({ held, jobId }) => (held ? [] : [jobId]));
}

function setCapacity(pool: SimulatedPool, now: Date): boolean {
  const before = pool.capacity;
  pool.capacity = capacityAt(pool.base, pool.windows, now);
  return pool.capacity !== before;
}

type Declared = Pick<SimulatedPool, "name" | "scope" | "base" | "windows" | "tags">;

function poolsOf(day: FacilityDay): readonly SimulatedPool[] {
  const resources = day.resources.map(({ name, capacity, site, node, tags, windows }): Declared => {
    const scope = site !== undefined ? `site/${site}` : node !== undefined ? `node/${node}` : "cluster";
    return { name, scope, base: capacity, windows, tags };
  });
  const limits = limitsOf(day).map(
    ({ scope, name, running }): Declared => ({ name, scope, base: running, windows: [], tags: [] }),
  );
  return [...resources, ...limits].map((pool, id) => ({
    ...{ ...pool, id, capacity: pool.base, used: 0, state: "started", reservation: null },
  }));
}

/** Limits by name: a default counts for each of the names that have none of their own. */
function limitsOf({ limits, jobs }: FacilityDay): readonly DayLimit[] {
  return limits.flatMap((limit) => {
    if (limit.name !== "*") return [limit];
    const own = new Set(limits.filter(({ scope }) => scope === limit.scope).map(({ name }) => name));
    const names = [...new Set(jobs.map((job) => job[limit.scope]))].filter((name) => !own.has(name));
    return names.map((name) => ({ ...limit, name }));
  });
}
