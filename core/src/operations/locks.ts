import {
  type Authority,
  callsheetError,
  type LockedObject,
  type LockFilter,
  objectKey,
  type Target,
  targetSchema,
} from "@callsheet/contract";
import { storableText } from "./configuration.ts";
import { requireShort } from "./needs.ts";
import { checkId, type Desk, insist } from "./operate.ts";

/** How many of those that wait are told of each object: of many, and of one. */
const MOST_WAITING = { list: 10, one: 1_000 } as const;
const MOST = 1_000;

/** Objects in use, in the order of their keys. */
export async function listLocks({ store }: Desk, filter: LockFilter): Promise<readonly LockedObject[]> {
  return store.readLocks(await store.lockedKeys(readFilter(filter)), MOST_WAITING.list);
}

/** One object, whether it is in use or not. */
export async function getLock({ store }: Desk, object: Target | string): Promise<LockedObject> {
  const [found] = await store.readLocks([readKey(object)], MOST_WAITING.one);
  return found!;
}

/** Lets no further job have an object until it is released; who holds it keeps it. Again, it replaces the reason. */
export async function quarantineLock(
  desk: Desk,
  object: Target | string,
  reason: string | undefined,
  authority: Authority,
): Promise<LockedObject> {
  const key = readKey(object);
  const why = reasonOf(reason, authority);
  await insist(() => desk.store.quarantineObject({ key, actor: authority.actor, reason: why }));
  return getLock(desk, object);
}

/** Lets jobs have an object again, the first in line at once. Fails with `not_quarantined`. */
export async function releaseLock(
  desk: Desk,
  object: Target | string,
  reason: string | undefined,
  authority: Authority,
): Promise<LockedObject> {
  const key = readKey(object);
  const release = { key, actor: authority.actor, reason: reasonOf(reason, authority) };
  const granted = await insist(() => desk.store.releaseObject(release));
  if (granted === undefined)
    throw callsheetError("not_quarantined", `The object ${key} is not quarantined.`, { object: key });
  for (const { laneId, rank } of granted) desk.announce({ kind: "lane", laneId, rank });
  return getLock(desk, object);
}

const reasonOf = (reason: string | undefined, authority: Authority): string | null =>
  reason === undefined ? (authority.reason ?? null) : storableText(reason, "reason", 2_000);

/** The key of an object: of its type and id, or as it is read in lists. */
function readKey(object: Target | string): string {
  if (typeof object === "string") {
    const slash = object.indexOf("/");
    return readKey({ type: object.slice(0, Math.max(0, slash)), id: object.slice(slash + 1) });
  }
  const parsed = targetSchema.safeParse(object);
  if (!parsed.success) {
    const message = "An object is named by its type and id, or by its key, such as asset/A-17.";
    throw callsheetError("invalid_argument", message, { field: "object" });
  }
  return requireShort(storableText(objectKey(parsed.data), "object", 1_000), "object");
}

const FIELDS = {
  quarantined: { holds: (value: unknown) => typeof value === "boolean", what: "true or false" },
  waiting: { holds: (value: unknown) => typeof value === "boolean", what: "true or false" },
  jobId: { holds: (value: unknown) => checkId(value) !== "", what: "the id of a job" },
  limit: {
    holds: (value: unknown) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= MOST,
    what: "a whole number from 1 to 1,000",
  },
  after: { holds: (value: unknown) => storableText(value, "after", 1_000) !== "", what: "a key" },
} as const satisfies Record<keyof LockFilter, { readonly holds: (value: unknown) => boolean; readonly what: string }>;

function readFilter(filter: LockFilter): LockFilter & { readonly limit: number } {
  for (const [field, value] of Object.entries(Object(filter) as LockFilter)) {
    const rule = Object.hasOwn(FIELDS, field) ? FIELDS[field as keyof LockFilter] : undefined;
    if (!rule || (value !== undefined && !rule.holds(value))) {
      const problem = rule
        ? `${field} must be ${rule.what}`
        : `Locks are filtered by ${Object.keys(FIELDS).join(", ")}`;
      throw callsheetError("invalid_argument", `${problem}.`, { field });
    }
  }
  return { ...filter, limit: filter.limit ?? 100 };
}
