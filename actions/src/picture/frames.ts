import { runFfmpeg } from "../ffmpeg/run-ffmpeg.ts";
import type { MediaWork } from "../media-work.ts";

/** A frame to take out of a film, and what to write it as. */
export interface Frame {
  readonly seconds: number;
  /** Filters after the one that makes pixels square. */
  readonly filter: string;
  /** How it is written, such as `PNG`. */
  readonly format: readonly string[];
  /** A name in the workspace. When nothing is shown at that time, nothing is there, or an empty file. */
  readonly file: string;
}

const FIRST = ["-frames:v", "1"];
export const PNG = [...FIRST, "-c:v", "png", "-f", "image2pipe"];
export const JPEG = [...FIRST, "-c:v", "mjpeg", "-q:v", "2", "-f", "mjpeg"];
export const GRAY = [...FIRST, "-c:v", "rawvideo", "-f", "rawvideo"];
/** The last frame from that time on. */
export const LAST_PNG = ["-c:v", "png", "-f", "image2", "-update", "1"];

/** Each has a decoder of its own while a run of ffmpeg lasts. */
const FRAMES_AT_ONCE = 4;
/** Broadcast pictures are often stored with pixels that are not square. */
const SQUARE = "scale='trunc(iw*sar/2)*2':ih,setsar=1";

/** Takes frames out of a film, in its workspace, each sought for itself. `onTaken` hears how many there are so far. */
export async function takeFrames(
  { ffmpeg, input, cwd }: MediaWork,
  frames: readonly Frame[],
  { signal, onTaken }: { readonly signal: AbortSignal; readonly onTaken?: (count: number) => void },
): Promise<void> {
  for (let first = 0; first < frames.length; first += FRAMES_AT_ONCE) {
    const batch = frames.slice(first, first + FRAMES_AT_ONCE);
    await runFfmpeg({
      ffmpeg,
      inputs: batch.map(({ seconds }) => ({ input, options: ["-ss", seconds.toFixed(3)] })),
      arguments: batch.flatMap(({ filter, format, file }, index) => [
        // A capital V: pictures that are attached to a film are none of its frames.
        ...["-map", `${index}:V:0`, "-vf", `${SQUARE},${filter}`],
        ...format,
        `file:${file}`,
      ]),
      cwd,
      signal,
    });
    onTaken?.(first + batch.length);
  }
}

/** So many times, evenly spread over a film, each in the middle of its share. */
export function spread(count: number, durationSeconds: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => ((index + 0.5) / count) * durationSeconds);
}
