import { bestSeries, pairRatios } from "./pairs.mjs";
import { betterVariant, seriesOf } from "./series.mjs";
import { spread } from "./statistics.mjs";

const OURS = "callsheet";
/** The queue library, which is compared with what it stands on. */
const LIBRARY = "callsheet-queue";

const GROUP = { variant: "group" };
/** The same while somebody reads it. */
const READ = { variant: "read" };

/**
 * The comparisons that Callsheet promises. `against` names the peers: all of them, those on PostgreSQL, those on Redis,
 * the core (of the queue library), or none (`own`: the figure itself; `size`: the same system in another scenario, or another variant; `server`: PostgreSQL without a client).
 * Without a target a figure is told and not judged.
 */
const PROMISES = [
  promise("drain 10k, 1 process", "drain-10k", { atLeast: 1.5 }),
  promise("drain 10k, 2 processes", "drain-10k-2", { atLeast: 1.5 }),
  promise("drain 100k, 1 process", "drain-100k", { atLeast: 1.5 }),
  promise("drain 100k, 2 processes", "drain-100k-2", { atLeast: 1.5 }),
  promise("drain 1M, 1 process", "drain-1m", { atLeast: 1.5 }),
  promise("drain 1M, 2 processes", "drain-1m-2", { atLeast: 1.5 }),
  promise("create and drain together", "flow", { atLeast: 1.5 }),
  promise("bulk create 100k", "bulk-create", { atLeast: 1.2 }),
  promise("single create, 100 callers", "single-create-100", { atLeast: 5, against: "postgres" }),
  promise("single create, 100 callers", "single-create-100", { atLeast: 1, against: "redis" }),
  promise("start latency p50", "latency", { atMost: 1, against: "postgres", figure: "p50Ms" }),
  promise("start latency p99, ms", "latency", { atMost: 10, against: "own", figure: "p99Ms" }),
  promise("drain 1M beside 10k", "drain-1m", { atLeast: 0.8, against: "size", other: "drain-10k" }),
  promise("1M right after loading beside 10k", "drain-1m", {
    atLeast: 0.8,
    against: "size",
    other: "drain-10k",
    variant: "loaded",
  }),
  ...contentionPromises("100k"),
  ...contentionPromises("1m"),
  promise("claim beside 1M blocked jobs, p50", "blocked-1m", {
    ...{ atMost: 1.3, against: "size", other: "blocked-none", figure: "claimP50Ms" },
  }),
  promise("drain behind 1M blocked jobs", "blocked-1m", { atLeast: 3 }),
  promise("100 connections at half speed, claim p99, ms", "connections", {
    ...{ atMost: 50, against: "own", figure: "halfClaimP99Ms" },
  }),
  promise("100 connections at full speed, longest claim over median", "connections", {
    ...{ atMost: 20, against: "own", figure: "longestOverMedian" },
  }),
  promise("queue library, drain 100k beside the core", "queue-drain-100k", {
    ...{ of: LIBRARY, atLeast: 0.8, against: "core" },
  }),
  promise("queue library, opened and one job done, ms", "queue-first-job", {
    ...{ of: LIBRARY, atMost: 30, against: "own", figure: "p50Ms", variant: "alone" },
  }),
  ...groupPromises("1 process", "group-100k"),
  ...groupPromises("4 processes", "group-100k-4"),
  promise("group of 100k created, s", "group-100k", { ...GROUP, atMost: 10, against: "own", figure: "createSeconds" }),
  promise("longest read of a group, 1 process, ms", "group-100k", {
    ...{ ...READ, atMost: 20, against: "own", figure: "readMaxMs" },
  }),
  promise("longest read of a group, 4 processes, ms", "group-100k-4", {
    ...{ ...READ, atMost: 20, against: "own", figure: "readMaxMs" },
  }),
  promise("longest `select 1` beside it, ms", "group-100k-4", { ...READ, against: "own", figure: "bareMaxMs" }),
  promise("memory of the creator, 400k members beside 100k", "group-400k", {
    ...{ ...GROUP, atMost: 1.3, against: "size", other: "group-100k", otherVariant: "group", figure: "creatorMb" },
  }),
  // How far a heap grows between collections is Node's to say: told, not judged.
  promise("memory of the worker, 400k members beside 100k", "group-400k", {
    ...{ ...GROUP, against: "size", other: "group-100k", otherVariant: "group", figure: "workerMb" },
  }),
  promise("held snapshot, last tenth over first", "snapshot", { atMost: 1.3, against: "own", figure: "growth" }),
  promise("drain 1M, memory of the last fifth over the first", "drain-1m", { against: "own", figure: "memoryGrowth" }),
  promise("at rest, % of a core", "rest", { atMost: 1, against: "own", figure: "nodePercent" }),
  promise("at rest, MB", "rest", { atMost: 120, against: "own", figure: "memoryMb" }),
  promise("drain 100k beside the server alone", "drain-100k", { against: "server", other: "server-limit" }),
  promise("drain 100k, 2 processes, beside the server alone", "drain-100k-2", {
    against: "server",
    other: "server-limit-2",
  }),
];

