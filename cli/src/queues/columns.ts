import type { QueueStatus, QueueSummary } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import type { Column } from "../table.ts";

/** What keeps a queue from going on, if anything does. */
export function queueState({ isPaused, workers, added }: QueueSummary): string {
  if (isPaused) return "paused";
  return workers === 0 && added > 0 ? "no worker" : "";
}

/** The columns of a list of queues. What there is none of is left blank: most queues fit on a narrow terminal. */
export function queueColumns(now: Date): readonly Column<QueueSummary>[] {
  return [
    { title: "Queue", cell: ({ name }) => name, shorten: "middle" },
    { title: "State", cell: queueState, paint: (text) => colours.yellow(text) },
    ...LISTED.map(statusColumn),
    {
      title: "Waits",
      cell: ({ oldestAt }) => (oldestAt === null ? "" : waitText(oldestAt, now)),
      plain: ({ oldestAt }) => oldestAt?.toISOString() ?? "",
      align: "right",
    },
    {
      title: "/min",
      cell: ({ finishedLastMinute }) => countText(finishedLastMinute),
      plain: ({ finishedLastMinute }) => String(finishedLastMinute),
      align: "right",
    },
  ];
}

/** How long a job has waited that was due then. */
export const waitText = (dueAt: Date, now: Date): string =>
  formatDuration(Math.max(0, now.getTime() - dueAt.getTime()));

const LISTED = ["added", "active", "failed", "completed", "terminated"] as const satisfies readonly QueueStatus[];

const PAINTS: Partial<Record<QueueStatus, (text: string) => string>> = {
  active: colours.cyan,
  completed: colours.green,
  failed: colours.yellow,
  terminated: colours.red,
};

function statusColumn(status: QueueStatus): Column<QueueSummary> {
  return {
    title: `${status.charAt(0).toUpperCase()}${status.slice(1)}`,
    cell: (queue) => countText(queue[status]),
    plain: (queue) => String(queue[status]),
    paint: PAINTS[status] ?? String,
    align: "right",
  };
}

const countText = (count: number): string => (count === 0 ? "" : String(count));
