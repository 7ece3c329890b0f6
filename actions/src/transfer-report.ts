import type { JobContext } from "@callsheet/contract";
import { milliseconds } from "./clock.ts";

const REPORT_MS = 500;

/** A part of the work, in bytes that are read: where it stands on the way from 0 to 100, and what it is called. */
export interface Stretch {
  readonly message: string;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  /** Already done by an earlier attempt; they do not count as speed. Default 0. */
  readonly done?: number;
}

/** Tells how far a stretch is: at each whole percent, and at least twice a second, with bytes per second and seconds left. */
export function reporter(context: JobContext, stretch: Stretch): (bytes: number) => void {
  const { message, from, to, bytes: total, done = 0 } = stretch;
  const startedAt = milliseconds();
  let last = { percent: -1, at: startedAt };
  return (bytes) => {
    const at = milliseconds();
    const percent = Math.floor(from + Math.min(1, bytes / total) * (to - from));
    if (percent === last.percent && at - last.at < REPORT_MS) return;
    last = { percent, at };
    const bytesPerSecond = Math.round(((bytes - done) / Math.max(at - startedAt, 0.001)) * 1000);
    const left = bytesPerSecond > 0 ? Math.round(((total - bytes) / bytesPerSecond) * 10) / 10 : null;
    context.progress(percent, message, { bytesPerSecond, secondsLeft: left });
  };
}
