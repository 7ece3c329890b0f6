import type { Ffmpeg } from "./find-ffmpeg.ts";

/** What a node can do with its ffmpeg, as nodes announce it and jobs ask for it. */
export type FfmpegCapability = "ffmpeg" | "ffprobe" | `ffmpeg.encoder.${string}` | `ffmpeg.filter.${string}`;

/** Those of the wanted capabilities that this ffmpeg has; without one, none. */
export function capabilitiesOf(
  ffmpeg: Ffmpeg | undefined,
  wanted: readonly FfmpegCapability[],
): readonly FfmpegCapability[] {
  if (ffmpeg === undefined) return [];
  return [...new Set(wanted)].sort().filter((one) => {
    if (one === "ffprobe") return ffmpeg.ffprobe !== undefined;
    const [, kind, name = ""] = /^ffmpeg\.(encoder|filter)\.(.+)$/.exec(one) ?? [];
    return kind === undefined || (kind === "encoder" ? ffmpeg.encoders : ffmpeg.filters).has(name);
  });
}
