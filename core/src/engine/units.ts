import {
  canMeet,
  type DueJob,
  type Holding,
  isFull,
  type Place,
  type PoolFacts,
  PoolIndex,
  type PoolReservation,
  type PoolRoom,
  placesOf,
} from "@callsheet/contract";
import type { Catalogue, Learned } from "../operations/catalogue.ts";
import { expectedMs } from "../operations/expected.ts";
import type { Candidate } from "../store/admission.ts";
import type { Held, ReservationChange } from "../store/reservation.ts";
import type { Statements } from "../store/store.ts";

/** The units that jobs contend for, as one round of admission sees them. */
export interface Floor {
  /** As used as what is held says. */
  readonly pools: readonly PoolFacts[];
  readonly held: readonly Held[];
  /** By lane; lanes whose jobs take nothing are absent. */
  readonly places: ReadonlyMap<number, readonly Place[]>;
  /** Lanes of which no job has room now. */
  readonly full: readonly number[];
}

/** Where nothing has a capacity. */
export const BARE_FLOOR: Floor = { pools: [], held: [], places: new Map(), full: [] };

/**
 * Reads what there is to take, and what the jobs of each lane take of it. To be read before the jobs: what starts in between is
 * then missing here, which is counted when reservations are written, and never reserved for once more.
 */
export async function readFloor(tx: Statements): Promise<Floor> {
  const known = await tx.allPools();
  const held = await tx.heldUnits();
  // The statements have snapshots of their own: what is used must be the sum of what is expected to come back.
  const used = new Map<number, number>();
  for (const { poolId, units } of held) used.set(poolId, (used.get(poolId) ?? 0) + units);
  const pools = known.map((pool) => ({ ...pool, used: used.get(pool.id) ?? 0 }));
  const nodes = (await tx.openNodes()).map((node) => ({ ...node, capabilities: new Set(node.capabilities) }));
  const index = new PoolIndex(pools);
  const places = new Map<number, readonly Place[]>();
  for (const lane of await tx.unitsLanes()) {
    const able = nodes.filter(
      ({ site, codes, capabilities }) =>
        site === lane.site && canMeet(lane.needs, { code: codes[lane.type], capabilities }),
    );
    const found = placesOf(
      lane,
      able.map(({ name }) => name),
      index,
    );
    if (found) places.set(lane.id, found);
  }
  const byId = new Map(pools.map((pool) => [pool.id, pool]));
  const full = [...places].flatMap(([id, found]) => (isFull(found, byId) ? [id] : []));
  return { pools, held, places, full };
}

/** What candidates take, and what tells when it will be free again. */
export interface Contention {
  readonly pools: readonly PoolRoom[];
  readonly holdings: readonly Holding[];
  readonly taking: (candidate: Candidate) => Pick<DueJob, "places" | "expectedMs">;
}

/** Reads how long what runs, and what would like to, is expected to take. Reads nothing when no candidate takes units. */
export async function readContention(
  tx: Statements,
  { pools, held, places }: Floor,
  candidates: readonly Candidate[],
  { catalogue, learned }: { readonly catalogue: Catalogue; readonly learned: Learned },
): Promise<Contention> {
  const asking = candidates.filter(({ laneId }) => places.has(laneId));
  if (asking.length === 0) return { pools: [], holdings: [], taking: () => ({}) };
  const sizes = await tx.sizesOf(asking.map(({ id }) => id));
  const versions = await catalogue.versions(
    [...held, ...asking].map((one) => one.actionVersionId),
    tx,
  );
  const lasts = (versionId: number, size: number | null, elapsedMs: number) =>
    expectedMs(learned, versions.get(versionId)!, size, elapsedMs);
  const endOf = ({ startedAt, elapsedMs, actionVersionId, size }: Held) => {
    const ms = startedAt && lasts(actionVersionId, size, elapsedMs);
    return startedAt && ms !== null ? new Date(startedAt.getTime() + ms) : null;
  };
  return {
    pools: pools.map((pool) => ({ ...pool, reservedFor: pool.reservation?.jobId ?? null })),
    holdings: held.map((one) => ({ poolId: one.poolId, units: one.units, endsAt: endOf(one) })),
    taking: ({ id, laneId, actionVersionId }) => {
      const found = places.get(laneId);
      return found ? { places: found, expectedMs: lasts(actionVersionId, sizes.get(id) ?? null, 0) } : {};
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
