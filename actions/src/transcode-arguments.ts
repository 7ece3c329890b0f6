import type { FfmpegCapability } from "./ffmpeg/capability.ts";
import type { AudioRecipe, PictureSize, Preset, VideoRecipe } from "./presets.ts";

/** What a job may ask for beside the preset. */
export interface TranscodeOptions {
  /** Lines at most, instead of the preset's own. */
  readonly height?: number | undefined;
  readonly crf?: number | undefined;
  /** Kilobits per second, instead of a constant quality. */
  readonly videoKilobits?: number | undefined;
  readonly audioKilobits?: number | undefined;
  /** False leaves the sound out. */
  readonly audio: boolean;
  readonly startSeconds: number;
  readonly durationSeconds?: number | undefined;
}

/** The options before the input, and all that follows it. */
export interface TranscodeArguments {
  readonly input: readonly string[];
  readonly output: readonly string[];
}

/** Turns a preset and options into arguments. `file` is a name in the directory that ffmpeg works in. */
export function transcodeArguments(preset: Preset, options: TranscodeOptions, file: string): TranscodeArguments {
  const { startSeconds, durationSeconds } = options;
  return {
    input: [
      ...(startSeconds > 0 ? ["-ss", String(startSeconds)] : []),
      ...(durationSeconds === undefined ? [] : ["-t", String(durationSeconds)]),
    ],
    output: [
      ...(preset.video === null ? ["-vn"] : videoArguments(preset.video, options)),
      ...(options.audio ? audioArguments(preset, options) : ["-an"]),
      ...["-sn", "-dn", ...preset.options, "-f", preset.muxer, `file:${file}`],
    ],
  };
}

/** V is any picture that moves: a cover of a record is none. */
function videoArguments(video: VideoRecipe, options: TranscodeOptions): string[] {
  return [
    ...["-map", "0:V:0", "-vf", filtersOf(video, options.height), "-c:v", video.encoder, ...video.options],
    ...qualityOf(video, options),
    ...(video.frameRate === null ? [] : ["-r", video.frameRate]),
  ];
}

function qualityOf(video: VideoRecipe, { crf = video.crf ?? undefined, videoKilobits }: TranscodeOptions): string[] {
  if (videoKilobits !== undefined) return ["-b:v", `${videoKilobits}k`];
  // Without a rate of 0, some encoders take the quality for a mere lower bound.
  return crf === undefined ? [] : ["-crf", String(crf), "-b:v", "0"];
}

function filtersOf(video: VideoRecipe, height: number | undefined): string {
  const size = height === undefined ? video.size : { atMost: height };
  return [...scaling(size), `format=${video.pixelFormat}`].join(",");
}

/** Whoever looks at it on a screen wants whole frames; whoever edits wants the fields as they are. */
const WHOLE_FRAMES = "bwdif=mode=send_frame:deint=interlaced";

/** Sides are even, as most codings need. */
function scaling(size: PictureSize): string[] {
  if (size === "source") return ["scale=w=trunc(iw/2)*2:h=trunc(ih/2)*2"];
  if ("atMost" in size) return [WHOLE_FRAMES, `scale=w=-2:h=trunc(min(${size.atMost}\\,ih)/2)*2`];
  const raster = `w=${size.raster.width}:h=${size.raster.height}`;
  return [
    ...[WHOLE_FRAMES, "scale=w=trunc(iw*sar/2)*2:h=trunc(ih/2)*2", "setsar=1"],
    ...[`scale=${raster}:force_original_aspect_ratio=decrease`, `pad=${raster}:x=(ow-iw)/2:y=(oh-ih)/2`],
  ];
}

/** A film may be silent; a sound file may not. */
function audioArguments({ video, audio }: Preset, { audioKilobits }: TranscodeOptions): string[] {
  const stream = audio.tracks === "all" ? "0:a" : "0:a:0";
  const kilobits = audio.kilobits === null ? undefined : (audioKilobits ?? audio.kilobits);
  return [
    ...["-map", video === null ? stream : `${stream}?`, "-c:a", audio.encoder, ...audio.options],
    ...(kilobits === undefined ? [] : ["-b:a", `${kilobits}k`]),
  ];
}

/** What an ffmpeg must have for a preset. */
export function neededBy({ video, audio }: Preset): readonly FfmpegCapability[] {
  return ["ffmpeg", encoder(audio), ...(video === null ? [] : [encoder(video), ...filtersFor(video.size)])];
}

function encoder(recipe: AudioRecipe | VideoRecipe): FfmpegCapability {
  return `ffmpeg.encoder.${recipe.encoder}`;
}

function filtersFor(size: PictureSize): readonly FfmpegCapability[] {
  const bars: readonly FfmpegCapability[] = size !== "source" && "raster" in size ? ["ffmpeg.filter.pad"] : [];
  return ["ffmpeg.filter.bwdif", "ffmpeg.filter.scale", ...bars];
}
