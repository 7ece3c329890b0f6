import { failure, quoted } from "../failure.ts";
import { findingOf } from "../probe-file.ts";
import type { Finding } from "../probe-result.ts";
import { ffprobeFinding } from "./ffprobe.ts";
import type { Ffmpeg } from "./find-ffmpeg.ts";
import type { MediaLimits } from "./limits.ts";
import type { MediaInput } from "./media-input.ts";

export interface Inspection {
  readonly ffmpeg: Ffmpeg;
  readonly input: MediaInput;
  readonly cwd: string;
  readonly signal: AbortSignal;
  readonly limits: MediaLimits;
}

/**
 * What a file holds, by ffprobe where there is one. Fails with `media_too_large` for what is beyond the limits, before any of
 * it is decoded.
 */
export async function inspect({ ffmpeg, input, cwd, signal, limits }: Inspection): Promise<Finding> {
  const { ffprobe } = ffmpeg;
  const finding = await (ffprobe === undefined
    ? findingOf(input.file, signal)
    : ffprobeFinding({ ffprobe, input, cwd, signal, limits }));
  const beyond = beyondLimits(finding, limits);
  if (beyond !== undefined) throw failure("media_too_large", `${quoted(input.file.path)} ${beyond}.`);
  return finding;
}

/** What of a file is more than the limits allow; undefined when all is within. */
export function beyondLimits({ durationSeconds, streams }: Finding, limits: MediaLimits): string | undefined {
  if (streams.length > limits.streams) return `has ${streams.length} streams, more than the limit of ${limits.streams}`;
  if ((durationSeconds ?? 0) > limits.durationSeconds) {
    return `lasts ${durationSeconds} seconds, more than the limit of ${limits.durationSeconds}`;
  }
  for (const stream of streams) {
    if (stream.kind === "audio") continue;
    const { width, height } = stream;
    if (width * height > limits.pixels)
      return `has a picture of ${width}×${height}, more than the limit of ${limits.pixels} pixels`;
    if (stream.kind === "video" && (stream.frameRate ?? 0) > limits.frameRate) {
      return `has ${stream.frameRate} frames per second, more than the limit of ${limits.frameRate}`;
    }
  }
  return undefined;
}
