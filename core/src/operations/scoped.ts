import { callsheetError, EVERY, LONGEST_NODE_NAME, nameSchema } from "@callsheet/contract";
import type { Statements } from "../store/store.ts";
import { storableText } from "./configuration.ts";

/** One thing of a kind, by name. */
export interface Scoped<Scope extends string> {
  readonly scope: Scope;
  readonly name: string;
}

/**
 * Reads what names exactly one thing, such as `{ queue: "ingest" }`, or what stands for several; fails with
 * `invalid_argument`.
 */
export function readScoped<const Scope extends string>(
  target: unknown,
  scopes: readonly Scope[],
  collective: readonly unknown[] = [],
): Scoped<Scope> {
  const given = Object.entries(Object(target) as Record<string, unknown>).filter(([, name]) => name !== undefined);
  const [kind, name] = given[0] ?? [];
  const scope = scopes.find((known) => known === kind);
  if (given.length !== 1 || scope === undefined)
    throw callsheetError("invalid_argument", `Name exactly one of ${scopes.join(", ")}.`, { field: "target" });
  // A node's name is of another kind: that of its machine, often.
  if (scope === "node") return { scope, name: storableText(name, "node", LONGEST_NODE_NAME) };
  if (collective.includes(name)) return { scope, name: name as string };
  const parsed = nameSchema.safeParse(name);
  if (parsed.success) return { scope, name: parsed.data };
  throw callsheetError("invalid_argument", `${scope}: ${parsed.error.issues[0]?.message}.`, { field: scope });
}

/** An action is there or not, queues and sites are whatever jobs name. Fails with `unknown_action`. */
export async function requireAction(tx: Statements, { scope, name }: Scoped<string>): Promise<void> {
  if (scope !== "action" || name === EVERY || (await tx.currentAction(name))) return;
  throw callsheetError("unknown_action", `There is no action "${name}".`, { action: name });
}
