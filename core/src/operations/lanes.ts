import type { Needs } from "@callsheet/contract";
import { type ActionVersion, type LaneKey, laneKey } from "../store/dictionary.ts";
import type { Store } from "../store/store.ts";
import { FRESH_MS } from "./fresh.ts";
import type { Hint } from "./hint.ts";
import { lane } from "./needs.ts";

/** Where an owner's jobs stand in line, and whether they are to be found there by their owner: others use the place too. */
export interface LaneOf {
  readonly id: number;
  readonly isGuest: boolean;
}

/** A lane, and the text that it is kept under. */
interface Place {
  readonly key: string;
  readonly lane: LaneKey;
}

type UsualPlace = Place & { readonly codeVersion: number | undefined };

/**
 * Lanes by owner, kept in memory. That others use a lane too may be seen a second late by those who create; nodes are told
 * before the first job of another owner comes.
 */
export function createLanes(store: Store, monotonic: () => number, announce: (hint: Hint) => void) {
  const lanes = new Map<string, { readonly at: number; readonly lane: Promise<LaneOf> }>();
  const shared = new Set<string>();
  const usual = new WeakMap<ActionVersion, Map<number, UsualPlace>>();

  const find = async ({ key, lane }: Place, ownerId: number) => {
    const { id, hostId, isShared } = await store.findLane(lane, ownerId);
    const isGuest = isShared || hostId !== ownerId;
    if (isGuest) shared.add(key);
    if (isGuest && !isShared) {
      await store.shareLane(id);
      lanes.clear();
      announce({ kind: "everything" });
    }
    return { id, isGuest };
  };
  const get = (place: Place, ownerId: number): Promise<LaneOf> => {
    const known = lanes.get(place.key);
    if (known && (shared.has(place.key) || monotonic() - known.at < FRESH_MS)) return known.lane;
    const lane = find(place, ownerId);
    lanes.set(place.key, { at: monotonic(), lane });
    lane.catch(() => lanes.delete(place.key));
    return lane;
  };
  const place = (version: ActionVersion, needs: Needs, ownerId: number): Place => {
    const lane = laneKey(version, needs);
    return { lane, key: JSON.stringify([lane, ownerId]) };
  };

  return {
    /** Of jobs that need what their action says, and nothing of their own but this version of their type's code. */
    usual: (version: ActionVersion, ownerId: number, codeVersion: number | undefined): Promise<LaneOf> => {
      const places = usual.get(version) ?? new Map<number, UsualPlace>();
      usual.set(version, places);
      const { requires: capabilities, needs: units } = version.definition;
      const before = places.get(ownerId);
      if (before && before.codeVersion === codeVersion) return get(before, ownerId);
      const needs = lane({ capabilities, units, version: codeVersion });
      const found = { ...place(version, needs, ownerId), codeVersion };
      places.set(ownerId, found);
      return get(found, ownerId);
    },
    of: (version: ActionVersion, needs: Needs, ownerId: number) => get(place(version, needs, ownerId), ownerId),
  };
}
