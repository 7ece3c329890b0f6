import { type Job, WAITING } from "@callsheet/contract";
import stringWidth from "string-width";
import { formatDuration } from "../amount.ts";
import { colours } from "../colours.ts";
import { printable } from "../printable.ts";
import { shorten } from "../shorten.ts";
import type { DemoJob } from "./job-desk.ts";
import type { MediaFile, MediaKind } from "./media-folder.ts";
import { shortAction } from "./short-action.ts";

/** How many jobs a file of a kind has when all goes well: the bar cannot know them all before they are created. */
const JOB_COUNT = { video: 7, image: 3, audio: 5 } as const satisfies Record<MediaKind, number>;
/** One file has these as well. They are created at once, so that its bar never goes back. */
const EXTRA: readonly string[] = ["demo.deliver", "demo.archive", "demo.fixity", "demo.cut"];
const BAR_WIDTH = 20;
/** Of an 80 column terminal this leaves room for what runs. */
const NARROW_BAR_WIDTH = 12;
const NAME_WIDTH = 28;

interface Screen {
  readonly columns: number;
  /** Of a demo that is over, all jobs are known. */
  readonly isOver: boolean;
  /** Why jobs wait, in a sentence, by the id of the job. */
  readonly reasons: ReadonlyMap<string, string>;
}

/** One line a file: name, bar, percent, and as far as it fits what runs now, how fast, and how long it will take. */
export function fileBars(
  files: readonly MediaFile[],
  created: readonly DemoJob[],
  jobs: readonly Job[],
  { columns, isOver, reasons }: Screen,
): readonly string[] {
  const barWidth = columns < 100 ? NARROW_BAR_WIDTH : BAR_WIDTH;
  const names = files.map(({ name }) => shorten(printable(name), NAME_WIDTH, "middle"));
  const width = Math.max(0, ...names.map((name) => stringWidth(name)));
  const room = columns - width - barWidth - "    100 %  ".length - 1;
  const byId = new Map(jobs.map((job) => [job.id, job]));
  return files.map((file, index) => {
    const own = created.filter((job) => job.file === file).flatMap(({ id }) => byId.get(id) ?? []);
    const percent = percentOf(own, isOver ? own.length : expectedOf(file, own));
    const full = Math.round((percent / 100) * barWidth);
    const bar = colours.cyan("█".repeat(full)) + colours.dim("░".repeat(barWidth - full));
    const space = " ".repeat(width - stringWidth(names[index]!));
    const live = liveWithin(room, own.filter(hasBegun)) || waitWithin(room, own, reasons);
    return `${names[index]}${space}  ${bar}  ${String(percent).padStart(3)} %  ${live}`.trimEnd();
  });
}

function expectedOf({ kind }: MediaFile, jobs: readonly Job[]): number {
  return JOB_COUNT[kind] + jobs.filter(({ action }) => EXTRA.includes(action)).length;
}

function percentOf(jobs: readonly Job[], expected: number): number {
  const parts = jobs.map((job) => (job.state === "completed" ? 100 : isLive(job) ? (job.progress?.percent ?? 0) : 0));
  const sum = parts.reduce((total, part) => total + part, 0);
  return Math.min(100, Math.floor(sum / Math.max(expected, jobs.length, 1)));
}

/** What runs: the first as far as it fits, others if they fit whole. */
function liveWithin(room: number, jobs: readonly Job[]): string {
  let left = room;
  const parts = jobs.flatMap((job, index) => {
    const text = index === 0 ? shorten(describeLive(job), left, "end") : describeLive(job);
    if (stringWidth(text) > left) return [];
    left -= stringWidth(text) + 2;
    return [job.state === "timed_out" ? colours.yellow(text) : colours.dim(text)];
  });
  return parts.join("  ");
}

/** Of a file of which nothing runs, why the first job waits that has told. */
function waitWithin(room: number, jobs: readonly Job[], reasons: Screen["reasons"]): string {
  const job = jobs.find(({ id, state }) => reasons.has(id) && WAITING.some((waiting) => waiting === state));
  if (job === undefined) return "";
  return colours.dim(shorten(printable(`${shortAction(job.action)}: ${reasons.get(job.id)}`), room, "end"));
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
  if (state === "timed_out") parts.push("timed out, still running");
  return parts.filter((part) => part !== "").join(" ");
}
