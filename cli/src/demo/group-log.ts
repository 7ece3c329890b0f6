import type { Callsheet, Created, Group, HistoryEntry } from "@callsheet/core";
import { counted } from "../counted.ts";
import type { ReportGroup } from "../report/report-data.ts";
import { stateName } from "../state-colour.ts";
import { shortAction } from "./short-action.ts";

/** A group job as it stands, and what its history tells of it so far. */
export interface GroupNow {
  readonly group: Group;
  readonly history: readonly HistoryEntry[];
}

export async function lookAtGroup(cs: Callsheet, { id }: Created): Promise<GroupNow> {
  const [group, history] = await Promise.all([cs.groups.get(id), cs.jobs.history(id)]);
  return { group, history };
}

/** Such as `checksum of 6 files`. */
function nameOfGroup({ action, memberCount }: Pick<Group, "action" | "memberCount">): string {
  return `${shortAction(action)} of ${counted(memberCount, "file")}`;
}

/** Such as `checksum of 6 files: running, 2 ended`. */
export function describeGroup({ group }: GroupNow): string {
  const { good, bad, cancelled } = group.counts;
  const ended = good + bad + cancelled;
  return `${nameOfGroup(group)}: ${stateName(group.state)}${group.isSettled ? "" : `, ${ended} ended`}`;
}

/** Each state that a group came to, as a line; that it was created is no news. */
export function linesOfGroup({ group, history }: GroupNow): readonly string[] {
  return history.slice(1).map(({ to }) => `${nameOfGroup(group)}: ${stateName(to)}`);
}

/** What a report says of a group. */
export function toldGroup({ group, history }: GroupNow): ReportGroup {
  const { id, memberCount, counts, createdAt } = group;
  const changes = history.slice(1).map(({ at, to }) => ({ at, state: to }));
  return { id, memberCount, counts, createdAt, action: shortAction(group.action), changes };
}
