import type { Action } from "./action.ts";
import { canMeet, missingCapabilities, type Needs } from "./capability.ts";
import type { Job } from "./job.ts";
import type { JsonObject } from "./json.ts";
import type { JobState } from "./state.ts";

/** Why a job stands where it stands. A closed list; each job has exactly one at a time. */
export const REASONS = {
  not_planned: "It has no start time.",
  scheduled: "Its time has not come.",
  backing_off: "An attempt failed, and the wait before the next one is not over.",
  rollback_unfinished: "What a failed attempt did has to be undone first.",
  paused: "Somebody holds it.",
  lane_paused: "Somebody holds all jobs of its kind.",
  no_node: "No live node at its site runs its action type.",
  no_capable_node: "No live node that runs its action type has what it needs.",
  nodes_busy: "All slots of the nodes that can run it are busy.",
  internal_queue_full: "All slots are busy, and the scheduler's internal queue has no room for it.",
  waiting_for_lock: "Another job has locked an object that it works on.",
  about_to_start: "Nothing holds it back.",
  running: "A node runs it.",
  overrun: "A node runs it, longer than its time-out.",
  cancelling: "It was asked to stop and has not ended yet.",
  node_lost: "The node that ran it died, and nobody has recovered it yet.",
  settled: "It is over.",
} as const;
/** The code of a reason for which a job stands where it stands. */
export type Reason = keyof typeof REASONS;

/** Why a job stands where it stands, and what to do about it. */
export interface Explanation {
  readonly jobId: string;
  readonly state: JobState;
  readonly reason: Reason;
  /** For people: one sentence or two, with the numbers of this case. */
  readonly sentence: string;
  /** The same numbers for programs; instants in ISO form. */
  readonly details: JsonObject;
}

/** A live node at the job's site that runs its type. */
export interface NodeInSight {
  readonly name: string;
  readonly state: "up" | "draining";
  readonly slots: number;
  /** Jobs that it runs now, those included that it took and begins in a moment. */
  readonly running: number;
  readonly capabilities: readonly string[];
}

/** All that an explanation is made of. */
export interface Situation {
  readonly now: Date;
  readonly job: Pick<
    Job,
    "id" | "state" | "type" | "site" | "attempt" | "startedAt" | "endedAt" | "dueAt" | "node" | "error"
  >;
  readonly action: Pick<Action, "timeoutMs">;
  readonly needs: Needs;
  /** Null: the jobs of its lane are not held. */
  readonly lanePause: { readonly reason: string | null } | null;
  readonly rollback: "none" | "required" | "running" | "done" | "failed";
  readonly isRetryAsked: boolean;
  /** Whether the node that runs it has died. */
  readonly isNodeLost: boolean;
  readonly nodes: readonly NodeInSight[];
  /** Jobs that start before it, counted up to one more than `MOST_AHEAD`. */
  readonly ahead: number;
  /** The scheduler's internal queue, in jobs. */
  readonly queue: { readonly length: number; readonly capacity: number };
}

/** More jobs than that are not counted: the cost of an explanation must not grow with the backlog. */
export const MOST_AHEAD = 10_000;

type Told = Omit<Explanation, "jobId" | "state">;

/** Says why a job stands where it stands. Every situation has one answer. */
export function explain(situation: Situation): Explanation {
  const { id, state } = situation.job;
  return { jobId: id, state, ...BY_STATE[state](situation) };
}

/** Nodes that could run the job if they had a free slot. */
export function capableNodes<Node extends Pick<NodeInSight, "state" | "capabilities">>(
  nodes: readonly Node[],
  needs: Needs,
): readonly Node[] {
  return nodes.filter(({ state, capabilities }) => state === "up" && canMeet(needs, new Set(capabilities)));
}

