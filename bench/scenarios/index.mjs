import { behindBlocked, connections, contended } from "./contention.mjs";
import { bulkCreate, singleCreate } from "./create.mjs";
import { drain } from "./drain.mjs";
import { firstJob } from "./first-job.mjs";
import { flow } from "./flow.mjs";
import { group } from "./group.mjs";
import { latency } from "./latency.mjs";
import { serverLimit } from "./limit.mjs";
import { atRest } from "./rest.mjs";
import { retention } from "./retention.mjs";
import { heldSnapshot } from "./snapshot.mjs";

const FULL = {
  bulk: 100_000,
  single: 2_000,
  together: 20_000,
  small: 10_000,
  middle: 100_000,
  first: 150_000,
  large: 1_000_000,
  latency: 1_000,
  openings: 40,
  snapshot: 1_000_000,
  snapshotMs: 14_000,
  restMs: 20_000,
  objects: 1_000,
  units: 100_000,
  blocked: 1_000_000,
  lanes: 1_000,
  free: 50_000,
  connected: 20_000,
  nodes: 25,
  seconds: 5,
  settled: 1_000_000,
};

const QUICK = {
  bulk: 2_000,
  single: 50,
  together: 200,
  small: 500,
  middle: 1_000,
  first: 200,
  large: 2_000,
  latency: 50,
  openings: 3,
  snapshot: 2_000,
  snapshotMs: 500,
  restMs: 500,
  objects: 100,
  units: 1_000,
  blocked: 1_000,
  lanes: 40,
  free: 500,
  connected: 500,
  nodes: 3,
  seconds: 0.5,
  settled: 2_000,
};

/** What `--quick` runs unless told: every piece of code once, not every size. */
export const QUICK_SCENARIOS = [
  "server-limit",
  "bulk-create",
  "single-create-100",
  "drain-10k",
  "drain-100k-2",
  "flow",
  "latency",
  "latency-same",
  "snapshot",
  "rest",
  "contended-100k-2",
  "blocked-1m",
  "connections",
  "queue-drain-100k",
  "queue-first-job",
  "group-100k",
  "retention",
];

/**
 * The scenarios by name. The quick sizes prove that everything runs; they measure nothing.
 * @param {{size: "full" | "quick", limitMs: number}} how `limitMs` cuts a drain off
 */
export function scenariosOf({ size, limitMs }) {
  const variants = size === "quick" ? ["analysed"] : ["loaded", "analysed"];
  const backlog = (count, workers) => drain({ count, workers, limitMs, variants });
  const n = size === "quick" ? QUICK : FULL;
  const contention = (workers, count) =>
    contended({
      ...{ count, first: n.first, objects: n.objects, units: n.units },
      ...{ workers, limitMs, variants, systems: ["callsheet", "graphile-worker"] },
    });
  const blocked = (count) =>
    behindBlocked({
      ...{ blocked: count, lanes: n.lanes, openLanes: 10, count: n.free, first: n.free, units: n.units },
      limitMs,
    });
  return {
    "server-limit": serverLimit({ count: n.middle, sessions: 1 }),
    "server-limit-2": serverLimit({ count: n.middle, sessions: 2 }),
    "bulk-create": bulkCreate({ count: n.bulk }),
    "single-create": singleCreate({ count: n.single, callers: 1 }),
    "single-create-100": singleCreate({ count: n.together, callers: 100 }),
    "drain-10k": backlog(n.small, 1),
    "drain-10k-2": backlog(n.small, 2),
    "drain-100k": backlog(n.middle, 1),
    "drain-100k-2": backlog(n.middle, 2),
    "drain-1m": backlog(n.large, 1),
    "drain-1m-2": backlog(n.large, 2),
    flow: flow({ count: n.middle, limitMs }),
    latency: latency({ count: n.latency, perSecond: 100, processes: 2 }),
    "latency-same": latency({ count: n.latency, perSecond: 100, processes: 1 }),
    "contended-100k": contention(1, n.middle),
    "contended-100k-2": contention(2, n.middle),
    "contended-1m": contention(1, n.large),
    "contended-1m-2": contention(2, n.large),
    "blocked-none": blocked(0),
    "blocked-1m": blocked(n.blocked),
    connections: connections({
      ...{ count: n.connected, processes: 4, nodes: n.nodes, slots: 4 },
      seconds: n.seconds,
      limitMs,
    }),
    "queue-drain-100k": drain({
      ...{ count: n.middle, workers: 1, limitMs, variants: ["analysed"], systems: ["callsheet", "callsheet-queue"] },
    }),
    "queue-first-job": firstJob({ count: n.openings }),
    "group-100k": group({ count: n.middle, workers: 1, limitMs }),
    "group-100k-4": group({ count: n.middle, workers: 4, limitMs }),
    "group-400k": group({ count: 4 * n.middle, workers: 1, limitMs, variants: ["group"] }),
    snapshot: heldSnapshot({ count: n.snapshot, lengthMs: n.snapshotMs }),
    retention: retention({ count: n.large, settled: n.settled, limitMs }),
    rest: atRest({ lengthMs: n.restMs }),
  };
}
