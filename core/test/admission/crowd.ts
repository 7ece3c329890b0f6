import type { JobInput } from "@callsheet/contract";
import fc from "fast-check";
import type { TestDatabase } from "../../src/testing/index.ts";
import { poolOf } from "./holdings.ts";

const POOLS = 20;
const OBJECTS = 50;
/** Different sets of needs, each with a lane of its own. */
const LANES = 24;

/** Whole numbers below `below`, the same for the same seed. */
export function dice(seed: number): (below: number) => number {
  const drawn = fc.sample(fc.nat(1_000_000), { numRuns: 20_000, seed });
  let next = 0;
  return (below) => drawn[next++ % drawn.length]! % below;
}

/** Twenty pools of one to eight units. */
export async function putPools(database: TestDatabase, roll: (below: number) => number): Promise<readonly number[]> {
  const capacities = Array.from({ length: POOLS }, () => 1 + roll(8));
  for (const [index, capacity] of capacities.entries()) await poolOf(database, `p${index}`, capacity);
  return capacities;
}

/** Jobs that need up to three pools and up to four of fifty objects, shared or alone. */
export function aCrowd(
  count: number,
  capacities: readonly number[],
  roll: (below: number) => number,
): readonly JobInput[] {
  const needs = Array.from({ length: LANES }, (_, lane) => {
    const pools = Array.from({ length: lane % 4 }, () => roll(capacities.length));
    return Object.fromEntries(pools.map((pool) => [`p${pool}`, 1 + roll(capacities[pool]!)]));
  });
  return Array.from({ length: count }, () => {
    const ids = new Set(Array.from({ length: roll(5) }, () => roll(OBJECTS)));
    const locks = [...ids].map(
      (id) => ({ type: "asset", id: `${id}`, mode: roll(3) === 0 ? "shared" : "exclusive" }) as const,
    );
    return { needs: needs[roll(LANES)]!, locks };
  });
}
