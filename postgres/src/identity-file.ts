import type { ProcessIdentity } from "./process-identity.ts";

/** Reads an identity from JSON; undefined for anything that is not a whole one. */
export function parseIdentity(value: unknown): ProcessIdentity | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { pid, startTime, bootId, namespace, random } = value as Partial<Record<keyof ProcessIdentity, unknown>>;
  if (typeof pid !== "number" || !Number.isSafeInteger(pid) || pid <= 0) return undefined;
  if (typeof startTime !== "string" || typeof bootId !== "string") return undefined;
  if (typeof namespace !== "string" || typeof random !== "string") return undefined;
  return { pid, startTime, bootId, namespace, random };
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
