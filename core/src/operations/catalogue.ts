import { callsheetError, nameSchema } from "@callsheet/contract";
import { type ActionVersion, laneKey } from "../store/dictionary.ts";
import type { Statements, Store } from "../store/store.ts";

/** How long another process's change of an action, or of a type's schema, may go unseen here. */
export const FRESH_MS = 1_000;

/** What rarely changes, kept in memory: actions and their versions, owners, lanes. */
export interface Catalogue {
  /** The version that new jobs of this action copy; fails with `unknown_action`. At most one second old. */
  current(action: string): Promise<ActionVersion>;
  forget(action: string): void;
  /** A version by its id; it never changes. */
  version(id: number): Promise<ActionVersion>;
  /** Versions by id; those not known yet are read where `db` says, so that a transaction needs no second connection. */
  versions(ids: readonly number[], db: Statements): Promise<ReadonlyMap<number, ActionVersion>>;
  ownerId(name: string): Promise<number>;
  ownerNames(ids: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** The lane of jobs that need these capabilities, which are in order. */
  laneId(version: ActionVersion, capabilities: readonly string[]): Promise<number>;
}

export function createCatalogue(store: Store, monotonic: () => number): Catalogue {
  const current = new Map<string, { readonly at: number; readonly version: Promise<ActionVersion> }>();
  const loaded = new Map<number, ActionVersion>();
  const versions = kept(async (id: number) => {
    const version = loaded.get(id) ?? (await store.actionVersions([id]))[0];
    if (version) loaded.set(id, version);
    if (!version)
      throw callsheetError("unknown_action", `There is no version ${id} of any action.`, { actionVersion: id });
    return version;
  });
  const owners = kept((name: string) => store.ownerId(name));
  const names = new Map<number, string>();
  const lanes = kept(async (key: string) => store.laneId(JSON.parse(key)));
  const keyOf = (version: ActionVersion, capabilities: readonly string[]) =>
    JSON.stringify(laneKey(version, capabilities));
  const usualKeys = new WeakMap<ActionVersion, string>();
  /** Most jobs of a version need what it says, and nothing of their own. */
  const usualKeyOf = (version: ActionVersion) => {
    const known = usualKeys.get(version);
    if (known !== undefined) return known;
    const key = keyOf(version, version.definition.requires);
    usualKeys.set(version, key);
    return key;
  };

  return {
    current: (action) => {
      const known = current.get(action);
      if (known && monotonic() - known.at < FRESH_MS) return known.version;
      const isName = nameSchema.safeParse(action).success;
      const version = (isName ? store.currentAction(action) : Promise.resolve(undefined)).then((found) => {
        if (found) return found;
        throw callsheetError("unknown_action", `There is no action "${action}".`, { action });
      });
      current.set(action, { at: monotonic(), version });
      version.catch(() => {
        if (current.get(action)?.version === version) current.delete(action);
      });
      return version;
    },
    forget: (action) => void current.delete(action),
    version: versions,
    versions: async (ids, db) => {
      const missing = unknownAmong(ids, loaded);
      if (missing.length > 0) for (const version of await db.actionVersions(missing)) loaded.set(version.id, version);
      return loaded;
    },
    ownerId: owners,
    ownerNames: async (ids) => {
      const missing = unknownAmong(ids, names);
      if (missing.length > 0) for (const [id, name] of await store.ownerNames(missing)) names.set(id, name);
      return names;
    },
    laneId: (version, capabilities) =>
      lanes(capabilities === version.definition.requires ? usualKeyOf(version) : keyOf(version, capabilities)),
  };
}

/** Each once; usually none. */
function unknownAmong(ids: readonly number[], known: ReadonlyMap<number, unknown>): readonly number[] {
  return [...new Set(ids.filter((id) => !known.has(id)))];
}

/** Asks once for each key; a failure is not kept. */
function kept<Key, Value>(load: (key: Key) => Promise<Value>): (key: Key) => Promise<Value> {
  const known = new Map<Key, Promise<Value>>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const value = load(key);
    known.set(key, value);
    value.catch(() => known.delete(key));
    return value;
  };
}
