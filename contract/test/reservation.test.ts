import { describe, expect, it } from "vitest";
import { type AdmissionRequest, decideAdmission } from "../src/model/admission.ts";
import type { PoolRoom } from "../src/model/ledger.ts";

const NOW = new Date("2026-08-01T12:00:00Z");
const at = (ms: number) => new Date(NOW.getTime() + ms);
let due = 0;
/** Each job that is made is due after those made before it. */
const aJob = (id: string, units: Readonly<Record<number, number>> = {}, expectedMs: number | null = null) => ({
  id,
  level: 3 as const,
  dueAt: at(-100_000 + due++),
  owner: "ada",
  places: [Object.entries(units).map(([pool, wanted]) => ({ units: wanted, pools: [Number(pool)] }))],
  expectedMs,
});
const aPool = (id: number, capacity: number, used = 0, more: Partial<PoolRoom> = {}): PoolRoom => ({
  ...{ id, capacity, used, state: "started", reservedFor: null },
  ...more,
});
const holds = (poolId: number, units: number, endsInMs: number | null) => ({
  ...{ poolId, units },
  endsAt: endsInMs === null ? null : at(endsInMs),
});
function decide(request: Partial<AdmissionRequest>) {
  const decision = decideAdmission({ now: NOW, stepMs: 600_000, capacity: 100, queued: [], pending: [], ...request });
  return { ...decision, admitted: decision.admit.map(({ id }) => id) };
}

describe("a job that needs more than is free", () => {
  it("has it held back from when enough of what runs is expected to have ended", () => {
    const decision = decide({
      pools: [aPool(1, 4, 4)],
      holdings: [holds(1, 1, 100), holds(1, 2, 300), holds(1, 1, 500)],
      pending: [aJob("wide", { 1: 2 })],
    });
    expect(decision.admitted).toEqual(["wide"]);
    // At 300 three units are free: one may be taken for longer.
    expect(decision.reservations).toEqual([{ poolId: 1, jobId: "wide", units: 2, until: at(300), spare: 1 }]);
  });

  it("waits for the last of its pools, and leaves to others what it will not touch", () => {
    const { reservations } = decide({
      pools: [aPool(1, 4, 4), aPool(2, 10, 3)],
      holdings: [holds(1, 4, 500), holds(2, 3, 200)],
      pending: [aJob("wide", { 1: 4, 2: 6 })],
    });
    expect(reservations).toEqual([
      { poolId: 1, jobId: "wide", units: 4, until: at(500), spare: 0 },
      { poolId: 2, jobId: "wide", units: 6, until: at(500), spare: 4 },
    ]);
  });

  it("counts what jobs before it are about to take", () => {
    const { reservations, admitted } = decide({
      pools: [aPool(1, 4)],
      pending: [aJob("first", { 1: 1 }, 700), aJob("wide", { 1: 4 })],
    });
    expect(admitted).toEqual(["first", "wide"]);
    expect(reservations).toEqual([{ poolId: 1, jobId: "wide", units: 4, until: at(700), spare: 0 }]);
  });

  it("takes the pool, of several that would do, and the place that is free first", () => {
    const pools = [aPool(1, 2, 2), aPool(2, 2, 2), aPool(3, 2, 2), aPool(4, 2, 2, { state: "stopped" })];
    const holdings = [holds(1, 2, 900), holds(2, 2, 400), holds(3, 2, 600)];
    const wide = { ...aJob("wide"), places: [[{ units: 2, pools: [1, 3] }], [{ units: 2, pools: [4, 2] }]] };
    expect(decide({ pools, holdings, pending: [wide] }).reservations).toEqual([
      { poolId: 2, jobId: "wide", units: 2, until: at(400), spare: 0 },
    ]);
  });

  it("with two needs of one pool has both held back", () => {
    const twice = {
      ...aJob("wide"),
      places: [
        [
          { units: 2, pools: [1] },
          { units: 1, pools: [1] },
        ],
      ],
    };
    const request = { pools: [aPool(1, 3, 1)], holdings: [holds(1, 1, 400)], pending: [twice] };
    expect(decide(request).reservations).toMatchObject([{ poolId: 1, units: 3, until: at(400) }]);
    expect(decide({ ...request, pools: [aPool(1, 2)], holdings: [] }).admitted).toEqual([]);
  });

  it("gets nothing where it can never fit, or where all that could serve it is stopped", () => {
    for (const pool of [aPool(1, 3, 9), aPool(1, 9, 9, { state: "stopped" }), aPool(1, 9, 9, { state: "draining" })]) {
      const decision = decide({ pools: [pool], holdings: [holds(1, 9, 1)], pending: [aJob("wide", { 1: 4 })] });
      expect(decision).toMatchObject({ admitted: [], reservations: [] });
    }
    expect(decide({ pending: [aJob("wide", { 7: 1 })] })).toMatchObject({ admitted: [], reservations: [] });
    expect(decide({ pending: [{ ...aJob("nowhere"), places: [] }] })).toMatchObject({ admitted: [], reservations: [] });
  });

  it("keeps what was held back until it has started, also when it fits", () => {
    const pools = [aPool(1, 4, 1, { reservedFor: "wide" })];
    const wide = { ...aJob("wide", { 1: 3 }, 100), turn: 0 };
    const decision = decide({ pools, queued: [wide], pending: [aJob("short", { 1: 1 }, 1)] });
    expect(decision.admitted).toEqual([]);
    expect(decision.reservations).toEqual([{ poolId: 1, jobId: "wide", units: 3, until: NOW, spare: 0 }]);
    expect(decide({ pools, pending: [aJob("short", { 1: 1 })] }).reservations).toEqual([]);
  });

  it("is the first of them; those after it have to wait until it is their turn, but at other pools", () => {
    const { reservations, admitted } = decide({
      pools: [aPool(1, 2, 1), aPool(2, 2, 1), aPool(3, 2, 1)],
      holdings: [holds(1, 1, 10), holds(2, 1, 20), holds(3, 1, 30)],
      pending: [aJob("a", { 1: 2 }), aJob("b", { 1: 2 }), aJob("c", { 1: 2, 2: 2 }), aJob("d", { 3: 2 })],
    });
    expect(admitted).toEqual(["a", "d"]);
    expect(reservations.map(({ poolId, jobId }) => [poolId, jobId])).toEqual([
      [1, "a"],
      [3, "d"],
    ]);
  });

  it("of one unit needs none held back: whatever comes free serves it; it stands in the queue", () => {
    const { reservations, admitted } = decide({
      pools: [aPool(1, 2, 2)],
      holdings: [holds(1, 2, 10)],
      pending: [aJob("a", { 1: 1 }), aJob("b", { 1: 1 }), aJob("c", { 1: 2 })],
    });
    expect({ admitted, reservations }).toEqual({ admitted: ["a"], reservations: [] });
  });
});

