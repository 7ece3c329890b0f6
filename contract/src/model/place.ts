import { asksOf } from "./decide.ts";
import type { PoolIndex } from "./pool-index.ts";
import type { LaneFacts, PoolFacts } from "./world.ts";

/** What a job takes to run at some place: for each ask, units of one of its pools, by their ids. */
export type Place = readonly { readonly units: number; readonly pools: readonly number[] }[];

/**
 * What a job of a lane takes on each of the nodes, by name, that might run it; nodes without pools of their own are one
 * place. Undefined: it takes nothing anywhere.
 */
export function placesOf(lane: LaneFacts, nodes: readonly string[], pools: PoolIndex): readonly Place[] | undefined {
  const asksOn = (name: string) =>
    asksOf(lane, name, pools).map((ask): Place[number] => ({
      units: ask.units,
      pools: ask.pools.map(({ id }) => id),
    }));
  const anywhere = asksOn("");
  if (anywhere.length === 0) return undefined;
  const special = nodes.filter((name) => pools.has(`node/${name}`));
  return [...(special.length < nodes.length ? [anywhere] : []), ...special.map(asksOn)];
}

/** Whether none of the places has room for a job now, whatever is reserved. */
export function isFull(
  places: readonly Place[],
  pools: ReadonlyMap<number, Pick<PoolFacts, "capacity" | "used" | "state">>,
): boolean {
  const hasRoom = (id: number, units: number) => {
    const pool = pools.get(id);
    return pool !== undefined && pool.state === "started" && pool.used + units <= pool.capacity;
  };
  return !places.some((place) => place.every((ask) => ask.pools.some((id) => hasRoom(id, ask.units))));
}
