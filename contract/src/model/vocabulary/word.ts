import type { CompositeState } from "../composite.ts";
import type { JobState } from "../state.ts";

/** A word of another system for a core state. */
export interface Word {
  readonly word: string;
  /** False: that system has no such word, this is the nearest one. */
  readonly exact: boolean;
  /** Other words by which that system would find the job, beside this one. */
  readonly also?: readonly string[];
}

/** A system's words: for jobs that run, and for groups and runs. */
export interface Words {
  /** What the system is, for the reference. */
  readonly title: string;
  readonly single: Readonly<Record<JobState, Word>>;
  readonly composite: Readonly<Record<CompositeState, Word>>;
  /** Words that are accepted in a question, and the word that is reported instead. */
  readonly synonyms: Readonly<Record<string, string>>;
}

export function exactly(word: string, ...also: readonly string[]): Word {
  return also.length > 0 ? { word, exact: true, also } : { word, exact: true };
}

export function nearest(word: string): Word {
  return { word, exact: false };
}
