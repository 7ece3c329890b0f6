import { canMeet, missingCapabilities, type Needs, unknownNeeds } from "./capability.ts";
import { understands } from "./code.ts";
import { decide } from "./decide.ts";
import type { JsonObject } from "./json.ts";
import { MOST_AHEAD, type NodeInSight, type PoolInSight, type Situation } from "./situation.ts";
import { count, iso, listed, type Told, told } from "./telling.ts";
import type { CandidateJob, PoolFacts, Verdict, Why } from "./world.ts";

/** Nodes that could run the job if they had a free slot. */
export function capableNodes<Node extends Pick<NodeInSight, "state" | "capabilities" | "code">>(
  nodes: readonly Node[],
  needs: Needs,
): readonly Node[] {
  return nodes.filter(
    ({ state, code, capabilities }) => state === "up" && canMeet(needs, { code, capabilities: new Set(capabilities) }),
  );
}

/** Why a due job has not started: what the claim would decide on it now, on the node on which it would get furthest. */
export function due(situation: Situation): Told {
  const { nodes, lane, group } = situation;
  if (group && group.intent !== "none") return heldWithGroup(group);
  const up = nodes.filter(({ state }) => state === "up");
  // A pause holds it whether a node is there or not.
  const held = judge(situation, { name: "", capabilities: lane.needs.capabilities ?? [] });
  if (held.kind !== "start" && held.why.reason === "lane_paused") return sayWhy(situation, held.why);
  if (up.length === 0) return nodeless(situation);
  const understanding = up.filter(({ code }) => understands(code, lane.needs.version));
  if (understanding.length === 0) return versionless(situation, up);
  const capable = capableNodes(understanding, lane.needs);
  if (capable.length === 0) return incapable(situation, understanding);
  const verdicts = capable.map((node) => judge(situation, node));
  const able = capable.filter((_, index) => verdicts[index]!.kind === "start");
  if (able.length > 0) return free(situation, able);
  return sayWhy(situation, furthest(verdicts));
}

function heldWithGroup({ id, intent, reason }: NonNullable<Situation["group"]>): Told {
  const why = reason === null ? "" : `: ${reason}`;
  const sentence =
    intent === "pause"
      ? `Its group ${id} is held${why}. Resume the group.`
      : `Its group ${id} is being cancelled${why}.`;
  return told("group_held", sentence, { groupId: id, intent });
}

function judge(situation: Situation, { name, capabilities }: Pick<NodeInSight, "name" | "capabilities">): Verdict {
  const { now, job, lane, locks, ticket, pools, objects } = situation;
  const node = { name, site: lane.site, capabilities: new Set(capabilities) };
  const candidate: CandidateJob = { id: job.id, lane, locks, ticket, expectedMs: situation.expectedMs };
  return decide([candidate], { now, node, pools, objects })[0]!;
}

/** What time will bring is told rather than what somebody must do, when another node is nearer to it. */
const PATIENCE: readonly Why["reason"][] = [
  ...(["resource_reserved", "resource_full", "limit_reached", "waiting_for_lock", "object_quarantined"] as const),
  ...(["resource_stopped", "unknown_resource", "no_capable_node", "lane_paused"] as const),
];

function furthest(verdicts: readonly Verdict[]): Why {
  const whys = verdicts.flatMap((verdict) => (verdict.kind === "start" ? [] : [verdict.why]));
  return [...whys].sort((a, b) => PATIENCE.indexOf(a.reason) - PATIENCE.indexOf(b.reason))[0]!;
}

function nodeless({ nodes, job }: Situation): Told {
  const paused = nodes.filter(({ state }) => state === "paused");
  const facts = { site: job.site, type: job.type, draining: nodes.length - paused.length, paused: paused.length };
  if (paused.length > 0) {
    const names = listed(
      paused.map(({ name }) => name),
      "and",
    );
    const which =
      paused.length === 1 ? `node ${names}, which runs ${job.type}, is` : `nodes ${names}, which run ${job.type}, are`;
    return told(
      "nodes_paused",
      `At site ${job.site} ${which} paused: resume ${paused.length === 1 ? "it" : "one"}.`,
      facts,
    );
  }
  const draining = nodes.length === 0 ? "" : ` (${count(nodes.length, "node")} that did will take no more)`;
  return told("no_node", `No live node at site ${job.site} runs ${job.type}${draining}: start one.`, facts);
}

function versionless({ job, lane: { needs } }: Situation, up: readonly NodeInSight[]): Told {
  const { version = 1 } = needs;
  const had = up.map(({ code }) => ({ version: code.version, readsFrom: code.readsFrom ?? 1 }));
  const texts = had.map((code) => `${code.version}${code.version < version ? "" : ` (from ${code.readsFrom} on)`}`);
  const there = listed([...new Set(texts)].sort(), "and");
  const have = up.length === 1 ? `1 node has ${there}` : `${up.length} nodes have ${there}`;
  const sentence = `It needs version ${version} of ${job.type}, and at site ${job.site} ${have}: start a node that runs jobs of version ${version}.`;
  return told("no_such_version", sentence, {
    site: job.site,
    type: job.type,
    version,
    nodes: up.map(({ name }) => name),
  });
}

