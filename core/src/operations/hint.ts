/** Jobs came to a lane, the best of this rank. */
export interface LaneHint {
  readonly kind: "lane";
  readonly laneId: number;
  readonly rank: number;
  /** This one alone. */
  readonly jobId?: string | undefined;
  /** They were made a moment ago: none of them sorts far before what was there already. */
  readonly isNew?: boolean | undefined;
}

/** A process has filled the queue, so that so many jobs stand in it, and nobody needs to for so long. */
export interface AdmissionHint {
  readonly kind: "admission";
  readonly stood: number;
  readonly gapMs: number;
  /** Nodes empty it faster than that; else it takes long to fill it. */
  readonly isRush: boolean;
}

/** Something that may be worth a look: a lane with new jobs, a new start time, a live job with news. */
export type Hint =
  | LaneHint
  | { readonly kind: "due" }
  /** Attempts left behind what is to be undone or kept. */
  | { readonly kind: "rollback" }
  /** A pool has units again, or was changed. */
  | { readonly kind: "pool"; readonly poolId: number }
  /** Objects were freed, and nobody waited for them in line. Never sent to others. */
  | { readonly kind: "objects" }
  | AdmissionHint
  /** So much may have changed that everything is looked at anew. */
  | { readonly kind: "everything" }
  /** Some job waits, nobody says which. Never sent to others. */
  | { readonly kind: "waiting" }
  | { readonly kind: "job"; readonly id: string };

/** Tells nodes what may be worth a look. A lost hint costs time, never a job. */
export interface Announcer {
  /** Tells this process and all others. */
  publish(hint: Hint): void;
  /** Tells this process only: the others were told by what `express` gave. */
  tellHere(hint: Hint): void;
  /** What to send to other processes right behind the statement that the hints are about; undefined: `publish` them later. */
  express(hints: readonly Hint[]): string | undefined;
}