/** Whom a promise is made against: everybody, a kind of store, or the fastest worker on PostgreSQL by name. */
const STANDS_FOR = {
  all: ({ name }) => !isOurs(name),
  core: ({ name }) => name === OURS,
  postgres: ({ name, store }) => store === "postgres" && !isOurs(name),
  redis: ({ store }) => store === "redis",
  worker: ({ name }) => name === "graphile-worker",
};

const isOurs = (name) => name === OURS || name === LIBRARY;

/** Of so many jobs. A drain of the fewer takes three seconds, of which its processes warm up for one. */
function contentionPromises(size) {
  const other = `contended-${size}`;
  return [
    promise(`unit and lock each, ${size}, 1 process, beside plain jobs`, other, { atLeast: 0.8, against: "worker" }),
    promise(`unit and lock each, ${size}, 2 processes beside 1`, `${other}-2`, { atLeast: 1, against: "size", other }),
  ];
}

/** What members of a group cost beside jobs of their own, and how long the group is read in. */
function groupPromises(size, scenario) {
  const beside = (otherVariant) => ({ ...GROUP, against: "size", other: scenario, otherVariant });
  // Whoever asks takes time of a processor that the workers would use as well: told, not judged.
  const whileRead = { ...beside("group"), ...READ };
  return [
    promise(`members of a group, ${size}, beside independent jobs`, scenario, {
      atLeast: 0.9,
      ...beside("independent"),
    }),
    promise(`members of a group, ${size}, beside plain jobs`, scenario, { atLeast: 0.7, ...beside("plain") }),
    promise(`members of a group that is read, ${size}, beside one that is not`, scenario, whileRead),
    promise(`group read while it drains, ${size}, p99, ms`, scenario, {
      ...{ ...READ, atMost: 20, against: "own", figure: "readP99Ms" },
    }),
  ];
}

function promise(name, scenario, rest) {
  return { name, scenario, of: OURS, against: "all", figure: "rate", ...rest };
}

/**
 * Each promise with what was measured: the ratio's median, min and max over the rounds, the peer it stands against and
 * whether it is kept. A promise without the results it needs is left out.
 * @param {readonly import("./series.mjs").Result[]} results
 * @param {readonly {readonly name: string, readonly store: string}[]} systems
 */
export function compare(results, systems) {
  return PROMISES.map((one) => judge(one, results, systems)).filter((row) => row !== undefined);
}

function judge(one, results, systems) {
  const better = one.atMost === undefined ? "high" : "low";
  const measured = measure(one, results, systems, better);
  if (measured === undefined || measured.count === 0) return undefined;
  return { ...measured, name: one.name, figure: one.figure, ...verdict(one, measured.median) };
}

function verdict({ atLeast, atMost }, value) {
  if (atLeast !== undefined) return { target: `>= ${atLeast}`, kept: value >= atLeast };
  if (atMost !== undefined) return { target: `<= ${atMost}`, kept: value <= atMost };
  return { target: "-", kept: undefined };
}

function measure(one, results, systems, better) {
  const { scenario, figure, of: system } = one;
  const ours =
    one.variant === undefined
      ? (betterVariant(results, { scenario, system, figure, better })?.points ?? [])
      : seriesOf(results, { scenario, system, variant: one.variant, figure });
  if (one.against === "own") return { ...spread(ours.map((point) => point.value)), versus: "itself" };
  if (one.against === "server") {
    const alone = seriesOf(results, { scenario: one.other, system: "postgresql", figure });
    return { ...pairRatios(ours, alone), versus: one.other };
  }
  if (one.against === "size") {
    const which = { scenario: one.other, system, figure };
    if (one.otherVariant !== undefined) {
      const points = seriesOf(results, { ...which, variant: one.otherVariant });
      return { ...pairRatios(ours, points), versus: `${one.other}, ${one.otherVariant}` };
    }
    const other = betterVariant(results, { ...which, better });
    return other && { ...pairRatios(ours, other.points), versus: one.other };
  }
  const peers = systems.filter((peer) => peer.name !== system && STANDS_FOR[one.against](peer));
  const best = bestSeries(
    peers.map((peer) => betterVariant(results, { scenario, system: peer.name, figure, better })).filter(Boolean),
    better,
  );
  return best && { ...pairRatios(ours, best.points), versus: best.system };
}
