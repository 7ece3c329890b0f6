/** What can be paused. */
export const PAUSE_SCOPES = ["action", "queue", "site", "node"] as const;
export type PauseScope = (typeof PAUSE_SCOPES)[number];

/** What is paused: one of an action, a queue, a site or a node, by name. */
export type PauseTarget = { readonly [Scope in PauseScope]?: string };

/** Something of which no job starts until it is resumed. */
export interface Pause {
  readonly scope: PauseScope;
  readonly name: string;
  readonly reason: string | null;
  readonly actor: string;
  readonly at: Date;
  /** Kinds of jobs that it holds now (of a node: nodes); those that come later are held too. */
  readonly concerns: number;
}
