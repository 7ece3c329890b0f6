import pg from "pg";
import type { Line, Statement } from "../../src/store/database.ts";
import type { TestDatabase } from "../../src/testing/index.ts";

/** One node of a plan, as EXPLAIN tells it. */
export interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Index Cond"?: string;
  readonly "Subplan Name"?: string;
  readonly "Join Filter"?: string;
  readonly Plans?: readonly PlanNode[];
}

/** Collects the statements that a function of the store sends, in place of running them. */
export async function statementsOf(
  act: (line: Line) => Promise<unknown>,
  answer: object = {},
): Promise<readonly Statement[]> {
  const sent: Statement[] = [];
  const record = (statement: Statement) => {
    sent.push({ text: statement.text, values: statement.values });
    return { rows: [answer as never], count: 0 };
  };
  await act({
    session: { pid: 1, startedAt: "" },
    query: async (statement) => record(statement as Statement),
    transaction: (work) =>
      work({
        query: async (statement) => record(statement as Statement),
        last: async (statements) => statements.map(record),
      }),
    pipeline: async (statements) => statements.map(record),
    close: async () => {},
  });
  return sent;
}

/** As `database.ts` sets them: connections of the hot path, transactions of the duties, the pool. */
export const SETTINGS = {
  hot: [
    "jit=off",
    "plan_cache_mode=force_generic_plan",
    "enable_seqscan=off",
    "enable_bitmapscan=off",
    "enable_hashjoin=off",
    "enable_mergejoin=off",
  ],
  duty: ["jit=off", "enable_seqscan=off", "enable_bitmapscan=off", "enable_sort=off"],
  pool: ["jit=off"],
  // A list of few rows is planned by what the tables hold: this asks whether it could do without reading one whole.
  list: ["jit=off", "enable_seqscan=off"],
} as const;
export type Where = keyof typeof SETTINGS;

/** The plans that statements get there. */
export async function plansOf(
  database: TestDatabase,
  statements: readonly Statement[],
  where: Where,
): Promise<readonly PlanNode[]> {
  const options = SETTINGS[where].map((setting) => `-c ${setting}`).join(" ");
  const client = new pg.Client({ connectionString: database.url, options });
  await client.connect();
  try {
    const plans: PlanNode[] = [];
    for (const [index, { text, values }] of statements.entries()) {
      await client.query(`prepare hot${index} as ${text}`);
      const list = values.map((value) => (value === null ? "null" : pg.escapeLiteral(literal(value)))).join(", ");
      const run = `execute hot${index}${list && `(${list})`}`;
      const { rows } = await client.query<{ "QUERY PLAN": [{ Plan: PlanNode }] }>(
        `explain (format json, costs off) ${run}`,
      );
      plans.push(rows[0]!["QUERY PLAN"][0].Plan);
    }
    return plans;
  } finally {
    await client.end();
  }
}

export function literal(value: unknown): string {
  if (Array.isArray(value))
    return `{${value.map((one) => (one === null ? "null" : JSON.stringify(literal(one)))).join(",")}}`;
  if (value instanceof Date) return value.toISOString();
  return String(value);
}

const BIG = new Set(["job", "work", "outcome", "event", "event_rest", "ticket", "object"]);

/** Big tables that a plan reads from end to end. */
export function wholeScans(plan: PlanNode): readonly string[] {
  return nodesOf(plan)
    .filter((node) => node["Node Type"] === "Seq Scan" && BIG.has(node["Relation Name"] ?? ""))
    .map((node) => node["Relation Name"]!);
}

/** Big tables of which a plan sorts what it reads without a bound: no limit stands between the sort and the scan. */
export function wholeSorts(plan: PlanNode): readonly string[] {
  return nodesOf(plan)
    .filter((node) => node["Node Type"] === "Sort")
    .flatMap((node) => unboundedScans(node));
}

function unboundedScans(node: PlanNode): readonly string[] {
  return (node.Plans ?? []).flatMap((child) => {
    if (child["Node Type"] === "Limit" || child["Subplan Name"] !== undefined) return [];
    const relation = child["Relation Name"];
    return [...(relation !== undefined && BIG.has(relation) ? [relation] : []), ...unboundedScans(child)];
  });
}

/** Lists that a plan joins by comparing each row of one with each of the other: by the square of their length. */
export function wholeJoins(plan: PlanNode): readonly string[] {
  return nodesOf(plan).flatMap((node) => {
    const lists = node.Plans?.filter((child) => /^(CTE|Function) Scan$/.test(child["Node Type"])) ?? [];
    return node["Node Type"] === "Nested Loop" && node["Join Filter"] && lists.length > 1 ? [node["Join Filter"]] : [];
  });
}

/** Indexes by which a plan reads big tables, other than by the ids of jobs. */
export function otherIndexes(plan: PlanNode): readonly string[] {
  const names = nodesOf(plan).flatMap((node) => node["Index Name"] ?? []);
  return names.filter((name) => /^(job|work|outcome|event)_/.test(name) && !name.endsWith("_pkey"));
}

/** By what conditions a plan finds jobs of the queue in its index. */
export function readsOfQueue(plan: PlanNode): readonly string[] {
  return nodesOf(plan)
    .filter((node) => node["Index Name"] === "work_queued")
    .map((node) => node["Index Cond"] ?? "");
}

/** All nodes of a plan, those of what it asks aside among them. */
export function nodesOf(plan: PlanNode): readonly PlanNode[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
}
