/** Priorities and their levels. Waiting raises a job up to `highest`; `urgent` stands above ageing. */
export const PRIORITIES = { lowest: 1, low: 2, normal: 3, high: 4, highest: 5, urgent: 6 } as const;
/** A priority as people write it. */
export type PriorityName = keyof typeof PRIORITIES;
/** A priority as a number, 1 (lowest) to 6 (urgent). */
export type Level = (typeof PRIORITIES)[PriorityName];

/** All names of priorities, lowest first. */
export const PRIORITY_NAMES = Object.keys(PRIORITIES) as readonly PriorityName[];
/** The priority of whatever names none. */
export const DEFAULT_PRIORITY = "normal" satisfies PriorityName;
/** Waiting raises the effective priority by one level per whole step of ten minutes. */
export const DEFAULT_AGEING_STEP_MS = 600_000;

/** Reads a priority: one of the names, in any case, or a level from 1 (lowest) to 6 (urgent). Undefined for anything else. */
export function parsePriority(value: unknown): PriorityName | undefined {
  if (typeof value === "number") return PRIORITY_NAMES.find((name) => PRIORITIES[name] === value);
  if (typeof value !== "string") return undefined;
  const written = value.trim().toLowerCase();
  return PRIORITY_NAMES.find((name) => name === written || String(PRIORITIES[name]) === written);
}

/** The name of a level. */
export function priorityName(level: Level): PriorityName {
  return PRIORITY_NAMES[level - 1]!;
}

/** The level that counts after `waitedMs` of waiting: one more per whole step, up to `highest`; `urgent` stays urgent. */
export function effectiveLevel(level: Level, waitedMs: number, stepMs: number = DEFAULT_AGEING_STEP_MS): Level {
  if (!(stepMs > 0)) throw new RangeError("The step of ageing must be longer than 0 ms.");
  if (level >= PRIORITIES.highest) return level;
  const steps = Math.floor(Math.max(0, waitedMs) / stepMs);
  return Math.min(PRIORITIES.highest, level + steps) as Level;
}

/** After this many milliseconds of waiting a job of this level counts as `highest`: the bound of ageing. */
export function ageingBoundMs(level: Level, stepMs: number = DEFAULT_AGEING_STEP_MS): number {
  return Math.max(0, PRIORITIES.highest - level) * stepMs;
}