describe("a job behind a reservation", () => {
  const pools = [aPool(1, 10, 4)];
  const holdings = [holds(1, 4, 300)];
  const behind = (...others: ReturnType<typeof aJob>[]) =>
    decide({ pools, holdings, pending: [{ ...aJob("wide", { 1: 8 }), dueAt: at(-200_000) }, ...others] });

  it("passes when it is expected to end before", () => {
    expect(behind(aJob("short", { 1: 6 }, 300)).admitted).toEqual(["wide", "short"]);
  });

  it("passes when it takes only what is spare, which those after it lack", () => {
    const decision = behind(aJob("a", { 1: 1 }, 9_999), aJob("b", { 1: 2 }), aJob("c", { 1: 1 }), aJob("d", { 1: 1 }));
    expect(decision.admitted).toEqual(["wide", "a", "c"]);
    expect(decision.reservations).toMatchObject([{ jobId: "wide", spare: 0 }]);
  });

  it("does not pass when it would still run then, or when nobody knows", () => {
    expect(behind(aJob("long", { 1: 3 }, 301), aJob("unknown", { 1: 3 })).admitted).toEqual(["wide"]);
  });

  it("never passes by its duration where nobody knows when the reservation begins", () => {
    const decision = decide({
      pools: [aPool(1, 10, 5), aPool(2, 2, 2)],
      holdings: [holds(1, 5, 100), holds(2, 2, null)],
      pending: [aJob("wide", { 1: 3, 2: 2 }), aJob("short", { 1: 3 }, 1), aJob("small", { 1: 2 }, 1)],
    });
    expect(decision.admitted).toEqual(["wide", "small"]);
    expect(decision.reservations).toEqual([
      { poolId: 1, jobId: "wide", units: 3, until: null, spare: 0 },
      { poolId: 2, jobId: "wide", units: 2, until: null, spare: 0 },
    ]);
  });
});

describe("a full pool", () => {
  it("fills no queue: others get in past any number of jobs that lack it", () => {
    const lacking = Array.from({ length: 500 }, (_, n) => aJob(`lacking${n}`, { 1: 1 }));
    const { admitted } = decide({
      capacity: 3,
      pools: [aPool(1, 1, 1)],
      holdings: [holds(1, 1, 5)],
      pending: [...lacking, aJob("free")],
    });
    expect(admitted).toEqual(["lacking0", "free"]);
  });

  it("sends nobody out of a queue that has room, and the jobs that lack it first when there is none", () => {
    const queued = ["a", "b", "c"].map((id) => ({ ...aJob(id, { 1: 1 }), turn: 0 }));
    const request = { pools: [aPool(1, 1, 1)], holdings: [holds(1, 1, 5)], queued };
    expect(decide({ ...request, capacity: 3 }).giveWay).toEqual([]);
    expect(decide({ ...request, capacity: 3, pending: [aJob("free")] })).toMatchObject({
      admitted: ["free"],
      giveWay: ["c"],
    });
  });
});
