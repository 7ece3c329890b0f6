import { asksOf, type LaneFacts, type PoolFacts } from "./decide.ts";

/** What a job takes to run at some place: of each ask, units of one of its pools. */
export type Place = readonly { readonly units: number; readonly pools: readonly number[] }[];

/** A live node, as far as pools are concerned. */
export interface NodePlace {
  readonly name: string;
  readonly site: string;
}

/** What the jobs of a lane take, for each of the nodes that might run them; nodes without pools of their own are alike. */
export function placesOf(
  lane: LaneFacts,
  nodes: readonly NodePlace[],
  pools: readonly PoolFacts[],
): readonly Place[] | undefined {
  const own = new Set(pools.map(({ scope }) => scope));
  const here = nodes.filter(({ site }) => site === lane.site);
  const special = here.filter(({ name }) => own.has(`node/${name}`));
  const usual = here.find(({ name }) => !own.has(`node/${name}`));
  const asks = [...(usual ? [usual] : []), ...special].map((node) =>
    asksOf(lane, { node: { ...node, capabilities: NONE }, pools }),
  );
  if (asks.length > 0 && asks.every((list) => list.length === 0)) return undefined;
  return asks.map((list) => list.map((ask) => ({ units: ask.units, pools: ask.pools.map(({ id }) => id) })));
}

const NONE: ReadonlySet<string> = new Set();
