/**
 * How long a server may stay silent, in milliseconds, by what it was asked. A connection that was silent for longer is
 * destroyed: it may be half open, and nothing would ever come back on it.
 */
export interface Patience {
  /** A new connection. */
  readonly connect: number;
  /** Claims, ends, heartbeats, hints and single creations. Shorter than the time after which a silent node is taken for dead. */
  readonly hot: number;
  /**
   * Ours, between two statements of a transaction: then the server ends it, and its locks are free. What a stopped process has
   * locked may go to another of its connections, or to another stopped process, which waited for it: three of these are over when a
   * silent node is taken for dead, or what it ran could not be recovered then.
   */
  readonly idle: number;
  /** Operations and reads. */
  readonly usual: number;
  /** Thousands of rows in one statement. */
  readonly bulk: number;
  /** Changes of the schema, which also wait for those of another process. */
  readonly migration: number;
}

export const PATIENCE: Patience = {
  connect: 15_000,
  hot: 10_000,
  idle: 4_000,
  usual: 60_000,
  bulk: 300_000,
  migration: 3_600_000,
};
