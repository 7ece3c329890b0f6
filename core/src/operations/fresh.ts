/** How long another process's change of an action, a lane or a type's schema may go unseen here, in milliseconds. */
export const FRESH_MS = 1_000;
