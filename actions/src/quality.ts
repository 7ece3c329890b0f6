import { rounded } from "./rounded.ts";

/** How alike two pictures are over many frames. */
export interface Likeness {
  readonly average: number;
  readonly lowest: number;
}

/** Of equal frames the ratio is endless; this stands for it, as no coding comes near. */
const MOST_DECIBELS = 100;

/** Reads what the filter ssim writes, one line a frame: 1 is the same picture. */
export const ssimOf = (lines: string): readonly number[] => valuesOf(lines, /\bAll:(\S+)/);

/** Reads what the filter psnr writes, one line a frame: decibels, at most 100. */
export const psnrOf = (lines: string): readonly number[] => valuesOf(lines, /\bpsnr_avg:(\S+)/);

function valuesOf(lines: string, pattern: RegExp): readonly number[] {
  const texts = lines.split("\n").flatMap((line) => pattern.exec(line)?.[1] ?? []);
  return texts.map((text) => Math.min(MOST_DECIBELS, text === "inf" ? MOST_DECIBELS : Number(text)));
}

/** Null of no frames. */
export function likenessOf(values: readonly number[], decimals: number): Likeness | null {
  if (values.length === 0) return null;
  const average = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { average: rounded(average, decimals), lowest: rounded(Math.min(...values), decimals) };
}

/** A stretch of film, in seconds. */
export interface Sample {
  readonly startSeconds: number;
  readonly durationSeconds: number;
}

const SAMPLE_SECONDS = 1;
const MOST_SAMPLES = 8;

/** Stretches of a second each in equal distances, or all of a film that is no longer than they are together. */
export function samplesOf(durationSeconds: number): readonly Sample[] {
  const whole = MOST_SAMPLES * SAMPLE_SECONDS;
  if (durationSeconds <= whole) return [{ startSeconds: 0, durationSeconds }];
  const distance = durationSeconds / MOST_SAMPLES;
  return Array.from({ length: MOST_SAMPLES }, (_, index) => ({
    startSeconds: rounded((index + 0.5) * distance - SAMPLE_SECONDS / 2, 3),
    durationSeconds: SAMPLE_SECONDS,
  }));
}
