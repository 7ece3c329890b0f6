import {
  type Authority,
  callsheetError,
  labelsSchema,
  type NodeDetails,
  type NodeFilter,
  type NodeLife,
} from "@callsheet/contract";
import type { NodeLifeRow } from "../store/node-lives.ts";
import type { Statements } from "../store/store.ts";
import { storableText } from "./configuration.ts";
import { alone, type Desk } from "./operate.ts";
import { pause, resume } from "./pauses.ts";

const MOST = 1_000;
const MOST_JOBS = 100;
const MOST_EARLIER = 10;

/** Lives of nodes, by name: those that are there, and if asked those that have ended. */
export async function listNodes({ store }: Desk, filter: NodeFilter): Promise<readonly NodeLife[]> {
  return (await store.readNodes(readFilter(filter))).map(withoutNumber);
}

/** The present life of a node, or its last one. Fails with `unknown_node`. */
export async function getNode({ store }: Desk, name: string): Promise<NodeDetails> {
  const [life, ...earlier] = await livesOf(store, name);
  const jobs = await store.readJobs(await store.jobsOn(life.id, MOST_JOBS));
  return {
    ...withoutNumber(life),
    jobs: jobs.map(({ id, action, state, target, startedAt }) => ({ id, action, state, target, startedAt })),
    earlier: earlier.map(withoutNumber),
  };
}

/** Lets a node end: when it has answered the node starts nothing more. Fails with `unknown_node` or `node_ended`. */
export async function drainNode(
  desk: Desk,
  name: string,
  reason: string | undefined,
  authority: Authority,
): Promise<NodeDetails> {
  const why = reason === undefined ? (authority.reason ?? null) : storableText(reason, "reason", 2_000);
  await alone(desk, async (tx) => {
    const [{ id, cause }] = await livesOf(tx, name);
    if (await tx.askToDrain(id, authority.actor, why)) return;
    throw callsheetError("node_ended", `Node "${name}" has ended: ${cause ?? "nobody knows why"}.`, { name });
  });
  desk.announce({ kind: "everything" });
  return getNode(desk, name);
}

/** Lets a node, and what comes under its name, start nothing more until it is resumed. Fails with `unknown_node`. */
export async function maintainNode(
  desk: Desk,
  name: string,
  reason: string | undefined,
  authority: Authority,
): Promise<NodeDetails> {
  await livesOf(desk.store, name);
  await pause(desk, { node: name }, reason, authority);
  return getNode(desk, name);
}

/** Ends the maintenance of a node. Fails with `unknown_node` or `not_paused`. */
export async function resumeNode(desk: Desk, name: string): Promise<NodeDetails> {
  await livesOf(desk.store, name);
  await resume(desk, { node: name });
  return getNode(desk, name);
}

async function livesOf(
  tx: Pick<Statements, "livesOf">,
  name: string,
): Promise<readonly [NodeLifeRow, ...NodeLifeRow[]]> {
  const [life, ...earlier] = await tx.livesOf(storableText(name, "name", 500), MOST_EARLIER + 1);
  if (life !== undefined) return [life, ...earlier];
  throw callsheetError("unknown_node", `There is no node "${name}", and there was none.`, { name });
}

const withoutNumber = ({ id: _, ...life }: NodeLifeRow): NodeLife => life;

const FIELDS = {
  ended: { holds: (value: unknown) => typeof value === "boolean", what: "true or false" },
  site: { holds: (value: unknown) => storableText(value, "site", 100) !== "", what: "the name of a site" },
  labels: { holds: (value: unknown) => labelsSchema.safeParse(value).success, what: "names with texts" },
  limit: {
    holds: (value: unknown) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST,
    what: "a whole number from 1 to 1,000",
  },
} as const satisfies Record<keyof NodeFilter, { readonly holds: (value: unknown) => boolean; readonly what: string }>;

function readFilter(filter: NodeFilter): NodeFilter {
  for (const [field, value] of Object.entries(Object(filter) as NodeFilter)) {
    const rule = Object.hasOwn(FIELDS, field) ? FIELDS[field as keyof NodeFilter] : undefined;
    if (rule && (value === undefined || rule.holds(value))) continue;
    const problem = rule ? `${field} must be ${rule.what}` : `Nodes are filtered by ${Object.keys(FIELDS).join(", ")}`;
    throw callsheetError("invalid_argument", `${problem}.`, { field });
  }
  return filter;
}
