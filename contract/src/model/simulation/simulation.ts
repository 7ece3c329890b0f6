import { type DueJob, decideAdmission } from "../admission.ts";
import { decide } from "../decide.ts";
import {
  DURATION_BUCKETS,
  durationBucket,
  durationQuantile,
  type Expectation,
  expectDuration,
  sizeClass,
} from "../durations.ts";
import { Heap } from "../heap.ts";
import type { Holding } from "../ledger.ts";
import { type Place, placesOf } from "../place.ts";
import { PoolIndex } from "../pool-index.ts";
import { DEFAULT_AGEING_STEP_MS, PRIORITIES } from "../priority.ts";
import type { CandidateJob, LaneFacts, Units, Why } from "../world.ts";
import type { DayJob, FacilityDay } from "./day.ts";
import { type SimulatedNode, type SimulatedPool, Stock } from "./stock.ts";
import { type SimulatedJob, WaitingRoom } from "./waiting-room.ts";

export interface SimulationOptions {
  /** The bound of the internal queue, in jobs. Default 1,000. */
  readonly queueCapacity?: number;
  /** Default: ten minutes. */
  readonly ageingStepMs?: number;
}

/** A job that runs, and what it holds. */
export interface SimulatedAttempt {
  readonly job: SimulatedJob;
  readonly node: SimulatedNode;
  readonly units: readonly Units[];
  readonly startedMs: number;
  readonly endsMs: number;
}

/** How long a job is expected to run; at most so long in nine of ten cases. */
interface Known {
  readonly expected: Expectation;
  readonly longMs: number;
}

type Event =
  | { readonly kind: "due"; readonly job: SimulatedJob }
  | { readonly kind: "end"; readonly attempt: SimulatedAttempt }
  | { readonly kind: "look" };

/** Admission has its turn once in so long; in between nodes take jobs as they come. */
const ADMISSION_MS = 1_000;
/** Edges of windows lie on whole minutes. */
const MINUTE_MS = 60_000;
/** Of nine in ten jobs the duration is no longer. */
const LONG = 0.9;
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;
/** Reasons that hold for all jobs of a lane, until somebody gives something back. */
const OF_THE_LANE: ReadonlySet<Why["reason"]> = new Set([
  "resource_full",
  "limit_reached",
  "resource_stopped",
  "unknown_resource",
  "no_capable_node",
]);

/**
 * A day on a virtual clock: jobs come due, are admitted and start as the same rules say that decide in earnest, and end after
 * as long as they ran. Nothing in it is random.
 */
export class Simulation {
  readonly stock: Stock;
  readonly waiting = new WaitingRoom();
  readonly running = new Set<SimulatedAttempt>();
  /** Jobs in the line of an object. */
  readonly inLine = new Map<string, SimulatedJob>();
  /** How long jobs took that have ended, by action, then size class. */
  readonly learned = new Map<string, Map<number, number[]>>();
  /** How many jobs of each action have ended, and what follows from how long they took. */
  readonly #seen = new Map<string, number>();
  readonly #known = new Map<string, Map<number, Known | null>>();
  readonly #events = new Heap<Event>();
  /** Those of `inLine` that may be first by now. */
  readonly #awake = new Set<string>();
  /** What jobs of each lane take, by its id. */
  readonly #places = new Map<number, { readonly found: readonly Place[] | undefined }>();
  readonly #options: Required<SimulationOptions>;
  #nowMs = 0;
  #admittedMs = Number.NEGATIVE_INFINITY;
  #happenedMs = 0;

  constructor(
    day: FacilityDay,
    { queueCapacity = 1_000, ageingStepMs = DEFAULT_AGEING_STEP_MS }: SimulationOptions = {},
  ) {
    this.#options = { queueCapacity, ageingStepMs };
    this.stock = new Stock(day);
    const digits = String(day.jobs.length).length;
    for (const [index, job] of day.jobs.entries()) {
      const simulated = this.#asJob(job, `job-${String(index + 1).padStart(digits, "0")}`);
      this.#events.add(simulated.dueAt.getTime(), { kind: "due", job: simulated });
    }
    this.stock.setTime(this.now);
  }

