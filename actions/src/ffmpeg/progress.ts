import { rounded } from "../rounded.ts";

/** How far a run of ffmpeg is. Numbers that cannot be told yet are null. */
export interface FfmpegProgress {
  /** 0 to 100; 0 as long as the duration is unknown. */
  readonly percent: number;
  readonly stats: {
    /** Frames per second that are made. */
    readonly fps: number | null;
    /** Seconds of media per second. */
    readonly speed: number | null;
    readonly secondsLeft: number | null;
    readonly outTimeSeconds: number | null;
  };
  readonly outputBytes: number | null;
}

/** Reads one block of `-progress`: lines of `key=value`, of which later ones count. */
export function progressOf(block: ReadonlyMap<string, string>, durationSeconds: number | null): FfmpegProgress {
  const outTimeSeconds = secondsOf(block.get("out_time"));
  const speed = numberOf(block.get("speed"));
  const known = durationSeconds !== null && durationSeconds > 0 && outTimeSeconds !== null;
  const left = known ? Math.max(0, durationSeconds - outTimeSeconds) : null;
  const percent = known ? Math.min(100, rounded((outTimeSeconds / durationSeconds) * 100, 1)) : 0;
  return {
    percent: block.get("progress") === "end" ? 100 : percent,
    stats: {
      fps: numberOf(block.get("fps")),
      speed,
      secondsLeft: left === null || speed === null || speed === 0 ? null : rounded(left / speed, 1),
      outTimeSeconds,
    },
    outputBytes: numberOf(block.get("total_size")),
  };
}

/** `1.5x`, `25.0`, `1234`; null for `N/A`. */
function numberOf(text: string | undefined): number | null {
  const value = Number.parseFloat(text ?? "");
  return Number.isFinite(value) && value >= 0 ? value : null;
}

/** `00:01:02.500000`; before the first frame is written it may be negative. */
function secondsOf(text: string | undefined): number | null {
  const match = /^(\d+):(\d\d):(\d\d(?:\.\d+)?)$/.exec(text?.trim() ?? "");
  if (match === null) return null;
  return rounded(Number(match[1]) * 3_600 + Number(match[2]) * 60 + Number(match[3]), 3);
}
