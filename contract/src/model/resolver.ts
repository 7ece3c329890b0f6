import type { Target } from "./target.ts";

/** The types that Callsheet answers for itself, from its catalogue. */
export const BUILT_IN_TARGETS = ["asset", "collection"] as const;

/**
 * Makes an application's objects of one type known to Callsheet: by name where people read of them, and, when they are groups,
 * as something whose members are worked on one by one.
 */
export interface Resolver {
  /** The type of the targets that it answers for; not one of `BUILT_IN_TARGETS`. */
  readonly type: string;
  /** The names for people of those of these objects that exist, by id. Absent: they are shown by their ids. */
  names?(ids: readonly string[]): Promise<ReadonlyMap<string, string>>;
  /** The id of the one that a person told by its id or its name; throws when there is none. Absent: they are told by their ids alone. */
  idOf?(told: string): Promise<string>;
  /**
   * The members of a group in their order, nested ones flattened, each once. Read as slowly as they are used, so that a group may
   * be of any size; throws when there is no such group. Absent: objects of this type are no groups.
   */
  members?(id: string): AsyncIterable<Target>;
}
