import { type Job, type JobState, type JsonObject, WAITING } from "@callsheet/contract";
import { createLogUpdate } from "log-update";
import stringWidth from "string-width";
import { formatBytes, formatDuration } from "./amount.ts";
import { colours } from "./colours.ts";
import { printable } from "./printable.ts";
import { shorten } from "./shorten.ts";
import { inStateColour, stateName } from "./state-colour.ts";

/** Shows how far jobs are. */
export interface ProgressDisplay {
  show(jobs: readonly Job[]): void;
  /** Leaves what is shown last where it is. */
  end(): void;
}

/** Bars that move in place on a terminal; elsewhere a line for each new state that is seen. */
export function progressOn(stream: NodeJS.WriteStream): ProgressDisplay {
  return stream.isTTY && process.env.TERM !== "dumb" ? bars(stream) : lines(stream);
}

function bars(stream: NodeJS.WriteStream): ProgressDisplay {
  const update = createLogUpdate(stream);
  return {
    show: (jobs) => update(screenOf(jobs, { columns: stream.columns ?? 80, rows: stream.rows ?? 24 }).join("\n")),
    end: () => update.done(),
  };
}

function lines(stream: NodeJS.WritableStream): ProgressDisplay {
  const seen = new Map<string, string>();
  return {
    show(jobs) {
      for (const job of jobs) {
        const before = seen.get(job.id);
        seen.set(job.id, job.state);
        // That it waits to begin is no news.
        if (before === job.state || (before === undefined && isWaiting(job))) continue;
        stream.write(`${nameOf(job)}: ${stateName(job.state)}\n`);
      }
    },
    end: () => undefined,
  };
}

function isWaiting(job: Job): boolean {
  return WAITING.some((state) => state === job.state);
}

interface Screen {
  readonly columns: number;
  readonly rows: number;
}

/** What fits on a screen: a bar for each job, those that run first when there are too many, and a sum of the rest. */
export function screenOf(jobs: readonly Job[], { columns, rows }: Screen): readonly string[] {
  // A line for the sum, and one for the cursor.
  const room = Math.max(1, rows - 2);
  if (jobs.length <= room) return barsOf(jobs, columns);
  const shown = new Set(jobs.toSorted((a, b) => rankOf(a) - rankOf(b)).slice(0, room));
  return [
    ...barsOf(
      jobs.filter((job) => shown.has(job)),
      columns,
    ),
    sumOf(jobs),
  ];
}

const RANKS: Readonly<Partial<Record<JobState, number>>> = { running: 0, timed_out: 0, cancelling: 0, failed: 1 };

function rankOf(job: Job): number {
  return RANKS[job.state] ?? (isWaiting(job) ? 2 : 3);
}

function sumOf(jobs: readonly Job[]): string {
  const counts = new Map<JobState, number>();
  for (const { state } of jobs) counts.set(state, (counts.get(state) ?? 0) + 1);
  const parts = [...counts].map(([state, count]) => inStateColour(state, `${count} ${stateName(state)}`));
  return `${colours.dim(`${jobs.length} jobs:`)} ${parts.join(" · ")}`;
}

const BAR_WIDTH = 20;
/** Of an 80 column terminal this leaves room for a name. */
const NARROW_BAR_WIDTH = 12;
const NARROWEST_NAME = 12;

/** One line a job: name, bar, percent, state, and how fast it is. Names are cut to what the other parts leave of `columns`. */
export function barsOf(jobs: readonly Job[], columns = Number.POSITIVE_INFINITY): readonly string[] {
  const barWidth = columns < 100 ? NARROW_BAR_WIDTH : BAR_WIDTH;
  const ends = jobs.map((job) => ({ state: stateName(job.state), speed: speedOf(job) }));
  const longest = Math.max(0, ...ends.map(({ state, speed }) => stringWidth(state + speed)));
  const rest = "  ".length + barWidth + "  100 %  ".length + longest;
  const room = Math.max(NARROWEST_NAME, columns - rest - 1);
  const names = jobs.map((job) => shorten(nameOf(job), room, "middle"));
  const width = Math.max(0, ...names.map((name) => stringWidth(name)));
  return jobs.map((job, at) => {
    const percent = percentOf(job);
    const full = Math.round((percent / 100) * barWidth);
    const bar = "█".repeat(full) + "░".repeat(barWidth - full);
    const name = names[at]! + " ".repeat(width - stringWidth(names[at]!));
    const { state, speed } = ends[at]!;
    return `${name}  ${bar}  ${String(percent).padStart(3)} %  ${inStateColour(job.state, state)}${colours.dim(speed)}`;
  });
}

function percentOf({ state, progress }: Job): number {
  if (state === "completed") return 100;
  return Math.min(100, Math.max(0, Math.floor(progress?.percent ?? 0)));
}

/** What a running job's handler measures: ` · 2.1× · 48 fps · 12.0 s left`. */
function speedOf({ state, progress }: Job): string {
  if (state !== "running" && state !== "timed_out") return "";
  const stats = progress?.stats ?? {};
  const parts = [
    ...numberOf(stats, "speed", (speed) => `${speed.toFixed(1)}×`),
    ...numberOf(stats, "fps", (fps) => `${Math.round(fps)} fps`),
    ...numberOf(stats, "bytesPerSecond", (bytes) => `${formatBytes(Math.round(bytes))}/s`),
    ...numberOf(stats, "secondsLeft", (seconds) => `${formatDuration(seconds * 1000)} left`),
  ];
  return parts.map((part) => ` · ${part}`).join("");
}

/** Handlers may measure anything; what is no number is not shown. */
function numberOf(stats: JsonObject, name: string, tell: (value: number) => string): readonly string[] {
  const value = stats[name];
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? [tell(value)] : [];
}

/** A job as people know it: what it works on, and what it does. */
function nameOf(job: Job): string {
  return printable(`${job.target?.id ?? job.id} ${job.action}`);
}
