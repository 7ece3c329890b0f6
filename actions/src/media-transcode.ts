import { type ActionType, defineActionType, type JobContext } from "@callsheet/contract";
import { failure, quoted } from "./failure.ts";
import { runFfmpeg } from "./ffmpeg/run-ffmpeg.ts";
import { type MediaSetting, settingOfEnvironment } from "./media-setting.ts";
import { inspectMade, type MediaWork, withMedia } from "./media-work.ts";
import { outputPath } from "./output-path.ts";
import { outputOf } from "./output-template.ts";
import { pathOf } from "./path.ts";
import { type Preset, presetOf } from "./presets.ts";
import type { Finding, Stream } from "./probe-result.ts";
import { publishMade } from "./publish-made.ts";
import { neededBy, type TranscodeOptions, transcodeArguments } from "./transcode-arguments.ts";
import { transcodeConfiguration } from "./transcode-configuration.ts";

/** The new file. */
export interface TranscodeResult {
  /** The source. */
  readonly path: string;
  readonly output: string;
  readonly bytes: number;
  readonly durationSeconds: number | null;
  readonly streams: readonly Stream[];
  /** How long it took, and seconds of media per second; null when that cannot be told. */
  readonly seconds: number;
  readonly speed: number | null;
}

/** `media.transcode` for a node with this setting. */
export function mediaTranscodeWith(setting: MediaSetting): ActionType<typeof transcodeConfiguration, TranscodeResult> {
  return defineActionType({
    type: "media.transcode",
    version: 1,
    configuration: transcodeConfiguration,
    requires: ({ preset }) => neededBy(presetOf(preset)),
    run: async (context) => {
      const { preset, output: _, ...options } = context.configuration;
      const output = await outputOf(context);
      const destination = await outputPath(output, setting.outputRoots);
      return withMedia(await pathOf(context), context, setting, (work) =>
        transcode({ work, preset: presetOf(preset), options, output, destination, context }),
      );
    },
  });
}

/** `media.transcode` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const mediaTranscode = defineActionType({
  ...mediaTranscodeWith(settingOfEnvironment),
  module: import.meta.url,
});

export interface Transcoding {
  readonly work: MediaWork;
  readonly preset: Preset;
  readonly options: TranscodeOptions;
  /** As people read it. */
  readonly output: string;
  /** Where it appears, checked. */
  readonly destination: string;
  readonly context: JobContext;
}

/** Makes the file in the attempt's workspace and publishes it. */
export async function transcode({
  work,
  preset,
  options,
  output,
  destination,
  context,
}: Transcoding): Promise<TranscodeResult> {
  const { ffmpeg, input, finding, cwd } = work;
  const { path } = input.file;
  const lacking = lackingIn(finding, preset, options);
  if (lacking !== undefined) throw failure("media_unsupported", `${quoted(path)} ${lacking}.`);
  const file = `made.${preset.extension}`;
  const { input: before, output: after } = transcodeArguments(preset, options, file);
  const { seconds, speed } = await runFfmpeg({
    ffmpeg,
    inputs: [{ input, options: before }],
    arguments: after,
    cwd,
    signal: context.signal,
    durationSeconds: lengthOf(finding, options),
    onProgress: ({ percent, stats }) => context.progress(percent, "transcoding", stats),
  });
  const { bytes, durationSeconds, streams } = await inspectMade(file, ffmpeg, context);
  await publishMade(context, file, destination);
  return { path, output, bytes, durationSeconds, streams, seconds, speed };
}

/** What the source lacks for what is asked of it; undefined when it has all. */
function lackingIn(finding: Finding, preset: Preset, options: TranscodeOptions): string | undefined {
  const has = (kind: Stream["kind"]) => finding.streams.some((stream) => stream.kind === kind);
  if (preset.video !== null && !has("video")) return "has no moving picture";
  if (preset.video === null && !has("audio")) return "has no sound";
  const { durationSeconds } = finding;
  if (durationSeconds !== null && options.startSeconds >= durationSeconds) {
    return `lasts ${durationSeconds} seconds, so nothing begins at ${options.startSeconds}`;
  }
  return undefined;
}

function lengthOf({ durationSeconds }: Finding, options: TranscodeOptions): number | null {
  const rest = durationSeconds === null ? Number.POSITIVE_INFINITY : durationSeconds - options.startSeconds;
  const length = Math.min(rest, options.durationSeconds ?? Number.POSITIVE_INFINITY);
  return Number.isFinite(length) ? length : null;
}
