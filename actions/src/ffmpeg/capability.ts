import type { Ffmpeg } from "./find-ffmpeg.ts";

/** What a node can do with its ffmpeg, as nodes announce it and jobs ask for it. */
export type FfmpegCapability = "ffmpeg" | `ffmpeg.encoder.${string}` | `ffmpeg.filter.${string}`;

/** All that an ffmpeg can do; without one, nothing. */
export function capabilitiesOf(ffmpeg: Ffmpeg | undefined): readonly FfmpegCapability[] {
  if (ffmpeg === undefined) return [];
  return [
    "ffmpeg",
    ...[...ffmpeg.encoders].map((name) => `ffmpeg.encoder.${name}` as const),
    ...[...ffmpeg.filters].map((name) => `ffmpeg.filter.${name}` as const),
  ];
}
