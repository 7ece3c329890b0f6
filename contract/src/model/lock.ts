import { z } from "zod";
import { type Target, targetSchema } from "./target.ts";

/** How a job locks its target: not at all, together with others that share it, or alone. */
export const LOCK_MODES = ["none", "shared", "exclusive"] as const;
/** How an object is held. */
export type LockMode = Exclude<(typeof LOCK_MODES)[number], "none">;

/** An object that a job locks while an attempt of it lives. */
export const lockRequestSchema = targetSchema.extend({ mode: z.enum(["shared", "exclusive"]).default("exclusive") });
/** An object that a job locks while an attempt of it lives, and how. Default mode: exclusive. */
export type LockRequest = z.input<typeof lockRequestSchema>;

/** A lock as stored with a job. */
export interface JobLock {
  readonly key: string;
  readonly mode: LockMode;
}

/** At most so many objects are locked by one job. */
export const MOST_LOCKS = 100;

/** The key that an object is locked by: its type and id, in one spelling, or two spellings would be two locks. */
export function objectKey({ type, id }: Target): string {
  return `${type}/${id}`.normalize("NFC").toLowerCase();
}

/** Whether two requests for one object may hold it together. */
export const areCompatible = (a: LockMode, b: LockMode): boolean => a === "shared" && b === "shared";

/** All that a job locks, each object once and in the order of keys: its target as the action says, and further objects. */
export function jobLocks(
  mode: (typeof LOCK_MODES)[number],
  target: Target | null | undefined,
  further: readonly z.output<typeof lockRequestSchema>[] = [],
): readonly JobLock[] {
  const modes = new Map<string, LockMode>();
  const add = (key: string, asked: LockMode) => {
    modes.set(key, modes.get(key) === "exclusive" ? "exclusive" : asked);
  };
  if (mode !== "none" && target) add(objectKey(target), mode);
  for (const object of further) add(objectKey(object), object.mode);
  return [...modes].map(([key, held]) => ({ key, mode: held })).sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Which locked objects are listed. */
export interface LockFilter {
  /** True: those alone that nobody may have. */
  readonly quarantined?: boolean;
  /** True: those alone that jobs wait for. */
  readonly waiting?: boolean;
  /** Only what this job holds or waits for. */
  readonly jobId?: string;
  /** Default 100, at most 1,000. */
  readonly limit?: number;
  /** Begins after this key. */
  readonly after?: string;
}

/** A job that holds an object. */
export interface LockHolder {
  readonly jobId: string;
  readonly action: string;
  readonly mode: LockMode;
  /** A number that grows from holder to holder of the object; null: it was handed over, and its attempt has not started. */
  readonly fencing: string | null;
  /** When its attempt started; until then, when it asked. */
  readonly since: Date;
  readonly node: string | null;
}

/** A job that waits for an object. */
export interface LockWaiter {
  readonly jobId: string;
  readonly action: string;
  readonly mode: LockMode;
  /** From 1: the next. */
  readonly place: number;
  /** When it asked. */
  readonly since: Date;
}

/** An object that jobs lock: who holds it, and its line in order. */
export interface LockedObject {
  readonly key: string;
  readonly holders: readonly LockHolder[];
  /** The first of those that wait: 10 in a list, 1,000 of one object. */
  readonly waiting: readonly LockWaiter[];
  readonly waitingCount: number;
  /** Why nobody may have it, who said so, and when; null: it is not quarantined. */
  readonly quarantine: Decision | null;
  /** Why it may be had again, who said so, and when; null: it is quarantined, or never was. */
  readonly release: Decision | null;
}

/** What somebody decided of an object. `reason` is null where none was given. */
interface Decision {
  readonly reason: string | null;
  readonly actor: string | null;
  readonly at: Date;
}
