import {
  type Ask,
  asksOf,
  capableNodes,
  type Expectation,
  expectDuration,
  type Forecast,
  type ForecastFacts,
  type ForecastLine,
  forecast,
  type LaneFacts,
  type ObjectFacts,
  type PoolFacts,
  PoolIndex,
  type PoolInSight,
} from "@callsheet/contract";
import type { ClaimLane } from "../store/dictionary.ts";
import type { Ahead, Neighbouring, Surroundings } from "../store/situation.ts";
import { atMost } from "./expected.ts";
import type { Desk } from "./operate.ts";

/** What is known of a waiting job and of what stands around it. */
interface Outlook extends Surroundings {
  readonly job: { readonly id: string; readonly state: string; readonly dueAt: Date | null };
  readonly pools: readonly PoolInSight[];
  readonly objects: readonly ObjectFacts[];
}

/**
 * When a job is expected to start, from what runs and waits before it on the nodes that can run it, in the pools that it
 * takes units of and in the lines of its objects; and how long it is expected to run at most.
 */
export async function outlookOf(
  desk: Desk,
  facts: Outlook,
  lanes: readonly ClaimLane[],
  ahead: readonly Ahead[],
): Promise<{ readonly forecast: Forecast; readonly expectedMs: number | null }> {
  const { now, job, lane, ticket } = facts;
  const capable = capableNodes(facts.nodes, lane.needs);
  const nodeIds = capable.map(({ id }) => id);
  const inSight = new PoolIndex(facts.pools);
  // Any of them would do; where each has pools of its own, those of the first stand for all.
  const pools = asksOf(lane, capable[0]?.name ?? "", inSight);
  const before = facts.locks
    .map(({ key }) => facts.objects.find((object) => object.key === key))
    .map((object) => standingBefore(object, ticket));
  const ids = [...new Set(before.flatMap((tickets) => tickets.map(({ jobId }) => jobId)))];
  const poolIds = pools.flatMap((ask) => ask.pools.map(({ id }) => id));
  const near = await desk.store.readNeighbours(nodeIds, poolIds, ids);
  const expect = await expectations(desk, [facts.actionVersionId, ...near.map((one) => one.actionVersionId)]);
  const own = expect(facts.actionVersionId, facts.size);
  const byId = new Map(near.map((one) => [one.id, one]));
  const known: ForecastFacts = {
    jobId: job.id,
    now,
    notBefore: job.dueAt !== null && job.dueAt > now ? job.dueAt : null,
    isHeld: job.state === "paused" || lane.pause !== null,
    pools: [slotsOf(capable), ...pools.map(poolOf)],
    running: near
      .filter((one) => one.elapsedMs !== null)
      .map((one) => ({
        elapsedMs: one.elapsedMs!,
        expected: expect(one.actionVersionId, one.size),
        units: [nodeIds.includes(one.nodeId!) ? 1 : 0, ...pools.map((ask) => unitsIn(ask, one))],
      })),
    ahead: await aheadOf(desk, lanes, ahead, pools, inSight),
    lines: before.map(
      (tickets, index): ForecastLine => ({
        mode: facts.locks[index]!.mode,
        before: tickets.map(({ jobId, mode }) => {
          const other = byId.get(jobId);
          return {
            mode,
            elapsedMs: other?.elapsedMs ?? null,
            expected: other ? expect(other.actionVersionId, other.size) : null,
          };
        }),
      }),
    ),
  };
  return { forecast: forecast(known), expectedMs: atMost(own) };
}

function standingBefore(object: ObjectFacts | undefined, ticket: Surroundings["ticket"]): ObjectFacts["tickets"] {
  const all = object?.tickets ?? [];
  if (ticket?.held) return [];
  return all.filter(({ held, number }) => held || ticket === null || number < ticket.number);
}

/** The slots of the nodes that can run it are a pool as well. */
function slotsOf(nodes: Surroundings["nodes"]): ForecastFacts["pools"][number] {
  const capacity = nodes.reduce((all, { slots }) => all + slots, 0);
  return { capacity, used: nodes.reduce((all, { slots, running }) => all + Math.min(slots, running), 0), wanted: 1 };
}

/** Of several pools that would do, all units together. */
function poolOf({ pools, units }: Ask): ForecastFacts["pools"][number] {
  const started = pools.filter(({ state }) => state === "started");
  const total = (of: (pool: PoolFacts) => number) => started.reduce((all, pool) => all + of(pool), 0);
  return { capacity: total(({ capacity }) => capacity), used: total(({ used }) => used), wanted: units };
}

const unitsIn = ({ pools }: Pick<Ask, "pools">, { units }: Neighbouring): number =>
  units.filter(({ poolId }) => pools.some(({ id }) => id === poolId)).reduce((all, one) => all + one.units, 0);

/** How long jobs of a version of an action and of a size are expected to run. */
async function expectations({ store, catalogue }: Desk, versionIds: readonly number[]) {
  const [learned, versions] = await Promise.all([catalogue.durations(), catalogue.versions(versionIds, store)]);
  return (versionId: number, size: number | null): Expectation | null => {
    const { actionId, definition } = versions.get(versionId)!;
    return expectDuration(learned.get(actionId), size, definition);
  };
}

async function aheadOf(
  { store, catalogue }: Desk,
  lanes: readonly ClaimLane[],
  ahead: readonly Ahead[],
  asks: readonly Ask[],
  inSight: PoolIndex,
): Promise<ForecastFacts["ahead"]> {
  const learned = await catalogue.durations();
  return Promise.all(
    ahead.map(async ({ laneId, size, count }) => {
      const lane = lanes.find(({ id }) => id === laneId)!;
      const version = await store.currentAction(lane.action);
      const expected = version ? expectDuration(learned.get(version.actionId), size, version.definition) : null;
      return { count, expected, units: [1, ...asks.map((ask) => wantedOf(lane, ask, inSight))] };
    }),
  );
}

/** The units that a lane's jobs take of the pools that would meet an ask of the job. */
function wantedOf(lane: LaneFacts, { pools }: Ask, inSight: PoolIndex): number {
  const asks = asksOf(lane, "", inSight);
  return asks.find((ask) => ask.pools.some(({ id }) => pools.some((pool) => pool.id === id)))?.units ?? 0;
}
