import type { ActionType } from "@callsheet/contract";

/** Loads a module and finds the action type among its exports. Throws an error that says what is wrong. */
export async function findType(module: string, type: string): Promise<ActionType> {
  const exports = Object.values((await import(module)) as Record<string, unknown>);
  const found = exports.find((value) => isActionType(value) && value.type === type);
  if (found !== undefined) return found as ActionType;
  const others = exports.filter(isActionType).map((other) => other.type);
  const has = others.length === 0 ? "it exports no action type" : `it exports ${others.join(", ")}`;
  throw new Error(`${module} does not export the action type ${type}: ${has}.`);
}

function isActionType(value: unknown): value is ActionType {
  if (typeof value !== "object" || value === null) return false;
  const { type, run } = value as { type?: unknown; run?: unknown };
  return typeof type === "string" && typeof run === "function";
}
