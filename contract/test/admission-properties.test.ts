import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AdmissionDecision, type AdmissionRequest, type DueJob, decideAdmission } from "../src/model/admission.ts";
import { ageingBoundMs, type Level } from "../src/model/priority.ts";

const STEP = 600_000;
const NOW = new Date("2026-08-01T12:00:00Z");
const ago = (ms: number) => new Date(NOW.getTime() - ms);

const level = fc.constantFrom<Level>(1, 2, 3, 4, 5, 6);
// Few instants, levels and owners, so that equal jobs are common.
const dueAt = fc
  .oneof(
    fc.integer({ min: 0, max: 3 }),
    fc.integer({ min: 0, max: 6 }).map((steps) => steps * STEP),
  )
  .map(ago);
const owner = fc.constantFrom("ada", "bob", "eve");
const POOLS = [1, 2, 3];
const ask = fc.record({
  units: fc.integer({ min: 1, max: 4 }),
  pools: fc.subarray(POOLS, { minLength: 1, maxLength: 2 }),
});
const places = fc.option(fc.array(fc.array(ask, { maxLength: 2 }), { minLength: 0, maxLength: 2 }), { nil: undefined });
const expectedMs = fc.option(fc.integer({ min: 0, max: 50 }));
const plain = fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), level, dueAt, owner });
const contending = fc.record({
  id: fc.string({ minLength: 1, maxLength: 3 }),
  level,
  dueAt,
  owner,
  places,
  expectedMs,
});
const pools = fc.tuple(...POOLS.map((id) => poolOf(id)));
const holdings = fc.array(
  fc.record({
    poolId: fc.constantFrom(...POOLS),
    units: fc.integer({ min: 1, max: 3 }),
    endsAt: fc.option(fc.integer({ min: -5, max: 60 }).map((ms) => new Date(NOW.getTime() + ms))),
  }),
  { maxLength: 6 },
);
const busy = fc.dictionary(owner, fc.integer({ min: 0, max: 4 })).map((counts) => new Map(Object.entries(counts)));

function poolOf(id: number) {
  return fc.record({
    id: fc.constant(id),
    capacity: fc.integer({ min: 0, max: 8 }),
    used: fc.integer({ min: 0, max: 8 }),
    state: fc.constantFrom<"started" | "stopped">("started", "started", "started", "stopped"),
    reservedFor: fc.constant<string | null>(null),
  });
}

/** Of jobs that are equal in all that counts the id decides once all of them are queued, and with it who lacks units. */
const unequal = (jobs: readonly DueJob[]): DueJob[] =>
  jobs.map((job, index) => ({ ...job, dueAt: new Date(job.dueAt.getTime() - 10 * index) }));

/** Requests whose queue was left by an earlier decision on the same jobs at another time, or on fewer of them. */
function requestsOf(job: fc.Arbitrary<DueJob>, contended: boolean): fc.Arbitrary<AdmissionRequest> {
  return fc
    .record({
      jobs: fc.uniqueArray(job, { selector: ({ id }) => id, maxLength: 25 }).map(contended ? unequal : (all) => all),
      known: fc.integer({ min: 0, max: 25 }),
      capacity: fc.integer({ min: 0, max: 12 }),
      busy,
      ...(contended ? { pools, holdings } : {}),
    })
    .map(({ jobs, known, capacity, ...rest }) => {
      const base = { now: NOW, stepMs: STEP, capacity, queued: [], ...rest };
      const before = { ...base, pending: jobs.slice(0, known), now: ago(STEP), capacity: capacity + 2 };
      const after = apply(before, decideAdmission(before));
      return { ...after, now: NOW, capacity, pending: [...after.pending, ...jobs.slice(known)] };
    });
}
const requests = requestsOf(plain, false);
const contended = requestsOf(contending, true);

function apply(request: AdmissionRequest, decision: AdmissionDecision): AdmissionRequest {
  const turns = new Map([...decision.admit, ...decision.reorder].map(({ id, turn }) => [id, turn]));
  const left = new Set(decision.giveWay);
  const stored = new Map(request.queued.map((job) => [job.id, job.turn]));
  const all = [...request.queued, ...request.pending].map((job) => {
    const turn = left.has(job.id) ? undefined : (turns.get(job.id) ?? stored.get(job.id));
    const { turn: _, ...bare } = { turn: 0, ...job };
    return { bare, turn };
  });
  const reservedFor = new Map(decision.reservations.map(({ poolId, jobId }) => [poolId, jobId]));
  return {
    ...request,
    queued: all.flatMap(({ bare, turn }) => (turn === undefined ? [] : [{ ...bare, turn }])),
    pending: all.flatMap(({ bare, turn }) => (turn === undefined ? [bare] : [])),
    ...(request.pools && {
      pools: request.pools.map((pool) => ({ ...pool, reservedFor: reservedFor.get(pool.id) ?? null })),
    }),
  };
}

const effective = ({ level: own, dueAt: due }: DueJob) =>
  own === 6 ? 6 : Math.min(5, own + Math.floor((NOW.getTime() - due.getTime()) / STEP));

