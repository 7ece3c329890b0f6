/** How many processes work, how many jobs each at once, how long a job takes, and how often one is created. */
export const LOAD = { workers: 4, slots: 8, runMs: 4_000, everyMs: 400 };

/** How long after the last fault everything may take to come to its end. */
export const OBSERVED_MS = 90_000;
