import { runFfmpeg } from "../ffmpeg/run-ffmpeg.ts";
import type { MediaWork } from "../media-work.ts";
import { withFile } from "../source-file.ts";
import { LAYOUTS, type Pcm } from "./pcm.ts";

/** Enough samples for any picture, of which a day takes no more room than an hour. */
const MOST_FRAMES = 24_000_000;
const LOWEST_RATE = 1_000;
const HIGHEST_RATE = 48_000;
const CHANNELS = 2;

/** Decodes the first sound of a file to plain samples in its workspace, mono or stereo, and hands them to `use`. */
export async function withDecodedSound<Result>(
  { ffmpeg, input, finding, cwd }: MediaWork,
  { signal, onDecoded }: { readonly signal: AbortSignal; readonly onDecoded: (share: number) => void },
  use: (pcm: Pcm) => Promise<Result>,
): Promise<Result> {
  const audio = finding.streams.find((stream) => stream.kind === "audio");
  const channels = Math.min(CHANNELS, Math.max(1, audio?.channels ?? 1));
  const sampleRate = rateFor(finding.durationSeconds);
  const file = "sound.pcm";
  await runFfmpeg({
    ffmpeg,
    inputs: [{ input }],
    arguments: [
      ...["-map", "0:a:0", "-ac", String(channels), "-ar", String(sampleRate)],
      ...["-c:a", "pcm_s16le", "-f", "s16le", `file:${file}`],
    ],
    cwd,
    signal,
    durationSeconds: finding.durationSeconds,
    onProgress: ({ percent }) => onDecoded(percent / 100),
  });
  return withFile(
    `${cwd}/${file}`,
    () => [cwd],
    (decoded) => {
      const frames = Math.floor(decoded.bytes / (LAYOUTS.s16.bytes * channels));
      return use({ format: "s16", channels, frames, sampleRate, read: decoded.read });
    },
  );
}

function rateFor(durationSeconds: number | null): number {
  const rate = Math.floor(MOST_FRAMES / Math.max(1, durationSeconds ?? MOST_FRAMES / 8_000));
  return Math.min(HIGHEST_RATE, Math.max(LOWEST_RATE, rate));
}
