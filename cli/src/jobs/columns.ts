import { type Job, LIVE } from "@callsheet/contract";
import { formatDuration } from "../amount.ts";
import { usageError } from "../failure.ts";
import { abbreviate } from "../job-id.ts";
import { formatDistance } from "../moment.ts";
import { inStateColour, stateName } from "../state-colour.ts";
import type { Column } from "../table.ts";
import type { TargetNames } from "./target-names.ts";

/** What the columns of a list of jobs need beside each job. */
interface Surroundings {
  readonly jobs: readonly Job[];
  readonly now: Date;
  /** Default: targets are told by their ids. */
  readonly nameOf?: TargetNames;
}

/** Every column that a list of jobs may have, by the name by which it is asked for. */
function columnsFor({ jobs, now, nameOf = () => undefined }: Surroundings) {
  const ids = jobs.map(({ id }) => id);
  const short = new Map(abbreviate(ids).map((begin, at) => [ids[at]!, begin]));
  const time = (title: string, read: (job: Job) => Date | null): Column<Job> => ({
    title,
    cell: (job) => (read(job) ? formatDistance(read(job)!, now) : ""),
    plain: (job) => read(job)?.toISOString() ?? "",
  });
  const text = (title: string, read: (job: Job) => string): Column<Job> => ({ title, cell: read, shorten: "middle" });
  const number = (title: string, read: (job: Job) => number): Column<Job> => ({
    title,
    cell: (job) => String(read(job)),
    align: "right",
  });
  return {
    id: { title: "Id", cell: ({ id }) => short.get(id) ?? id, plain: ({ id }) => id },
    state: {
      title: "State",
      cell: ({ state, stalledSince, elsewhere }) =>
        `${stateName(state)}${stalledSince !== null ? " (stalled)" : elsewhere !== null ? " (elsewhere)" : ""}`,
      plain: ({ state }) => state,
      paint: (cell, { state }) => inStateColour(state, cell),
    },
    action: text("Action", ({ action }) => action),
    type: text("Type", ({ type }) => type),
    target: {
      ...text("Target", ({ target }) => nameOf(target) ?? target?.id ?? ""),
      plain: ({ target }) => (target ? `${target.type}:${target.id}` : ""),
    },
    owner: text("Owner", ({ owner }) => owner),
    priority: text("Priority", ({ priority }) => priority),
    tags: text("Tags", ({ tags }) => tags.join(",")),
    site: text("Site", ({ site }) => site),
    queue: text("Queue", ({ queue }) => queue),
    key: text("Key", ({ idempotencyKey }) => idempotencyKey ?? ""),
    node: text("Node", ({ node }) => node ?? ""),
    created: {
      title: "Age",
      cell: ({ createdAt }) => formatDistance(createdAt, now).replace(/ ago$/, ""),
      plain: ({ createdAt }) => createdAt.toISOString(),
    },
    start: time("Start", ({ startAt }) => startAt),
    due: time("Due", ({ dueAt }) => dueAt),
    started: time("Started", ({ startedAt }) => startedAt),
    ended: time("Ended", ({ endedAt }) => endedAt),
    took: {
      title: "Took",
      cell: (job) => (tookOf(job, now) === null ? "" : formatDuration(tookOf(job, now)!)),
      plain: ({ durationMs }) => String(durationMs ?? ""),
      align: "right",
    },
    attempt: number("Attempt", ({ attempt }) => attempt),
    retries: number("Retries", ({ retries }) => retries),
    rollback: text("Rollback", ({ rollback }) => (rollback === "none" ? "" : rollback)),
    note: { title: "Note", cell: (job) => noteOf(job, now), plain: plainNoteOf, shorten: "end" },
  } as const satisfies Record<string, Column<Job>>;
}

export const DEFAULT_COLUMNS = ["id", "state", "action", "target", "owner", "created", "took", "note"] as const;
/** What fits on a line of 80 letters and still says something. */
export const NARROW_COLUMNS = ["id", "state", "action", "target", "created", "note"] as const;
const COLUMN_NAMES: readonly string[] = Object.keys(columnsFor({ jobs: [], now: new Date(0) }));

/** The columns of these names; a usage error when there is no such one. */
export function jobColumns(names: readonly string[], surroundings: Surroundings): readonly Column<Job>[] {
  const columns: Readonly<Record<string, Column<Job>>> = columnsFor(surroundings);
  return names.map((name) => {
    if (Object.hasOwn(columns, name)) return columns[name]!;
    throw usageError(`Jobs have no column "${name}".`, `Take columns of these: ${COLUMN_NAMES.join(", ")}.`);
  });
}

/** How long it took, or has been running. */
function tookOf({ state, durationMs, startedAt }: Job, now: Date): number | null {
  const isLive = LIVE.some((live) => live === state);
  return isLive && startedAt ? Math.max(0, now.getTime() - startedAt.getTime()) : durationMs;
}

/** What is worth knowing of a job in its state: how far it is, when it goes on, what went wrong. */
function noteOf(job: Job, now: Date): string {
  const plain = plainNoteOf(job);
  if (job.rollback === "failed") return `rollback failed · ${plain}`;
  if (job.rollback === "required" || job.rollback === "running") return `rolling back · ${plain}`;
  switch (job.state) {
    case "scheduled":
      return [job.dueAt ? `starts ${formatDistance(job.dueAt, now)}` : plain, lastOf(job)].filter(Boolean).join(" · ");
    case "retrying":
      return [job.dueAt ? `again ${formatDistance(job.dueAt, now)}` : "", plain].filter(Boolean).join(" · ");
    default:
      return plain;
  }
}

/** How the last occurrence of a timed action ended. */
const lastOf = ({ lastOutcome }: Job): string => (lastOutcome === null ? "" : `last ${lastOutcome.state}`);

function plainNoteOf({ state, progress, error }: Job): string {
  if (error) return `${error.code}: ${error.message}`;
  if (state === "completed" || !progress) return "";
  return [`${Math.floor(progress.percent)} %`, progress.message ?? ""].filter(Boolean).join(" ");
}
