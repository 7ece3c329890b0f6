import {
  type Action,
  canMeet,
  type DueJob,
  type Holding,
  isFull,
  type Place,
  type PoolFacts,
  type PoolReservation,
  type PoolRoom,
  placesOf,
} from "@callsheet/contract";
import type { Catalogue } from "../operations/catalogue.ts";
import type { Candidate } from "../store/admission.ts";
import type { ReservationChange } from "../store/reservation.ts";
import type { Statements } from "../store/store.ts";

/**
 * How much longer work of an action and size is expected to run, in milliseconds, after it has run for `elapsedMs`; null:
 * nobody knows.
 */
export type Expectation = (action: Action, size: number | null, elapsedMs: number) => number | null;

/** Where nothing was learned, work is expected to take as long as its time-out allows. */
export const expectTimeout: Expectation = ({ timeoutMs }, _size, elapsedMs) =>
  timeoutMs === null ? null : Math.max(0, timeoutMs - elapsedMs);

/** The units that jobs contend for, as one round of admission sees them. */
export interface Floor {
  readonly pools: readonly PoolFacts[];
  /** By lane; lanes whose jobs take nothing are absent. */
  readonly places: ReadonlyMap<number, readonly Place[]>;
  /** Lanes of which no job has room now. */
  readonly full: readonly number[];
}

/** Where nothing has a capacity. */
export const BARE_FLOOR: Floor = { pools: [], places: new Map(), full: [] };

/** Reads what there is to take, and what the jobs of each lane take of it. */
export async function readFloor(tx: Statements): Promise<Floor> {
  const pools = await tx.allPools();
  const nodes = await tx.openNodes();
  const places = new Map<number, readonly Place[]>();
  for (const lane of await tx.unitsLanes()) {
    const able = nodes.filter(
      ({ site, types, capabilities }) =>
        site === lane.site && types.includes(lane.type) && canMeet(lane.needs, new Set(capabilities)),
    );
    const found = placesOf(
      lane,
      able.map(({ name }) => name),
      pools,
    );
    if (found) places.set(lane.id, found);
  }
  const byId = new Map(pools.map((pool) => [pool.id, pool]));
  const full = [...places].flatMap(([id, found]) => (isFull(found, byId) ? [id] : []));
  return { pools, places, full };
}

/** What candidates take, and what tells when it will be free again. */
export interface Contention {
  readonly pools: readonly PoolRoom[];
  readonly holdings: readonly Holding[];
  readonly taking: (candidate: Candidate) => Pick<DueJob, "places" | "expectedMs">;
}

interface Asking {
  readonly catalogue: Catalogue;
  readonly expectation: Expectation;
  readonly now: Date;
}

/** Reads how long what runs, and what would like to, is expected to take. Reads nothing when no candidate takes units. */
export async function readContention(
  tx: Statements,
  { pools, places }: Floor,
  candidates: readonly Candidate[],
  { catalogue, expectation, now }: Asking,
): Promise<Contention> {
  const asking = candidates.filter(({ laneId }) => places.has(laneId));
  if (asking.length === 0) return { pools: [], holdings: [], taking: () => ({}) };
  const held = await tx.heldUnits();
  const sizes = await tx.sizesOf(asking.map(({ id }) => id));
  const versions = await catalogue.versions(
    [...held, ...asking].map((one) => one.actionVersionId),
    tx,
  );
  const remaining = (versionId: number, size: number | null, elapsedMs: number) =>
    expectation(versions.get(versionId)!.definition, size, elapsedMs);
  const endOf = (startedAt: Date, versionId: number, size: number | null) => {
    const ms = remaining(versionId, size, Math.max(0, now.getTime() - startedAt.getTime()));
    return ms === null ? null : new Date(now.getTime() + ms);
  };
  return {
    pools: pools.map((pool) => ({ ...pool, reservedFor: pool.reservation?.jobId ?? null })),
    holdings: held.map(({ poolId, units, startedAt, actionVersionId, size }) => ({
      ...{ poolId, units },
      endsAt: startedAt && endOf(startedAt, actionVersionId, size),
    })),
    taking: ({ id, laneId, actionVersionId }) => {
      const found = places.get(laneId);
      return found ? { places: found, expectedMs: remaining(actionVersionId, sizes.get(id) ?? null, 0) } : {};
    },
  };
}

/** The pools whose reservations are to be written anew. */
export function changesOf(
  pools: readonly PoolFacts[],
  reservations: readonly PoolReservation[],
): readonly ReservationChange[] {
  const decided = new Map(reservations.map((one) => [one.poolId, one]));
  return pools.flatMap(({ id, used, reservation: stored }) => {
    const reservation = decided.get(id) ?? null;
    const isSame =
      stored?.jobId === reservation?.jobId &&
      stored?.units === reservation?.units &&
      stored?.spare === reservation?.spare &&
      stored?.until?.getTime() === reservation?.until?.getTime();
    return isSame ? [] : [{ poolId: id, used, reservation }];
  });
}