  /** The virtual clock. */
  get now(): Date {
    return new Date(this.#nowMs);
  }

  /** Does all that happens at the next instant at which anything does; answers the jobs that started, undefined at the end. */
  advance(): readonly SimulatedAttempt[] | undefined {
    if (this.#events.size === 0) return undefined;
    this.#nowMs = this.#events.least;
    while (this.#events.least === this.#nowMs) this.#happen(this.#events.take()!);
    if (this.stock.hasWindows) this.stock.setTime(this.now);
    this.#admit();
    const started = this.stock.nodes
      .toSorted((a, b) => b.slots - b.used - (a.slots - a.used))
      .flatMap((node) => this.#claim(node));
    if (this.#mayWindowsHelp) this.#lookAt(Math.floor(this.#nowMs / MINUTE_MS + 1) * MINUTE_MS);
    return started;
  }

  /** Windows come again each week: what has waited longer without anything else happening waits for ever. */
  get #mayWindowsHelp(): boolean {
    const isAnyWaiting = this.waiting.size > 0 || this.inLine.size > 0;
    return this.stock.hasWindows && isAnyWaiting && this.#nowMs - this.#happenedMs <= WEEK_MS;
  }

  #asJob(job: DayJob, id: string): SimulatedJob {
    const { owner, locks, size, durationMs, at } = job;
    const level = PRIORITIES[job.priority];
    return {
      id,
      level,
      owner,
      locks,
      size,
      durationMs,
      dueAt: at,
      lane: this.waiting.laneOf(job),
      turn: null,
      ticket: null,
    };
  }

  #happen(event: Event): void {
    if (event.kind === "look") return;
    this.#happenedMs = this.#nowMs;
    if (event.kind === "due") this.waiting.enter(event.job);
    else this.#end(event.attempt);
  }

  #end(attempt: SimulatedAttempt): void {
    const { job, node, units } = attempt;
    this.running.delete(attempt);
    this.stock.giveBack(node, units);
    for (const id of this.stock.unlock(job)) this.#awake.add(id);
    this.#learn(job);
  }

  #learn({ lane, size, durationMs }: SimulatedJob): void {
    const classes = this.learned.get(lane.action) ?? new Map<number, number[]>();
    this.learned.set(lane.action, classes);
    const counts = classes.get(sizeClass(size)) ?? new Array<number>(DURATION_BUCKETS).fill(0);
    classes.set(sizeClass(size), counts);
    counts[durationBucket(durationMs)]! += 1;
    const seen = (this.#seen.get(lane.action) ?? 0) + 1;
    this.#seen.set(lane.action, seen);
    // The first ones tell much; later, a hundred change little.
    if (seen < 100 || seen % 100 === 0) this.#known.delete(lane.action);
  }

  /** When the next round is, if there is no event before. */
  #lookAt(atMs: number): void {
    if (this.#events.least > atMs) this.#events.add(atMs, { kind: "look" });
  }

  #admit(): void {
    if (this.waiting.size === 0) return;
    if (this.#nowMs - this.#admittedMs < ADMISSION_MS) {
      this.#lookAt(this.#admittedMs + ADMISSION_MS);
      return;
    }
    this.#admittedMs = this.#nowMs;
    const { queueCapacity: capacity, ageingStepMs: stepMs } = this.#options;
    const { queued } = this.waiting;
    // Enough to fill the room; what is missing comes with the next round.
    const share = Math.ceil((4 * Math.max(0, capacity - queued.size)) / Math.max(1, this.waiting.lanes.length));
    const pending = this.waiting.heads(Math.min(1_000, Math.max(20, share)));
    const jobs = new Map([...queued.values(), ...pending].map((job) => [job.id, job]));
    const { admit, giveWay, reorder, reservations } = decideAdmission({
      ...{ now: this.now, stepMs, capacity, ...this.#contention() },
      queued: [...queued.values()].map((job) => ({ ...this.#asDue(job), turn: job.turn! })),
      pending: pending.map((job) => this.#asDue(job)),
    });
    this.stock.reserve(reservations);
    for (const id of giveWay) this.waiting.giveWay(jobs.get(id)!);
    for (const { id, turn } of [...admit, ...reorder]) this.waiting.admit(jobs.get(id)!, turn);
  }

  #asDue(job: SimulatedJob): DueJob {
    return { ...job, places: this.#placesOf(job.lane), expectedMs: this.#expect(job)?.longMs ?? null };
  }

  #placesOf(lane: LaneFacts): readonly Place[] | undefined {
    const names = this.stock.nodes.filter(({ site }) => site === lane.site).map(({ name }) => name);
    const places = this.#places.get(lane.id) ?? { found: placesOf(lane, names, PoolIndex.of(this.stock.pools)) };
    this.#places.set(lane.id, places);
    return places.found;
  }

  /** Who runs what, and until when it is expected to hold its units. */
  #contention() {
    const busy = new Map<string, number>();
    const holdings: Holding[] = [];
    for (const { job, units, startedMs } of this.running) {
      busy.set(job.owner, (busy.get(job.owner) ?? 0) + 1);
      if (units.length === 0) continue;
      const known = this.#expect(job)?.expected;
      const endsAt = known ? new Date(startedMs + durationQuantile(known, LONG, this.#nowMs - startedMs)) : null;
      for (const { poolId, units: count } of units) holdings.push({ poolId, units: count, endsAt });
    }
    const pools = this.stock.pools.map((pool) => ({ ...pool, reservedFor: pool.reservation?.jobId ?? null }));
    return { busy, holdings, pools };
  }

  /** What a node takes: those whose objects were handed over, the internal queue by turn, then pending jobs of open lanes. */
  #claim(node: SimulatedNode): readonly SimulatedAttempt[] {
    const started: SimulatedAttempt[] = [];
    const tried = new Set<string>();
    const full = new Set<number>();
    while (node.used < node.slots) {
      const jobs = this.#candidates(node, tried, full);
      if (jobs.length === 0) break;
      const verdicts = decide(
        jobs.map((job) => this.#asCandidate(job)),
        this.stock.world(node, jobs, this.now),
      );
      for (const [index, verdict] of verdicts.entries()) {
        const job = jobs[index]!;
        tried.add(job.id);
        if (verdict.kind === "start") started.push(this.#start(job, node, verdict.units));
        else if (verdict.kind === "block") this.#block(job);
        else if (OF_THE_LANE.has(verdict.why.reason)) full.add(job.lane.id);
      }
    }
    return started;
  }

  #candidates(node: SimulatedNode, tried: ReadonlySet<string>, full: ReadonlySet<number>): readonly SimulatedJob[] {
    const room = node.slots - node.used;
    const isOpen = ({ id, site }: SimulatedJob["lane"]) => site === node.site && !full.has(id);
    const isCandidate = (job: SimulatedJob) => isOpen(job.lane) && !tried.has(job.id);
    const found = [...this.#awake].map((id) => this.inLine.get(id)!).filter(isCandidate);
    found.sort((a, b) => a.ticket!.number - b.ticket!.number);
    for (const job of this.waiting.inOrder()) {
      if (found.length >= room) return found.slice(0, room);
      if (isCandidate(job)) found.push(job);
    }
    const pending = this.waiting.pendingOf(isOpen, room + tried.size).filter(isCandidate);
    return [...found, ...pending].slice(0, room);
  }

  #asCandidate(job: SimulatedJob): CandidateJob {
    const { id, lane, locks, ticket } = job;
    return { id, lane, locks, ticket, expectedMs: this.#expect(job)?.longMs ?? null };
  }

  #expect({ lane, size }: SimulatedJob): Known | null {
    const classes = this.#known.get(lane.action) ?? new Map<number, Known | null>();
    this.#known.set(lane.action, classes);
    const number = sizeClass(size);
    if (!classes.has(number)) {
      const expected = expectDuration(this.learned.get(lane.action), size, { timeoutMs: null, onTimeout: "flag" });
      classes.set(number, expected && { expected, longMs: durationQuantile(expected, LONG) });
    }
    return classes.get(number)!;
  }

  #start(job: SimulatedJob, node: SimulatedNode, units: readonly Units[]): SimulatedAttempt {
    if (!this.inLine.delete(job.id)) this.waiting.leave(job);
    this.#awake.delete(job.id);
    this.stock.ask(job, { held: true });
    this.stock.take(job, node, units);
    const attempt = { job, node, units, startedMs: this.#nowMs, endsMs: this.#nowMs + job.durationMs };
    this.running.add(attempt);
    this.#events.add(attempt.endsMs, { kind: "end", attempt });
    return attempt;
  }

  #block(job: SimulatedJob): void {
    this.#awake.delete(job.id);
    if (this.inLine.has(job.id)) return;
    this.waiting.leave(job);
    this.inLine.set(job.id, job);
    this.stock.ask(job, { held: false });
  }
}

export type { SimulatedJob, SimulatedNode, SimulatedPool };
