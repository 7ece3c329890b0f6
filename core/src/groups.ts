import type { Authority, FailureCause, Group, GroupFilter, PriorityName, RetryOnly, Target } from "@callsheet/contract";
import type { Engine } from "./engine/engine.ts";
import type { Created } from "./jobs.ts";
import { addMembers, closeGroup, completeGroup } from "./operations/groups/add-members.ts";
import { cancelGroup, holdGroup, prioritiseGroup, resumeGroup } from "./operations/groups/intents.ts";
import { planGroup, unplanGroup } from "./operations/groups/plan-group.ts";
import { failuresIn, getGroup, listGroups } from "./operations/groups/read-group.ts";
import { retryGroup } from "./operations/groups/retry-group.ts";

type Ref = string | Created;
const idOf = (ref: Ref): string => (typeof ref === "string" ? ref : ref?.id);

/**
 * Group jobs: one job for each member of their target, and what those add up to. They are created as all jobs are, by an action
 * with the flag `groupMember`. Every operation fails with `group_not_found` for an unknown id, and with `wrong_state` when the
 * group has settled.
 */
export class Groups {
  readonly #engine: Engine;
  readonly #authority: Authority;

  constructor(engine: Engine, authority: Authority) {
    this.#engine = engine;
    this.#authority = authority;
  }

  /** A group as it stands now. */
  get(group: Ref): Promise<Group> {
    return getGroup(this.#engine.desk, idOf(group));
  }

  /** A page of groups, newest first. Those that are not closed take members still, or their creation was interrupted. */
  list(filter: GroupFilter = {}): Promise<readonly Group[]> {
    return listGroups(this.#engine.desk, filter);
  }

  /** The members that failed, grouped by the codes of their errors, the most frequent first. */
  failures(group: Ref): Promise<readonly FailureCause[]> {
    return failuresIn(this.#engine.desk, idOf(group));
  }

  /**
   * Adds members to a group that is open; those that it has already are passed over. Answers how many were added. Fails with
   * `group_closed`.
   */
  add(group: Ref, members: AsyncIterable<Target> | Iterable<Target>): Promise<number> {
    return addMembers(this.#engine.groupDesk, idOf(group), members, this.#authority);
  }

  /** Says that a group has all its members: it settles when they have ended. Fails with `group_closed`. */
  close(group: Ref): Promise<void> {
    return closeGroup(this.#engine.groupDesk, idOf(group));
  }

  /** Adds the members of its target that a group has not got, because its creation was interrupted, and closes it. Answers how many. */
  complete(group: Ref): Promise<number> {
    return completeGroup(this.#engine.groupDesk, idOf(group), this.#authority);
  }

  /**
   * Runs the members again that failed, or only those that timed out, as many as it answers; the others stay as they are. Default:
   * those that timed out where the group is `timed_out`, else those that failed. A member that is past its time-out and runs is run
   * again once it has failed.
   */
  retry(group: Ref, { only }: { readonly only?: RetryOnly } = {}): Promise<number> {
    return retryGroup(this.#engine.desk, idOf(group), only, this.#authority);
  }

  /**
   * Gives a group and its members that wait a start time, or another one: when it has answered, none of them starts before. Those
   * that run go on. Fails with `wrong_state` also when none waits, and while the group takes members still.
   */
  schedule(group: Ref, startAt: Date): Promise<void> {
    return planGroup(this.#engine.desk, idOf(group), startAt, this.#authority);
  }

  /** Takes the start time of a group and its members that wait away: they are ignored until they are scheduled again. */
  unschedule(group: Ref): Promise<void> {
    return unplanGroup(this.#engine.desk, idOf(group), this.#authority);
  }

  /** When it has answered, no member starts until the group is resumed; those that run go on. */
  hold(group: Ref): Promise<void> {
    return holdGroup(this.#engine.desk, idOf(group), this.#authority);
  }

  resume(group: Ref): Promise<void> {
    return resumeGroup(this.#engine.desk, idOf(group), this.#authority);
  }

  /** Cancels what waits of a group; what runs only as its action allows; what has ended stays as it is. */
  cancel(group: Ref): Promise<void> {
    return cancelGroup(this.#engine.desk, idOf(group), this.#authority);
  }

  /** Gives a group and its members that wait another priority. */
  setPriority(group: Ref, priority: PriorityName): Promise<void> {
    return prioritiseGroup(this.#engine.desk, idOf(group), priority, this.#authority);
  }
}
