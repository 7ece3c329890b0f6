import { milliseconds } from "../clock.ts";
import { failure, quoted } from "../failure.ts";
import { complaintOf } from "./complaint.ts";
import type { Ffmpeg } from "./find-ffmpeg.ts";
import { DEFAULT_LIMITS, type MediaLimits } from "./limits.ts";
import { inputArguments, type MediaInput } from "./media-input.ts";
import { type FfmpegProgress, progressOf } from "./progress.ts";
import { runProgram } from "./run-program.ts";

/** A file to read, and options for reading it, such as `["-ss", "3"]`. */
export interface FfmpegInput {
  readonly input: MediaInput;
  readonly options?: readonly string[];
}

export interface FfmpegRun {
  readonly ffmpeg: Ffmpeg;
  /** At least one. */
  readonly inputs: readonly FfmpegInput[];
  /** What follows the inputs: filters, maps, encoders, and the output as `file:` and a name in `cwd`. */
  readonly arguments: readonly string[];
  /** The attempt's workspace. */
  readonly cwd: string;
  /** Its abort kills ffmpeg, and nothing else does. */
  readonly signal: AbortSignal;
  /** How long the output will be; without it there is no percentage. Default null. */
  readonly durationSeconds?: number | null;
  readonly onProgress?: (progress: FfmpegProgress) => void;
  /** Default `DEFAULT_LIMITS`. */
  readonly limits?: MediaLimits;
}

/** What a run took. */
export interface FfmpegTaken {
  readonly seconds: number;
  /** Seconds of media per second; null for a still. */
  readonly speed: number | null;
}

/** Runs ffmpeg on files that were let in. Fails with a code and a sentence, or with the reason of the signal. */
export async function runFfmpeg(run: FfmpegRun): Promise<FfmpegTaken> {
  const { ffmpeg, inputs, cwd, signal, durationSeconds = null, limits = DEFAULT_LIMITS } = run;
  const path = inputs[0]!.input.file.path;
  const startedAt = milliseconds();
  let made: number | null = null;
  const ending = await runProgram({
    command: { file: ffmpeg.path, arguments: commandArguments(run) },
    cwd,
    signal,
    limits,
    descriptors: inputs.map(({ input }) => input.file.descriptor),
    onLine: blocks((block) => {
      const progress = progressOf(block, durationSeconds);
      made = progress.stats.outTimeSeconds ?? made;
      refuseEndless(path, progress, limits);
      run.onProgress?.(progress);
    }),
  });
  if (ending.exitCode !== 0) throw complaintOf(path, ending);
  const seconds = (milliseconds() - startedAt) / 1_000;
  return { seconds, speed: made === null ? null : made / seconds };
}

/** All that ffmpeg is started with: what always holds, the inputs, then what the caller asks for. */
export function commandArguments({ inputs, arguments: given, limits = DEFAULT_LIMITS }: FfmpegRun): string[] {
  const threads = String(limits.threads);
  return [
    ...["-nostdin", "-hide_banner", "-nostats", "-loglevel", "error", "-y", "-progress", "pipe:1"],
    ...["-max_alloc", String(limits.allocationBytes), "-filter_threads", threads, "-filter_complex_threads", threads],
    ...inputs.flatMap(({ input, options = [] }, index) => [...options, ...inputArguments(input, index, limits)]),
    ...["-threads", threads, ...given],
  ];
}

/** Gathers lines of `key=value` until the one that ends a block. */
function blocks(use: (block: ReadonlyMap<string, string>) => void): (line: string) => void {
  const block = new Map<string, string>();
  return (line) => {
    const at = line.indexOf("=");
    if (at > 0) block.set(line.slice(0, at), line.slice(at + 1).trim());
    if (line.startsWith("progress=")) use(block);
  };
}

/** A header may lie about how much there is; where the system cannot hold the size of a file, this does. */
function refuseEndless(path: string, { stats, outputBytes }: FfmpegProgress, limits: MediaLimits): void {
  if ((stats.outTimeSeconds ?? 0) > limits.durationSeconds) {
    throw failure(
      "media_too_large",
      `${quoted(path)} goes on for longer than the limit of ${limits.durationSeconds} seconds.`,
    );
  }
  if ((outputBytes ?? 0) > limits.outputBytes) {
    throw failure(
      "media_too_large",
      `What is made of ${quoted(path)} is larger than the limit of ${limits.outputBytes} bytes.`,
    );
  }
}
