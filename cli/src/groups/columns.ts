import type { CompositeState, Group } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import type { TargetNames } from "../jobs/target-names.ts";
import { inStateColour, stateName } from "../state-colour.ts";
import type { Column } from "../table.ts";
import { classBar } from "./class-bar.ts";

const BAR = 20;

/** A text in the colour of a group's state. While it is pausing its members run. */
export const inGroupColour = (state: CompositeState, text: string): string =>
  inStateColour(state === "pausing" ? "cancelling" : state, text);

/** The name of a group's state as people read it; it may be failed while others of its members are still to run. */
export function groupStateName({ state, isSettled, isClosed }: Group): string {
  const name = state === "pausing" ? state : stateName(state);
  if (!isClosed) return `${name}, open`;
  return state === "failed" && !isSettled ? `${name}, goes on` : name;
}

/** The columns of a list of groups. */
export function groupColumns(ids: ReadonlyMap<string, string>, nameOf: TargetNames): readonly Column<Group>[] {
  return [
    { title: "Id", cell: ({ id }) => ids.get(id) ?? id, plain: ({ id }) => id },
    { title: "Action", cell: ({ action }) => action, shorten: "middle" },
    {
      title: "Target",
      cell: ({ target }) => nameOf(target) ?? target.id,
      plain: ({ target }) => target.id,
      shorten: "middle",
    },
    { title: "State", cell: groupStateName, paint: (text, group) => inGroupColour(group.state, text) },
    { title: "Members", cell: ({ memberCount }) => String(memberCount), align: "right" },
    { title: "Done", cell: ({ percent }) => `${Math.floor(percent)}%`, align: "right" },
    { title: "", cell: ({ counts }) => classBar(counts, BAR), plain: () => "" },
    {
      title: "Left",
      cell: ({ leftMs, isSettled }) => (leftMs === null || isSettled ? "" : formatDuration(leftMs)),
      align: "right",
    },
  ];
}