const BY_STATE: Record<JobState, (situation: Situation) => Told> = {
  created: () => told("not_planned", "It has no start time: plan it."),
  scheduled: (situation) => {
    const { dueAt } = situation.job;
    if (isPast(dueAt, situation)) return due(situation);
    return told("scheduled", `It waits until ${iso(dueAt)}.`, { until: iso(dueAt) });
  },
  pending: due,
  queued: due,
  waiting_for_lock: () => told("waiting_for_lock", "It waits for an object that another job has locked."),
  running: (situation) => live(situation, "running", `It runs on ${where(situation)}.`),
  timed_out: (situation) => {
    const { timeoutMs } = situation.action;
    const retry = situation.isRetryAsked ? " The retry that was asked for begins if it fails." : "";
    const sentence = `It runs on ${where(situation)}, longer than its time-out of ${timeoutMs} ms. Nothing is stopped.${retry}`;
    return live(situation, "overrun", sentence, { timeoutMs });
  },
  retrying: backingOff,
  cancelling: (situation) =>
    live(situation, "cancelling", `It was asked to stop, and ends when its handler ends on ${where(situation)}.`),
  paused: () => told("paused", "It is held: resume it."),
  completed: ({ job }) => told("settled", `It completed at ${iso(job.endedAt)}.`, { endedAt: iso(job.endedAt) }),
  partial: ({ job }) =>
    settled(job, `A part of its work succeeded on attempt ${job.attempt}. Retry it for the rest, or cancel it.`),
  failed: ({ job }) => settled(job, `It failed on attempt ${job.attempt}${because(job)}. Amend or retry it.`),
  skipped: ({ job }) => settled(job, "It had nothing to do."),
  cancelled: ({ job }) => settled(job, `It was cancelled at ${iso(job.endedAt)}.`),
};

function backingOff(situation: Situation): Told {
  const { job, rollback } = situation;
  const failed = `Attempt ${job.attempt} failed${because(job)}.`;
  if (rollback !== "none" && rollback !== "done") {
    const undone = rollback === "failed" ? "could not be undone: resolve its rollback" : "has to be undone first";
    return told("rollback_unfinished", `${failed} What it did ${undone}.`, { rollback });
  }
  if (isPast(job.dueAt, situation)) return due(situation);
  return told("backing_off", `${failed} It is tried again at ${iso(job.dueAt)}.`, { until: iso(job.dueAt) });
}

/** A due job: the first of what it lacks, from what people must do to what time does. */
function due(situation: Situation): Told {
  const { nodes, needs, job, lanePause } = situation;
  if (lanePause !== null) {
    const why = lanePause.reason === null ? "" : `: ${lanePause.reason}`;
    return told("lane_paused", `All jobs of its kind are held${why}.`, { lanePause: lanePause.reason });
  }
  const up = nodes.filter(({ state }) => state === "up");
  if (up.length === 0) {
    const draining = nodes.length === 0 ? "" : ` (${count(nodes.length, "node")} that did will take no more)`;
    const sentence = `No live node at site ${job.site} runs ${job.type}${draining}: start one.`;
    return told("no_node", sentence, { site: job.site, type: job.type, draining: nodes.length });
  }
  const capable = capableNodes(nodes, needs);
  return capable.length === 0 ? incapable(situation, up) : free(situation, capable);
}

function incapable({ job, needs }: Situation, up: readonly NodeInSight[]): Told {
  const had = new Set(up.flatMap(({ capabilities }) => capabilities));
  const missing = missingCapabilities(needs, had);
  const wanted = missing.length > 0 ? missing : (needs.capabilities ?? []);
  const unknown = Object.keys(needs).filter((need) => need !== "capabilities");
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

function live({ job, isNodeLost }: Situation, reason: Reason, sentence: string, details: JsonObject = {}): Told {
  const facts = { ...details, node: job.node, attempt: job.attempt, startedAt: iso(job.startedAt) };
  if (!isNodeLost) return told(reason, sentence, facts);
  return told(
    "node_lost",
    `Node ${job.node} died while it ran attempt ${job.attempt}; another one recovers it.`,
    facts,
  );
}

function settled(job: Situation["job"], sentence: string): Told {
  const error = job.error === null ? null : { code: job.error.code, message: job.error.message };
  return told("settled", sentence, { attempt: job.attempt, endedAt: iso(job.endedAt), error });
}

const told = (reason: Reason, sentence: string, details: JsonObject = {}): Told => ({ reason, sentence, details });
const iso = (at: Date | null): string | null => at?.toISOString() ?? null;
const isPast = (at: Date | null, { now }: Situation): boolean => at !== null && at <= now;
const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;
const where = ({ job }: Situation): string => `node ${job.node} since ${iso(job.startedAt)}, attempt ${job.attempt}`;

/** The first line of the error, without its full stop. */
function because({ error }: Situation["job"]): string {
  if (error === null) return "";
  const [line] = error.message.split("\n", 1);
  return `: ${error.code}: ${line!.slice(0, LONGEST_MESSAGE).replace(/\.$/, "")}`;
}

const LONGEST_MESSAGE = 500;

function listed(names: readonly string[], word: "and" | "or"): string {
  if (names.length <= 1) return names.join("");
  return `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`;
}
