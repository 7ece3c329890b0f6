/** How often a reaper looks at heartbeats. */
export const LOOK_MS = 2_000;
/**
 * A node of which the counter stood still for so long, as those saw who watched, is dead. One that dies right after a heartbeat is
 * seen by a reaper one look later, and judged as soon as this is over: what it held is free within `SILENCE_MS + LOOK_MS`.
 */
export const SILENCE_MS = 12_000;
/** Two looks further apart are a break: what happened in between nobody has seen. */
export const LONGEST_GAP_MS = 3 * LOOK_MS;
/** For so long whoever judges has seen it itself, without a break: after an outage each node has tried by then to beat. */
export const CHANCE_MS = 3_000;
/**
 * A node of which the counter stood still for so long is late: what was seen of it is written down for other observers, so that
 * one who dies takes no more than this and one look along. A node that lives beats more often, and nothing is written of it.
 */
export const LATE_MS = 3_000;

/**
 * After this the thread begins that beats, on a node that has found no job by then; registration was the first heartbeat, and the
 * lease leaves time for another one that is lost. Its start takes some 30 ms of a core. The first claim begins it, too.
 */
export const FIRST_BEAT_MS = 3_000;
/** How often a node beats. */
export const BEAT_MS = 2_000;
/** How long it waits for the answer before it tries another connection. */
export const ANSWER_MS = 4_000;
/**
 * How long a node trusts the last heartbeat that was acknowledged, from the moment at which it was sent. One heartbeat that
 * is swallowed and one more fit in; a reaper, whose watch begins when that heartbeat has arrived, takes longer to judge.
 */
export const LEASE_MS = 11_000;
/** The longest wait after a heartbeat that failed, up to twice as long by chance: shorter than a chance. */
export const BEAT_AGAIN_MS = 1_000;
