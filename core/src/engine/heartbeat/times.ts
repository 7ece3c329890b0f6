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
export const CHANCE_MS = 4_000;
/** A node of which the counter stood still for so long is late: what was seen of it is written down for other observers. */
export const LATE_MS = 5_000;

/**
 * After this at the latest the thread begins that beats; registration was the first heartbeat. Its start takes some 80 ms of a
 * core: a node that begins with a backlog works that off first. The lease leaves time for a first heartbeat that is lost.
 */
export const FIRST_BEAT_MS = 3_000;
/** So many jobs taken by the first claim are a backlog, of jobs that take a moment. */
export const BACKLOG_JOBS = 50;
/** How often a node beats, and how long it waits for the answer before it tries another connection. */
export const BEAT_MS = 4_000;
/**
 * How long a node trusts the last heartbeat that was acknowledged, from the moment at which it was sent. One heartbeat that
 * is swallowed and one more fit in; a reaper, whose watch begins when that heartbeat has arrived, takes longer to judge.
 */
export const LEASE_MS = 11_000;
/** The longest wait after a heartbeat that failed, up to twice as long by chance: shorter than a chance. */
export const BEAT_AGAIN_MS = 1_000;
