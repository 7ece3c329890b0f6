import type { Heartbeat, Silence } from "../store/nodes.ts";
import { CHANCE_MS, LATE_MS, LONGEST_GAP_MS, LOOK_MS, SILENCE_MS } from "./heartbeat/times.ts";

/** What an observer has seen of heartbeats so far, in its own monotonic time. */
export interface Observation {
  readonly askedAt: number;
  readonly answeredAt: number;
  /** By the incarnation of a life. */
  readonly lives: ReadonlyMap<string, Watched>;
}

interface Watched {
  readonly heartbeat: Heartbeat;
  /** From when on this observer saw the counter stand still, without a break. */
  readonly unchangedSince: number;
  /** From when on it would have, had it alone seen all that it and others saw. */
  readonly silentSince: number;
}

export interface Look {
  readonly askedAt: number;
  readonly answeredAt: number;
  readonly heartbeats: readonly Heartbeat[];
}

/**
 * Adds a look to what was seen before. Where something came between, such as a database that did not answer or an observer
 * that stood still, nobody knows whether a heartbeat could have arrived: that time does not count. What others have noted
 * counts, and since then so much of the time between two looks as nobody has counted yet: never more than has passed.
 */
export function observe(before: Observation | undefined, { askedAt, answeredAt, heartbeats }: Look): Observation {
  const isUnbroken = before !== undefined && answeredAt - before.askedAt <= LONGEST_GAP_MS;
  const lives = heartbeats.map((heartbeat) => {
    const seen = isUnbroken ? before.lives.get(heartbeat.incarnation) : undefined;
    const still = seen?.heartbeat.counter === heartbeat.counter ? seen : undefined;
    const betweenMs = still === undefined ? 0 : askedAt - before!.answeredAt;
    const { notedMs, notedAgoMs } = heartbeat;
    const toldMs = notedMs === 0 ? 0 : notedMs + Math.max(0, Math.min(notedAgoMs, betweenMs));
    const unchangedSince = still?.unchangedSince ?? answeredAt;
    const silentSince = Math.min(still?.silentSince ?? answeredAt, answeredAt - toldMs);
    return [heartbeat.incarnation, { heartbeat, unchangedSince, silentSince }] as const;
  });
  return { askedAt, answeredAt, lives: new Map(lives) };
}

/**
 * The lives of which the counter did not change for as long as a node that lives would need at most, whoever saw that; the last
 * part of it this observer must have seen itself, so that nobody judges by what others saw before an outage.
 */
export function silentIn({ askedAt, lives }: Observation): readonly Heartbeat[] {
  return [...lives.values()]
    .filter(({ silentSince }) => askedAt - silentSince >= SILENCE_MS)
    .filter(({ unchangedSince }) => askedAt - unchangedSince >= CHANCE_MS)
    .map(({ heartbeat }) => heartbeat);
}

/** What others should know, should this observer see no more: the silence of those that are late. */
export function lateIn({ askedAt, lives }: Observation): readonly Silence[] {
  return [...lives.values()].flatMap(({ heartbeat: { id, counter }, silentSince }) => {
    const silentMs = Math.floor(askedAt - silentSince);
    return silentMs >= LATE_MS ? [{ id, counter, silentMs }] : [];
  });
}

/** In how many milliseconds the next look is due: as soon as a life could be judged. */
export function nextLookMs({ askedAt, lives }: Observation): number {
  const due = [...lives.values()].map(({ silentSince, unchangedSince }) =>
    Math.max(silentSince + SILENCE_MS, unchangedSince + CHANCE_MS),
  );
  return Math.min(LOOK_MS, ...due.map((at) => Math.max(SOON_MS, at - askedAt)));
}

/** A life that was judged is gone at the next look, or could not be ended: that is no reason to hurry. */
const SOON_MS = 100;
