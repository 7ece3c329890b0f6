import type { Heartbeat } from "../store/nodes.ts";
import { LONGEST_GAP_MS, SILENCE_MS } from "./heartbeat/times.ts";

/** What an observer has seen of heartbeats so far, in its own monotonic time. */
export interface Observation {
  readonly askedAt: number;
  /** By the incarnation of a life. */
  readonly lives: ReadonlyMap<string, { readonly heartbeat: Heartbeat; readonly unchangedSince: number }>;
}

export interface Look {
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly heartbeats: readonly Heartbeat[];
}

/**
 * Adds a look to what was seen before. Where something came between, such as a database that did not answer or an observer
 * that stood still, nobody knows whether a heartbeat could have arrived: the observation begins anew.
 */
export function observe(before: Observation | undefined, { askedAt, answeredAt, heartbeats }: Look): Observation {
  const isUnbroken = before !== undefined && answeredAt - before.askedAt <= LONGEST_GAP_MS;
  const known = isUnbroken ? before.lives : new Map<string, never>();
  const lives = heartbeats.map((heartbeat) => {
    const seen = known.get(heartbeat.incarnation);
    const unchangedSince = seen?.heartbeat.counter === heartbeat.counter ? seen.unchangedSince : answeredAt;
    return [heartbeat.incarnation, { heartbeat, unchangedSince }] as const;
  });
  return { askedAt, lives: new Map(lives) };
}

/** The lives of which the counter did not change for as long as a node that lives would need at most. */
export function silentIn({ askedAt, lives }: Observation): readonly Heartbeat[] {
  return [...lives.values()]
    .filter(({ unchangedSince }) => askedAt - unchangedSince >= SILENCE_MS)
    .map(({ heartbeat }) => heartbeat);
}
