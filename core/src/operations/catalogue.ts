import { callsheetError, type Durations, type Needs, nameSchema, type Secret } from "@callsheet/contract";
import type { ActionVersion } from "../store/dictionary.ts";
import type { Observed } from "../store/durations.ts";
import type { Pool } from "../store/pools.ts";
import type { Statements, Store } from "../store/store.ts";
import { FRESH_MS } from "./fresh.ts";
import type { Hint } from "./hint.ts";
import { createLanes, type LaneOf } from "./lanes.ts";

/** How long what was learned of durations may be out of date. */
const DURATIONS_MS = 10_000;

/** What was learned of how long work takes, by action, then size class. */
export type Learned = ReadonlyMap<number, ReadonlyMap<number, Durations>>;

/** What rarely changes, kept in memory: actions and their versions, owners, lanes. */
export interface Catalogue {
  /** The version that new jobs of this action copy; fails with `unknown_action`. At most one second old. */
  current(action: string): Promise<ActionVersion>;
  forget(action: string): void;
  /** All resources, at most one second old. */
  resources(): Promise<readonly Pool[]>;
  forgetResources(): void;
  /** All secrets, without their values, at most one second old. */
  secrets(): Promise<readonly Secret[]>;
  forgetSecrets(): void;
  /** A version by its id; it never changes. */
  version(id: number): Promise<ActionVersion>;
  /** Versions by id; those not known yet are read where `db` says, so that a transaction needs no second connection. */
  versions(ids: readonly number[], db: Pick<Statements, "actionVersions">): Promise<ReadonlyMap<number, ActionVersion>>;
  ownerId(name: string): Promise<number>;
  ownerNames(ids: readonly number[]): Promise<ReadonlyMap<number, string>>;
  /** The lane of an owner's jobs that need what their action says, and nothing of their own but this version of their type's code. */
  usualLane(version: ActionVersion, ownerId: number, codeVersion: number | undefined): Promise<LaneOf>;
  /** The lane of an owner's jobs that have these needs. That others use it too may be seen a second late. */
  lane(version: ActionVersion, needs: Needs, ownerId: number): Promise<LaneOf>;
  /** How long attempts took. At most ten seconds old. */
  durations(): Promise<Learned>;
}

/** `announce`: tells nodes what may be worth a look. */
export function createCatalogue(store: Store, monotonic: () => number, announce: (hint: Hint) => void): Catalogue {
  const current = new Map<string, { readonly at: number; readonly version: Promise<ActionVersion> }>();
  const resources = keptFor(FRESH_MS, monotonic, () => store.readResources());
  const secrets = keptFor(FRESH_MS, monotonic, () => store.listSecrets());
  const loaded = new Map<number, ActionVersion>();
  const versions = kept(async (id: number) => {
    const version = loaded.get(id) ?? (await store.actionVersions([id]))[0];
    if (version) loaded.set(id, version);
    if (!version)
      throw callsheetError("unknown_action", `There is no version ${id} of any action.`, { actionVersion: id });
    return version;
  });
  const names = new Map<number, string>();
  const owners = kept(async (name: string) => {
    const id = await store.ownerId(name);
    names.set(id, name);
    return id;
  });
  const lanes = createLanes(store, monotonic, announce);
  const durations = keptFor(DURATIONS_MS, monotonic, async () => byAction(await store.readDurations()));

  return {
    durations: durations.get,
    current: (action) => {
      const known = current.get(action);
      if (known && monotonic() - known.at < FRESH_MS) return known.version;
      const isName = nameSchema.safeParse(action).success;
      const version = (isName ? store.currentAction(action) : Promise.resolve(undefined)).then((found) => {
        if (!found) throw callsheetError("unknown_action", `There is no action "${action}".`, { action });
        loaded.set(found.id, found);
        return found;
      });
      current.set(action, { at: monotonic(), version });
      version.catch(() => {
        if (current.get(action)?.version === version) current.delete(action);
      });
      return version;
    },
    forget: (action) => void current.delete(action),
    resources: resources.get,
    forgetResources: resources.forget,
    secrets: secrets.get,
    forgetSecrets: secrets.forget,
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
    usualLane: lanes.usual,
    lane: lanes.of,
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

/** Asks again once the answer is too old or was forgotten; a failure is not kept. */
function keptFor<Value>(ms: number, monotonic: () => number, load: () => Promise<Value>) {
  let known: { readonly at: number; readonly value: Promise<Value> } | undefined;
  const forget = () => {
    known = undefined;
  };
  const get = () => {
    if (known !== undefined && monotonic() - known.at < ms) return known.value;
    const asked = { at: monotonic(), value: load() };
    known = asked;
    asked.value.catch(() => {
      if (known === asked) forget();
    });
    return asked.value;
  };
  return { get, forget };
}

function byAction(observed: readonly Observed[]): Learned {
  const learned = new Map<number, Map<number, Durations>>();
  for (const { actionId, sizeClass, counts } of observed) {
    const classes = learned.get(actionId) ?? new Map<number, Durations>();
    learned.set(actionId, classes.set(sizeClass, counts));
  }
  return learned;
}
