/** Priorities of a mixed backlog: 0 is the least urgent, 4 the most. */
export const PRIORITY_LEVELS = 5;

/**
 * The payload that every system carries.
 * @param {number} job
 */
export const payloadOf = (job) => ({ i: job, to: "user@example.com", k: "abcdefgh" });

/**
 * A job's level in a mixed backlog: all levels alike often, in no order.
 * @param {number} job
 */
export const priorityOf = (job) => ((job * 2654435761) >>> 7) % PRIORITY_LEVELS;