function incapable({ job, lane: { needs } }: Situation, up: readonly NodeInSight[]): Told {
  const had = new Set(up.flatMap(({ capabilities }) => capabilities));
  const missing = missingCapabilities(needs, had);
  const wanted = missing.length > 0 ? missing : (needs.capabilities ?? []);
  const unknown = unknownNeeds(needs);
  const lack =
    missing.length > 0
      ? `none has ${listed(missing, "or")}`
      : unknown.length > 0
        ? `none knows its need of ${listed(unknown, "or")}`
        : `none has all of ${listed(wanted, "and")}`;
  const run = up.length === 1 ? "1 node runs" : `${up.length} nodes run`;
  return told("no_capable_node", `No live node at site ${job.site} can run ${job.type}: ${lack} (${run} this type).`, {
    site: job.site,
    type: job.type,
    missing: [...wanted],
    nodes: up.map(({ name }) => name),
  });
}

function free({ job, ahead, queue }: Situation, capable: readonly NodeInSight[]): Told {
  const slots = capable.reduce((sum, node) => sum + node.slots, 0);
  const running = capable.reduce((sum, node) => sum + Math.min(node.slots, node.running), 0);
  const details = { slots, running, ahead, nodes: capable.map(({ name }) => name) };
  const most = ahead > MOST_AHEAD ? `more than ${MOST_AHEAD} jobs are` : `${ahead} jobs are`;
  const before = ahead === 1 ? "1 job is ahead" : `${most} ahead`;
  if (running < slots) {
    const free = `${slots - running} of ${count(slots, "slot")} ${slots - running === 1 ? "is" : "are"} free`;
    return told("about_to_start", `It is about to start: ${free}; ${before}.`, details);
  }
  const busy =
    slots === 1 ? "The only slot of 1 node is busy" : `All ${slots} slots of ${count(capable.length, "node")} are busy`;
  if (job.state !== "pending" || queue.length < queue.capacity)
    return told("nodes_busy", `${busy}; ${before}.`, details);
  const full = `the internal queue is full with ${count(queue.length, "job")}`;
  return told("internal_queue_full", `${busy}, and ${full}; ${before}.`, { ...details, queue: { ...queue } });
}

function sayWhy(situation: Situation, why: Why): Told {
  switch (why.reason) {
    case "lane_paused":
      return told("lane_paused", `It is paused with all its kind${why.pause === null ? "" : `: ${why.pause}`}.`, {
        lanePause: why.pause,
      });
    case "no_capable_node":
      return incapable(situation, situation.nodes);
    case "object_quarantined": {
      const because = why.because === null ? "" : `: ${why.because.replace(/\.$/, "")}`;
      return told("object_quarantined", `It locks ${why.key}, which is in quarantine${because}. Release it to go on.`, {
        object: why.key,
      });
    }
    case "waiting_for_lock":
      return inLine(why);
    case "unknown_resource":
      return told("unknown_resource", `It needs ${why.need}, and there is no such resource: make one.`, {
        need: why.need,
      });
    default:
      return shortOf(situation, why);
  }
}

function inLine({ key, holders, place }: Extract<Why, { reason: "waiting_for_lock" }>): Told {
  const held =
    holders.length === 0
      ? "which others asked for before it"
      : holders.length === 1
        ? `which job ${holders[0]} has locked`
        : `which ${holders.length} jobs share`;
  const next = place === 1 ? "It is next in line" : `It is number ${place} in line`;
  return told(
    "waiting_for_lock",
    `It waits for ${key}, ${held}. ${next}.`,
    { object: key, place },
    holders.slice(0, 10),
  );
}

function shortOf(situation: Situation, why: Extract<Why, { pool: PoolFacts }>): Told {
  const seen = situation.pools.find(({ id }) => id === why.pool.id)!;
  const { name, scope, used, capacity } = why.pool;
  const facts: JsonObject = { resource: name, scope, used, capacity };
  if (why.reason === "resource_stopped") {
    const state = why.pool.state === "draining" ? "drains" : "is stopped";
    return told("resource_stopped", `It needs ${nameOf(why.pool)}, which ${state}: start it.`, {
      ...facts,
      state: why.pool.state,
    });
  }
  const wanted = { ...facts, wanted: why.wanted };
  if (why.reason === "limit_reached")
    return told(
      "limit_reached",
      `Of ${limited(seen)} ${capacity} may run at once, and ${used} do.`,
      wanted,
      seen.holders,
    );
  const units = count(why.wanted, "unit");
  if (why.wanted > seen.most)
    return told(
      "impossible_need",
      `It needs ${units} of ${nameOf(seen)}, which never has more than ${seen.most}: it cannot start.`,
      wanted,
    );
  if (why.wanted > capacity)
    return told("resource_closed", `It needs ${units} of ${nameOf(seen)}, which has ${capacity} at this time.`, wanted);
  if (why.reason === "resource_full")
    return told(
      "resource_full",
      `It needs ${units} of ${nameOf(seen)}, and ${used} of ${capacity} are in use.`,
      wanted,
      seen.holders,
    );
  const { jobId, until } = why.pool.reservation!;
  const sentence = `It needs ${units} of ${nameOf(seen)}: ${capacity - used} of ${capacity} are free, and held back for job ${jobId}.`;
  return told("resource_reserved", sentence, { ...wanted, until: iso(until) }, [jobId]);
}

const nameOf = ({ name, scope }: PoolFacts): string =>
  scope === "cluster" ? name : `${name} (${scope.replace("/", " ")})`;
const limited = ({ name, scope }: PoolInSight): string => `jobs of ${scope} ${name}`;
