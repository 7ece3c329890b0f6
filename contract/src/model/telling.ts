import type { JsonObject } from "./json.ts";
import type { Explanation, Reason, Situation } from "./situation.ts";

/** What is told of a job, beside what it is. */
export type Told = Pick<Explanation, "reason" | "sentence" | "details"> & Partial<Pick<Explanation, "blockers">>;

export const told = (
  reason: Reason,
  sentence: string,
  details: JsonObject = {},
  blockers: readonly string[] = [],
): Told => ({
  ...{ reason, sentence, details },
  ...(blockers.length > 0 ? { blockers } : {}),
});
export const iso = (at: Date | null): string | null => at?.toISOString() ?? null;
export const isPast = (at: Date | null, { now }: Pick<Situation, "now">): boolean => at !== null && at <= now;
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? "" : "s"}`;

/** Names in a row, such as `a, b or c`. */
export function listed(names: readonly string[], word: "and" | "or"): string {
  if (names.length <= 1) return names.join("");
  return `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`;
}
