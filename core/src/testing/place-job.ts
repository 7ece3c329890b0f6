import {
  type ActionInput,
  actionSchema,
  type JobKind,
  type JobState,
  type Level,
  PRIORITIES,
  SETTLED,
  turnOf,
} from "@callsheet/contract";
import { systemEnvironment } from "../engine/environment.ts";
import { lane } from "../operations/needs.ts";
import { type ActionVersion, laneKey } from "../store/dictionary.ts";
import type { NewNode } from "../store/nodes.ts";
import { pathTo, type Step } from "./path.ts";
import { insertRow, nextToken } from "./store/rows.ts";
import type { TestDatabase } from "./test-database.ts";

/** What a job to be placed is like. Everything has a default; `state` is pending. */
export interface JobPlan {
  readonly state?: JobState;
  readonly kind?: JobKind;
  /** `member`: running as one of a claim, or `row`: with a row of its own (the default). For state running. */
  readonly as?: "member" | "row";
  /** Fields of the action, which is made when there is none of that name. Default: `{ name: "test", type: "test" }`. */
  readonly action?: Partial<ActionInput>;
  readonly id?: string;
  readonly owner?: string;
  /** 0 urgent to 5 lowest. Default: 3, normal. */
  readonly rank?: number;
  /** When it may be started. Default: an hour ahead when scheduled or retrying, else now. */
  readonly dueAt?: Date;
  readonly nodeId?: number;
  readonly configuration?: unknown;
  readonly target?: { readonly type: string; readonly id: string };
  readonly tags?: readonly string[];
  readonly parentId?: string;
  readonly rollback?: "none" | "required" | "running" | "done" | "failed";
  readonly result?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** A job that was placed. */
export interface PlacedJob {
  readonly id: string;
  readonly state: JobState;
  /** Of its last attempt; null before the first. */
  readonly token: string | null;
  readonly nodeId: number | null;
  readonly laneId: number;
  readonly action: ActionVersion;
}

const HOUR_MS = 3_600_000;
const { newId, newIncarnation, processes } = systemEnvironment();

/** Registers a node of this process, of type `test` and with 100 slots unless it is said; answers its number. */
export async function aNode(
  database: TestDatabase,
  name = `test-${newIncarnation()}`,
  fields: Partial<Pick<NewNode, "site" | "slots" | "types" | "capabilities">> = {},
): Promise<number> {
  return database.store.registerNode({
    ...processes.self(),
    name,
    incarnation: newIncarnation(),
    site: "default",
    slots: 100,
    types: [{ type: "test", version: 1, schema: {} }],
    capabilities: [],
    ...fields,
  });
}

/** Makes an action with its first version, or reads the one of that name. */
export async function anAction(database: TestDatabase, fields: Partial<ActionInput> = {}): Promise<ActionVersion> {
  const { store } = database;
  const action = actionSchema.parse({ name: "test", type: "test", ...fields });
  const known = await store.currentAction(action.name);
  if (known) return known;
  return store.transaction((tx) => tx.insertAction(action, "test", null));
}

/**
 * Puts a job into a state with all that the state implies: its row, its node and token, its history. It writes rows and
 * runs no operation. A job that waits for a lock has no ticket.
 */
export async function aJob(database: TestDatabase, plan: JobPlan = {}): Promise<PlacedJob> {
  const { db, store } = database;
  const { state = "pending" } = plan;
  const action = await anAction(database, plan.action);
  const ownerId = await store.ownerId(plan.owner ?? "test");
  const { requires, needs } = action.definition;
  const { id: laneId } = await store.findLane(laneKey(action, lane({ capabilities: requires, units: needs })), ownerId);
  const isTried = ATTEMPTED.has(state);
  const nodeId = isTried ? (plan.nodeId ?? (await aNode(database, undefined, { types: [codeOf(action)] }))) : null;
  const facts: Facts = {
    id: plan.id ?? newId(),
    now: await store.databaseNow(),
    token: isTried ? await nextToken(db) : null,
    ...{ plan, state, action, laneId, ownerId, nodeId },
  };
  await insertRow(db, "job", jobRow(facts));
  if (state === "running" && plan.as === "member") await insertRow(db, "claim", claimRow(facts));
  else for (const [index, step] of pathTo(state).lines.entries()) await placeLine(database, facts, step, index);
  if (state !== "running" || plan.as !== "member") if (!isSettled(state)) await insertRow(db, "work", workRow(facts));
  return { id: facts.id, state, token: facts.token, nodeId, laneId, action };
}

const codeOf = ({ definition: { type } }: ActionVersion) => ({ type, version: 1, schema: {} });

const ATTEMPTED: ReadonlySet<JobState> = new Set([
  "running",
  "timed_out",
  "cancelling",
  "retrying",
  "completed",
  "partial",
  "failed",
]);
const LIVE_STATES: ReadonlySet<JobState> = new Set(["running", "timed_out", "cancelling"]);
const isSettled = (state: JobState): boolean => (SETTLED as readonly JobState[]).includes(state);

interface Facts {
  readonly id: string;
  readonly plan: JobPlan;
  readonly state: JobState;
  readonly action: ActionVersion;
  readonly laneId: number;
  readonly ownerId: number;
  readonly nodeId: number | null;
  readonly token: string | null;
  readonly now: Date;
}

const rankOf = ({ plan }: Facts): number => plan.rank ?? 3;
const errorOf = ({ plan }: Facts) => plan.error ?? { code: "made_up", message: "It failed." };

function dueAtOf({ plan, state, now }: Facts): Date | null {
  if (state === "created") return null;
  return plan.dueAt ?? (["scheduled", "retrying", "paused"].includes(state) ? new Date(now.getTime() + HOUR_MS) : now);
}

function jobRow(facts: Facts): Record<string, unknown> {
  const { id, plan, state, action, ownerId, laneId, now } = facts;
  return {
    id,
    created_at: now,
    start_at: state === "retrying" ? now : dueAtOf(facts),
    created_xid: 1,
    action_id: action.actionId,
    action_version_id: action.id,
    owner_id: ownerId,
    lane_id: laneId,
    first_state: pathTo(state).first,
    // Only tasks are skipped.
    kind: plan.kind ?? (state === "skipped" ? "task" : "job"),
    origin: "library",
    configuration_version: 1,
    rank: rankOf(facts),
    configuration: plan.configuration ?? {},
    parent_id: plan.parentId ?? null,
    target_type: plan.target?.type ?? null,
    target_id: plan.target?.id ?? null,
    tags: plan.tags ?? null,
  };
}

function claimRow({ id, plan, nodeId, token, now }: Facts): Record<string, unknown> {
  return {
    token,
    node_id: nodeId,
    started_at: now,
    queued: 0,
    open: 1,
    ended: "0",
    ids: [id],
    parents: plan.parentId ? [plan.parentId] : null,
  };
}

function workRow(facts: Facts): Record<string, unknown> {
  const { id, plan, state, action, ownerId, laneId, nodeId, token, now } = facts;
  const { first, lines } = pathTo(state);
  const dueAt = dueAtOf(facts);
  const { timeoutMs } = action.definition;
  return {
    job_id: id,
    due_at: dueAt,
    turn: state === "queued" ? turnOf((PRIORITIES.urgent - rankOf(facts)) as Level, dueAt!) : null,
    token,
    started_at: token === null ? null : now,
    deadline: state === "running" && timeoutMs !== null ? new Date(now.getTime() + timeoutMs) : null,
    lane_id: laneId,
    owner_id: ownerId,
    action_version_id: action.id,
    seq: lines.length + 1,
    attempt: token === null ? 0 : 1,
    retries: state === "retrying" ? 1 : 0,
    node_id: LIVE_STATES.has(state) ? nodeId : null,
    state,
    line_state: lines.at(-1)?.to ?? first,
    rollback: plan.rollback ?? "none",
    rank: rankOf(facts),
    crashes: 0,
    intent: 0,
    plain: state === "pending" || state === "queued",
    guest: false,
    journaled: false,
    parent_id: plan.parentId ?? null,
  };
}

async function placeLine(database: TestDatabase, facts: Facts, step: Step, index: number): Promise<void> {
  const seq = index + 2;
  const from = index === 0 ? pathTo(facts.state).first : pathTo(facts.state).lines[index - 1]!.to;
  const { db } = database;
  if (isSettled(step.to)) await insertRow(db, "outcome", outcomeRow(facts, step, seq, from));
  else await insertRow(db, "event", eventRow(facts, step, seq, from));
}

function eventRow(facts: Facts, { event, to, via = [] }: Step, seq: number, from: JobState) {
  const { id, token, nodeId, now } = facts;
  const attempt = token === null ? null : 1;
  const data = event === "back_off" ? { error: errorOf(facts), startedAt: now } : null;
  const line = { event, from_state: from, to_state: to, via, actor: null, reason: null };
  return { job_id: id, at: now, xid: 1, token, seq, node_id: nodeId, attempt, ...line, data };
}

function outcomeRow(facts: Facts, { event, to, via = [] }: Step, seq: number, from: JobState) {
  const { id, plan, token, nodeId, now } = facts;
  return {
    ...{ job_id: id, ended_at: now, started_at: token === null ? null : now, xid: 1, token, node_id: nodeId, seq },
    ...{ attempt: token === null ? 0 : 1, retries: 0, state: to, from_state: from, rollback: plan.rollback ?? "none" },
    ...{ crashes: 0, queued: false, event, via },
    parent_id: plan.parentId ?? null,
    result: plan.result ?? null,
    error: to === "failed" ? errorOf(facts) : null,
  };
}
