import type { Finding } from "./checker.ts";
import type { Invariant } from "./invariant.ts";

/** How much was looked at. */
export interface Checked {
  readonly jobs: number;
  /** Of their histories. */
  readonly lines: number;
  readonly nodes: number;
  readonly pools: number;
  readonly claims: number;
  /** That somebody holds. */
  readonly objects: number;
  readonly timedActions: number;
}

/** What a look at a whole system found. */
export interface Verification {
  readonly isSound: boolean;
  /** The moment at which everything was looked at. */
  readonly at: Date;
  readonly checked: Checked;
  /** How often each invariant is broken; absent: never. */
  readonly counts: Readonly<Partial<Record<Invariant, number>>>;
  /** The first of what breaks them. */
  readonly findings: readonly Finding[];
}

export interface VerifyOptions {
  /** How many findings are told in full; all are counted. Default 100. */
  readonly most?: number;
  /** Told now and then how many of how many jobs were looked at. */
  readonly onProgress?: (jobs: number, of: number) => void;
}
