import {
  type Action,
  callsheetError,
  type JobInput,
  type JobLock,
  jobLocks,
  lockRequestSchema,
  MOST_LOCKS,
  type Needs,
  needsSchema,
} from "@callsheet/contract";
import { storableText } from "./configuration.ts";

/** What a lane's jobs have in common. */
export interface Common {
  readonly capabilities: readonly string[];
  readonly units: Readonly<Record<string, number>>;
  readonly locks?: boolean | undefined;
  /** Groups count them. */
  readonly members?: boolean | undefined;
  /** Of the code that checked them; undefined: nobody has. */
  readonly version?: number | undefined;
}

/** What a lane's jobs need, as stored; what is not needed is absent. */
export function lane({ capabilities, units, locks = false, members = false, version = 1 }: Common): Needs {
  return {
    ...(capabilities.length > 0 ? { capabilities } : {}),
    ...(Object.keys(units).length > 0 ? { units } : {}),
    ...(locks ? { locks } : {}),
    ...(members ? { members } : {}),
    ...(version > 1 ? { version } : {}),
  };
}

/** The units that a job needs: its action's, and its own beside or instead of them. */
export function unitsOf({ needs }: Pick<Action, "needs">, input: JobInput): Action["needs"] {
  if (input.needs === undefined) return needs;
  const taken = new Set(Object.entries(input.needs).flatMap(([name, units]) => (units === 0 ? [name] : [])));
  const own = Object.entries(input.needs).filter(([name]) => !taken.has(name));
  const kept = Object.entries(needs).filter(([name]) => !taken.has(name));
  const parsed = needsSchema.safeParse(Object.fromEntries([...kept, ...own]));
  if (parsed.success) return parsed.data;
  const { message, path } = parsed.error.issues[0]!;
  throw callsheetError("invalid_argument", `${["needs", ...path].join(".")}: ${message}.`, { field: "needs" });
}

/** The objects that a job locks: its target as its action says, and those of its input. */
export function locksOf({ lock }: Pick<Action, "lock">, input: JobInput): readonly JobLock[] {
  if (lock === "none" && input.locks === undefined) return NO_LOCKS;
  const further = (input.locks ?? []).map((one, index) => {
    const parsed = lockRequestSchema.safeParse(one);
    if (!parsed.success) throw unusable(`locks.${index}: ${parsed.error.issues[0]?.message}`);
    storableText(parsed.data.type, "locks.type", 100);
    storableText(parsed.data.id, "locks.id", 200);
    return parsed.data;
  });
  const locks = jobLocks(lock, input.target, further);
  if (locks.length > MOST_LOCKS) throw unusable(`A job locks at most ${MOST_LOCKS} objects`);
  for (const { key } of locks) requireShort(key, "locks");
  return locks;
}

const NO_LOCKS: readonly JobLock[] = [];
/** With the stroke between type and id. */
const LONGEST_KEY = 301;
const unusable = (problem: string, field = "locks") => callsheetError("invalid_argument", `${problem}.`, { field });

/** Refuses keys of objects that no row can have. */
export function requireShort(key: string, field: string): string {
  if (Buffer.byteLength(key) <= LONGEST_KEY) return key;
  throw unusable(`Type and id of an object to lock have at most ${LONGEST_KEY - 1} bytes: ${key}`, field);
}
