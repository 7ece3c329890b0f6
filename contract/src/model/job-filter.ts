import type { UNFINISHED_ROLLBACKS } from "./rollback-state.ts";
import type { JobState } from "./state.ts";
import type { Target } from "./target.ts";

/** What a reader of jobs may ask for; every field narrows. */
export interface JobFilter {
  readonly states?: readonly JobState[];
  /** Jobs with a rollback that has not ended; `failed` ones need an operator. */
  readonly rollback?: (typeof UNFINISHED_ROLLBACKS)[number];
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
