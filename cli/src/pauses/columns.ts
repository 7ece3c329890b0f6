import type { Pause } from "@callsheet/contract";
import { formatDistance } from "../moment.ts";
import type { Column } from "../table.ts";

/** The columns of a list of pauses. */
export function pauseColumns(now: Date): readonly Column<Pause>[] {
  return [
    { title: "Paused", cell: ({ scope, name }) => `${scope} ${name}`, shorten: "middle" },
    { title: "Since", cell: ({ at }) => formatDistance(at, now), plain: ({ at }) => at.toISOString() },
    { title: "By", cell: ({ actor }) => actor, shorten: "end" },
    { title: "Reason", cell: ({ reason }) => reason ?? "", shorten: "end" },
  ];
}
