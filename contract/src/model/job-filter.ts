import type { JobState } from "./state.ts";
import type { Target } from "./target.ts";

/** What a reader of jobs may ask for; every field narrows. */
export interface JobFilter {
  readonly states?: readonly JobState[];
  readonly action?: string;
  readonly owner?: string;
  readonly target?: Target;
  readonly tag?: string;
  readonly parentId?: string;
  /** At most this many; 50 by default, 1,000 at most. */
  readonly limit?: number;
  /** The last id of the page before. */
  readonly after?: string;
}
