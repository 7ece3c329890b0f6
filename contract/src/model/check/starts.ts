import type { JobEvent } from "../lifecycle.ts";
import { isLive } from "../state.ts";
import type { Invariant, Violation } from "./invariant.ts";
import { stepsOf } from "./lines.ts";
import type { JobRecord, NodeRecord } from "./record.ts";

/**
 * The database's time of a statement is when its transaction began: one that waited for others is told to have happened
 * before them. Instants that are compared may be wrong by as long as a transaction may take.
 */
const SLACK_MS = 60_000;

/** Checks where and when attempts of a job started. */
export function checkStarts(job: JobRecord, nodes: ReadonlyMap<number, NodeRecord>): readonly Violation[] {
  const starts = startsOf(job);
  const planned = job.lines.findLastIndex(({ event }) => MOVING.some((moving) => moving === event));
  return [
    ...checkOwner(job, nodes),
    ...starts.flatMap((start) => checkNode(job, start, nodes.get(start.nodeId ?? -1))),
    ...starts.filter(({ after }) => after > planned).flatMap((start) => checkTime(job, start)),
  ];
}

/** Events that set a job's start time anew. */
const MOVING = ["plan", "unplan", "rearm", "reanimate"] as const satisfies readonly JobEvent[];

interface Start {
  readonly nodeId: number | null;
  readonly startedAt: number | null;
  /** Its place among the lines: it started after the line at this index. */
  readonly after: number;
  readonly seq: number | null;
}

/** Attempts that a history tells of, and the one that is under way and not told yet. */
function startsOf({ lines, work, claims }: JobRecord): readonly Start[] {
  const told = lines.flatMap((line, index): readonly Start[] => {
    const starts = stepsOf(line).some(({ to }) => to === "running");
    return starts ? [{ nodeId: line.nodeId, startedAt: line.startedAt, after: index, seq: line.seq }] : [];
  });
  const isUntold = work !== null && isLive(work.state) && !isLive(work.lineState);
  const untold = [...claims, ...(isUntold ? [work] : [])];
  return [...told, ...untold.map(({ nodeId, startedAt }) => ({ nodeId, startedAt, after: lines.length, seq: null }))];
}

function checkOwner({ work, claims }: JobRecord, nodes: ReadonlyMap<number, NodeRecord>): readonly Violation[] {
  const live = work !== null && isLive(work.state) ? [work] : [];
  const owners = [...claims.map(({ nodeId }) => nodeId), ...live.map(({ nodeId }) => nodeId)];
  const isAway = live.some(({ isElsewhere }) => isElsewhere);
  if (isAway)
    return owners.filter((owner) => owner !== null).map(() => violation("I09", "It lives elsewhere, and on a node."));
  return owners
    .filter((owner) => owner === null || !nodes.has(owner))
    .map((owner) =>
      violation("I09", `It is live on ${owner === null ? "no node" : `node ${owner}, which is unknown`}.`),
    );
}

function checkNode(job: JobRecord, start: Start, node: NodeRecord | undefined): readonly Violation[] {
  if (node === undefined) return [];
  const found: Violation[] = [];
  if (!node.types.includes(job.type))
    found.push(violation("I10", `It started on node "${node.name}", which has no code of ${job.type}.`, start));
  if (start.startedAt !== null && node.endedAt !== null && start.startedAt > node.endedAt + SLACK_MS)
    found.push(
      violation(
        "I34",
        `It started on node "${node.name}" ${seconds(start.startedAt - node.endedAt)} after that had ended.`,
        start,
      ),
    );
  return found;
}

function checkTime({ startAt }: JobRecord, start: Start): readonly Violation[] {
  if (startAt === null || start.startedAt === null || start.startedAt >= startAt - SLACK_MS) return [];
  return [violation("I11", `It started ${seconds(startAt - start.startedAt)} too early.`, start)];
}

const seconds = (ms: number): string => `${Math.round(ms / 1_000)} s`;

function violation(invariant: Invariant, message: string, start?: Start): Violation {
  const seq = start?.seq ?? null;
  return { invariant, lines: seq === null ? [] : [seq], message };
}
