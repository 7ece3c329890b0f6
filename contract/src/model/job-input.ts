import type { LockRequest } from "./lock.ts";
import type { PriorityName } from "./priority.ts";
import type { Target } from "./target.ts";

/** What a caller says of a job; the action says the rest. */
export interface JobInput<Configuration = Readonly<Record<string, unknown>>> {
  /** Laid over the action's own configuration. */
  readonly configuration?: Partial<Configuration>;
  readonly target?: Target;
  /** When it is to begin. Absent: now. Null: it stays `created` until it is planned. */
  readonly startAt?: Date | null;
  readonly priority?: PriorityName;
  /** Default: who creates it. */
  readonly owner?: string;
  readonly tags?: readonly string[];
  /** Units of resources beside or instead of its action's, by name or `#tag`; 0 takes one away. */
  readonly needs?: Readonly<Record<string, number>>;
  /** Objects that it locks beside its target; at most 100. */
  readonly locks?: readonly LockRequest[];
  /** How large its work is, in the unit that its action counts in, such as bytes or seconds of media: for forecasts. */
  readonly size?: number;
  readonly variables?: Readonly<Record<string, unknown>>;
  /** One job per action and key, for as long as the job is kept: the same request again answers the first job's id. */
  readonly idempotencyKey?: string;
  /** Of a group of members: it takes more of them until it is closed. Default false: it is closed once it has those of its target. */
  readonly keepOpen?: boolean;
}
