import fc from "fast-check";
import { expect, it } from "vitest";
import { decideAdmission, type QueuedJob } from "../src/model/admission.ts";
import { decide } from "../src/model/decide.ts";
import type { PoolReservation } from "../src/model/ledger.ts";
import { placesOf } from "../src/model/place.ts";
import { PoolIndex } from "../src/model/pool-index.ts";
import type { LaneFacts, PoolFacts } from "../src/model/world.ts";

const MINUTE = 60_000;
const CAPACITY = 16;
const START = Date.parse("2026-08-01T12:00:00Z");

interface Work {
  readonly id: string;
  readonly units: number;
  readonly durationMs: number;
  readonly dueMs: number;
}

interface Run extends Work {
  readonly startMs: number;
}

/** What a day brings: small jobs, always more than fit, and now and then one that needs everything. */
interface Day {
  readonly small: readonly Pick<Work, "units" | "durationMs">[];
  readonly wide: readonly { readonly atMs: number; readonly durationMs: number }[];
}

const HORIZON = 75 * MINUTE;
const BACKLOG = 30;

const days: fc.Arbitrary<Day> = fc.record({
  small: fc.array(
    fc.record({ units: fc.integer({ min: 1, max: 3 }), durationMs: fc.integer({ min: 5_000, max: 3 * MINUTE }) }),
    { minLength: 200, maxLength: 200 },
  ),
  wide: fc.tuple(...[5, 18, 31, 44, 57].map((from) => wideFrom(from * MINUTE))),
});

function wideFrom(from: number) {
  return fc.record({
    atMs: fc.integer({ min: from, max: from + 3 * MINUTE }),
    durationMs: fc.integer({ min: MINUTE, max: 5 * MINUTE }),
  });
}

/** One pool on a virtual clock: whenever something ends or comes, admission decides, then the claim. */
class Pool {
  readonly started: Run[] = [];
  readonly reserved = new Map<string, number[]>();
  readonly #keepsReservations: boolean;
  #waiting = new Map<string, Work>();
  #queued = new Map<string, number>();
  #running: Run[] = [];
  #reservations: readonly PoolReservation[] = [];