/** What makes a job better than another, best first; of equal ones either may stand in the queue. */
const merit = (job: DueJob, before: number) => [-effective(job), before, job.dueAt.getTime()] as const;

/** The merits of the queue as it ought to be, by looking at all jobs again for each place. Written apart from the rule itself. */
function expectedMerits({ queued, pending, capacity, busy: running = new Map() }: AdmissionRequest) {
  const left = new Set<DueJob>([...queued, ...pending]);
  const counts = new Map(running);
  const of = (job: DueJob) => merit(job, counts.get(job.owner) ?? 0);
  const merits: ReturnType<typeof merit>[] = [];
  while (merits.length < capacity && left.size > 0) {
    const best = [...left].reduce((a, b) => (isBetter(of(b), of(a)) ? b : a));
    left.delete(best);
    merits.push(of(best));
    counts.set(best.owner, (counts.get(best.owner) ?? 0) + 1);
  }
  return merits;
}

function meritsInOrder({ queued, busy: running = new Map() }: AdmissionRequest) {
  const counts = new Map(running);
  return [...queued]
    .sort((a, b) => a.turn - b.turn)
    .map((job) => {
      const before = counts.get(job.owner) ?? 0;
      counts.set(job.owner, before + 1);
      return merit(job, before);
    });
}

function isBetter(a: readonly number[], b: readonly number[]): boolean {
  const place = a.findIndex((value, n) => value !== b[n]);
  return place >= 0 && a[place]! < b[place]!;
}

const decideAndApply = (request: AdmissionRequest) => apply(request, decideAdmission(request));

describe("every admission", () => {
  it("fills the queue with the best jobs, in their order", () => {
    fc.assert(
      fc.property(requests, (request) => {
        expect(meritsInOrder(decideAndApply(request))).toEqual(expectedMerits(request));
      }),
      { numRuns: 500 },
    );
  });

  it("keeps the bound, and leaves no place empty while a job is pending that takes no units", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { queued, pending } = decideAndApply(request);
        expect(queued.length).toBeLessThanOrEqual(request.capacity);
        if (pending.length > 0) expect(queued).toHaveLength(request.capacity);
        expect(queued.length + pending.length).toBe(request.queued.length + request.pending.length);
      }),
    );
  });

  it("lets nobody give way while there is room, nor for jobs that are only as good", () => {
    fc.assert(
      fc.property(requests, (request) => {
        const { admit, giveWay } = decideAdmission(request);
        if (giveWay.length > 0) expect(request.queued.length - giveWay.length + admit.length).toBe(request.capacity);
        const best = JSON.stringify(expectedMerits(request));
        if (JSON.stringify(expectedMerits({ ...request, pending: [] })) === best) expect(admit).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("does not depend on the order in which the jobs are given", () => {
    const shuffled = contended.chain((request) =>
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
      fc.property(contended, (request) => {
        const { reservations, ...first } = decideAdmission(request);
        const again = decideAdmission(apply(request, { reservations, ...first }));
        expect(again).toEqual({ admit: [], giveWay: [], reorder: [], reservations });
      }),
      { numRuns: 2_000 },
    );
  });

  it("queues no more jobs of a full pool than it has room for, and one more; never keeps others out for them", () => {
    const narrow = fc.constantFrom(undefined, ...POOLS).map((id) => (id ? [[{ units: 1, pools: [id] }]] : undefined));
    const job = fc.record({ id: fc.string({ minLength: 1, maxLength: 3 }), level, dueAt, owner, places: narrow });
    fc.assert(
      fc.property(requestsOf(job, true), (request) => {
        const free = new Map(
          request.pools!.map(({ id, state, capacity, used }) => [id, state === "started" ? capacity - used : 0]),
        );
        const poolOf = ({ places: one }: DueJob) => one?.[0]?.[0]?.pools[0];
        const fresh = { ...request, queued: [], pending: [...request.queued, ...request.pending], capacity: 100 };
        const { queued, pending } = decideAndApply(fresh);
        for (const [id, room] of free) {
          const inside = queued.filter((one) => poolOf(one) === id).length;
          expect(inside).toBeLessThanOrEqual(Math.max(0, room) + 1);
        }
        expect(pending.filter((one) => poolOf(one) === undefined)).toEqual([]);
      }),
    );
  });

  it("never lets a stream of highest jobs pass a job that has waited for its bound", () => {
    fc.assert(
      fc.property(fc.constantFrom<Level>(1, 2, 3, 4, 5), fc.integer({ min: 1, max: 9 }), (own, capacity) => {
        const aJob = (id: string, of: Level, waitedMs: number) => ({ id, level: of, dueAt: ago(waitedMs), owner: id });
        const waiting = aJob("waiting", own, ageingBoundMs(own, STEP) + 1);
        const stream = Array.from({ length: 30 }, (_, index) => aJob(`stream-${index}`, 5, 0));
        const before = { now: NOW, stepMs: STEP, capacity, queued: [], pending: stream };
        const full = decideAndApply(before);
        expect(decideAdmission({ ...full, pending: [...full.pending, waiting] }).admit[0]?.id).toBe("waiting");
      }),
    );
  });
});
