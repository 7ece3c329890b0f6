import type { Authority, FailureCause, Group, GroupFilter } from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import type { Created } from "./jobs.ts";
import { failuresIn, getGroup, listGroups } from "./operations/groups/read-group.ts";

type Ref = string | Created;
const idOf = (ref: Ref): string => (typeof ref === "string" ? ref : ref?.id);

/** Group jobs: one job for each member of their target, and what those add up to. */
export class Groups {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /** A group as it stands now. Fails with `group_not_found`. */
  get(group: Ref): Promise<Group> {
    return getGroup(this.#engine.desk, idOf(group));
  }

  /** A page of groups, newest first. */
  list(filter: GroupFilter = {}): Promise<readonly Group[]> {
    return listGroups(this.#engine.desk, filter);
  }

  /** The members that failed, grouped by the codes of their errors, the most frequent first. Fails with `group_not_found`. */
  failures(group: Ref): Promise<readonly FailureCause[]> {
    return failuresIn(this.#engine.desk, idOf(group));
  }
}