  constructor(keepsReservations: boolean) {
    this.#keepsReservations = keepsReservations;
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  get nextEnd(): number {
    return Math.min(...this.#running.map(endOf));
  }

  add(work: Work): void {
    this.#waiting.set(work.id, work);
  }

  round(ms: number): void {
    this.#running = this.#running.filter((one) => endOf(one) > ms);
    this.#admit(ms);
    this.#claim(ms);
  }

  #facts(): PoolFacts {
    const used = this.#running.reduce((sum, { units }) => sum + units, 0);
    const reservation = this.#keepsReservations ? this.#reservations[0] : undefined;
    return {
      ...{ id: 1, name: "pool", scope: "cluster", capacity: CAPACITY, used, state: "started", tags: [] },
      reservation: reservation ? { ...reservation, until: reservation.until! } : null,
    };
  }

  #admit(ms: number): void {
    const pool = this.#facts();
    const jobs = [...this.#waiting.values()].map((work) => ({
      ...{ id: work.id, level: 3 as const, owner: "ada", dueAt: new Date(START + work.dueMs) },
      ...{ places: placesOf(laneOf(work), ["here"], new PoolIndex([pool])), expectedMs: work.durationMs },
    }));
    const decision = decideAdmission({
      ...{ now: new Date(START + ms), stepMs: 1e9, capacity: 100 },
      queued: jobs.flatMap((job): QueuedJob[] =>
        this.#queued.has(job.id) ? [{ ...job, turn: this.#queued.get(job.id)! }] : [],
      ),
      pending: jobs.filter(({ id }) => !this.#queued.has(id)),
      pools: [{ ...pool, reservedFor: pool.reservation?.jobId ?? null }],
      holdings: this.#running.map((one) => ({ poolId: 1, units: one.units, endsAt: new Date(START + endOf(one)) })),
    });
    for (const { id, turn } of [...decision.admit, ...decision.reorder]) this.#queued.set(id, turn);
    for (const id of decision.giveWay) this.#queued.delete(id);
    this.#reservations = decision.reservations;
    for (const { jobId, until } of decision.reservations)
      this.reserved.set(jobId, [...(this.reserved.get(jobId) ?? []), until!.getTime() - START]);
  }

  /** Without reservations whatever fits is taken, in order, from all that waits. */
  #claim(ms: number): void {
    const turnOf = ({ id }: Work) => this.#queued.get(id) ?? Number.POSITIVE_INFINITY;
    const candidates = [...this.#waiting.values()]
      .filter(({ id }) => !this.#keepsReservations || this.#queued.has(id))
      .sort((a, b) => turnOf(a) - turnOf(b) || a.dueMs - b.dueMs);
    const node = { name: "here", site: "default", capabilities: new Set<string>() };
    const verdicts = decide(
      candidates.map((work) => ({
        id: work.id,
        lane: laneOf(work),
        locks: [],
        ticket: null,
        expectedMs: work.durationMs,
      })),
      { now: new Date(START + ms), node, pools: [this.#facts()], objects: [] },
    );
    for (const [index, verdict] of verdicts.entries()) {
      if (verdict.kind !== "start") continue;
      const run = { ...candidates[index]!, startMs: ms };
      this.#waiting.delete(run.id);
      this.#queued.delete(run.id);
      this.#running.push(run);
      this.started.push(run);
    }
  }
}

const endOf = ({ startMs, durationMs }: Run) => startMs + durationMs;
const laneOf = ({ units }: Work): LaneFacts => ({
  ...{
    id: units,
    site: "default",
    queue: "default",
    action: `takes ${units}`,
    needs: { units: { pool: units } },
    pause: null,
  },
});

/** Lives through a day: the pool, and how busy it was, in units times milliseconds. */
function live({ small, wide }: Day, keepsReservations: boolean) {
  const pool = new Pool(keepsReservations);
  const coming = wide.map((one, n) => ({ ...one, id: `wide ${n}`, units: CAPACITY, dueMs: one.atMs }));
  let made = 0;
  for (let ms = 0; ms < HORIZON; ) {
    for (const work of coming.filter(({ dueMs }) => dueMs === ms)) pool.add(work);
    for (; pool.waiting < BACKLOG; made++) pool.add({ ...small[made % small.length]!, id: `small ${made}`, dueMs: ms });
    pool.round(ms);
    ms = Math.min(pool.nextEnd, ...coming.map(({ dueMs }) => dueMs).filter((dueMs) => dueMs > ms));
  }
  const spent = (run: Run) => run.units * Math.max(0, Math.min(HORIZON, endOf(run)) - run.startMs);
  return { pool, busy: pool.started.reduce((sum, run) => sum + spent(run), 0) };
}

it("a job that needs all of a pool starts no later than was reserved, and the pool is 95 % as busy as if all that fits were taken", () => {
  fc.assert(
    fc.property(days, (day) => {
      const { pool, busy } = live(day, true);
      const greedy = live(day, false);
      for (const [n, { atMs }] of day.wide.entries()) {
        const run = pool.started.find(({ id }) => id === `wide ${n}`);
        const [first] = pool.reserved.get(`wide ${n}`)!;
        expect(run?.startMs).toBeGreaterThan(atMs);
        expect(run?.startMs).toBeLessThanOrEqual(first!);
      }
      // Taken as it comes, a day like this one leaves no moment for the wide ones.
      expect(greedy.pool.started.filter(({ id }) => id.startsWith("wide"))).toEqual([]);
      expect(busy).toBeGreaterThanOrEqual(0.95 * greedy.busy);
    }),
    { seed: 4, numRuns: 8, endOnFailure: true },
  );
});
