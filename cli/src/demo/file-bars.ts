import type { Job } from "@callsheet/contract";
import stringWidth from "string-width";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import { printable } from "../printable.ts";
import type { DemoJob } from "./job-desk.ts";
import type { MediaFile, MediaKind } from "./media-folder.ts";

/** How many jobs a file of a kind has when all goes well: the bar cannot know them all before they are created. */
const JOB_COUNT = { video: 7, image: 3, audio: 5 } as const satisfies Record<MediaKind, number>;
const BAR_WIDTH = 20;
const NAME_WIDTH = 28;

/** One line a file: name, bar, percent, what runs now and how fast, how long it will take. Of a demo that `isOver`, all jobs are known. */
export function fileBars(
  files: readonly MediaFile[],
  created: readonly DemoJob[],
  jobs: readonly Job[],
  { isOver }: { readonly isOver: boolean } = { isOver: false },
): readonly string[] {
  const names = files.map(({ name }) => shortened(printable(name)));
  const width = Math.max(0, ...names.map((name) => stringWidth(name)));
  const byId = new Map(jobs.map((job) => [job.id, job]));
  return files.map((file, index) => {
    const own = created.filter((job) => job.file === file).flatMap(({ id }) => byId.get(id) ?? []);
    const percent = percentOf(own, isOver ? own.length : JOB_COUNT[file.kind]);
    const full = Math.round((percent / 100) * BAR_WIDTH);
    const bar = colours.cyan("█".repeat(full)) + colours.dim("░".repeat(BAR_WIDTH - full));
    const space = " ".repeat(width - stringWidth(names[index]!));
    return `${names[index]}${space}  ${bar}  ${String(percent).padStart(3)} %  ${own.filter(hasBegun).map(describeLive).join("  ")}`.trimEnd();
  });
}

function percentOf(jobs: readonly Job[], expected: number): number {
  const parts = jobs.map((job) => (job.state === "completed" ? 100 : isLive(job) ? (job.progress?.percent ?? 0) : 0));
  const sum = parts.reduce((total, part) => total + part, 0);
  return Math.min(100, Math.floor(sum / Math.max(expected, jobs.length, 1)));
}

function isLive({ state }: Job): boolean {
  return state === "running" || state === "timed_out";
}

/** A node takes jobs a moment before it has a slot for them; what tells nothing may be one of those. */
function hasBegun(job: Job): boolean {
  return isLive(job) && (job.state === "timed_out" || job.progress !== null);
}

/** Such as `proxy 43 % 2.1× 0:03 left`. */
function describeLive({ action, state, progress }: Job): string {
  const { speed, secondsLeft } = Object(progress?.stats) as {
    readonly speed?: unknown;
    readonly secondsLeft?: unknown;
  };
  const parts = [
    shortAction(action),
    progress !== null && progress.percent > 0 ? `${Math.floor(progress.percent)} %` : "",
    typeof speed === "number" && speed > 0 ? `${speed.toFixed(1)}×` : "",
    typeof secondsLeft === "number" && secondsLeft > 0 ? `${formatDuration(secondsLeft * 1000)} left` : "",
  ];
  const text = parts.filter((part) => part !== "").join(" ");
  return state === "timed_out" ? colours.yellow(`${text} timed out, still running`) : colours.dim(text);
}

/** The action as the demo's own people call it. */
export function shortAction(action: string): string {
  return action.replace(/^demo\./, "");
}

function shortened(name: string): string {
  const letters = [...name];
  return stringWidth(name) <= NAME_WIDTH ? name : `${letters.slice(0, NAME_WIDTH / 2 - 1).join("")}…`;
}
