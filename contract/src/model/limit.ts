/** What can be limited. */
export const LIMIT_SCOPES = ["action", "queue", "site"] as const;
export type LimitScope = (typeof LIMIT_SCOPES)[number];

/** What is limited: one of an action, a queue or a site, by name; `*`: each of those that have no limit of their own. */
export type LimitTarget = { readonly [Scope in LimitScope]?: string };

/** The name of what holds for all that have none of their own. */
export const EVERY = "*";

/** How many jobs of something run at once, at most. */
export interface Limit {
  readonly scope: LimitScope;
  /** `*`: the default of this scope. */
  readonly name: string;
  readonly running: number;
  /** Jobs that run now; null for a default, which counts for each name by itself. */
  readonly used: number | null;
  /** It is the default's. */
  readonly isInherited: boolean;
}
