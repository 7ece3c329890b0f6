import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type ActionType, defineActionType, type JobContext } from "@callsheet/contract";
import { z } from "zod";
import type { FfmpegCapability } from "./ffmpeg/capability.ts";
import { runFfmpeg } from "./ffmpeg/run-ffmpeg.ts";
import { type MediaSetting, settingOfEnvironment } from "./media-setting.ts";
import { type MediaWork, withMedia } from "./media-work.ts";
import { absolutePath, pathOf, pathSchema } from "./path.ts";
import type { Finding, Stream, VideoStream } from "./probe-result.ts";
import { type Likeness, likenessOf, psnrOf, type Sample, samplesOf, ssimOf } from "./quality.ts";

/** What a `media.compare` is told. */
export const compareConfiguration = z.strictObject({
  /** The source. */
  path: pathSchema,
  /** The absolute path of what was made of it. */
  other: z.string().min(1).max(4096),
});

/** A file beside what was made of it. */
export interface CompareResult {
  readonly path: string;
  readonly other: string;
  /** Seconds; `difference` is null when one of them cannot be told. */
  readonly durations: {
    readonly path: number | null;
    readonly other: number | null;
    readonly difference: number | null;
  };
  readonly streams: { readonly path: readonly Stream[]; readonly other: readonly Stream[] };
  /** How many frames were looked at; 0 when one of the files has no moving picture. */
  readonly frames: number;
  /** Structural similarity, 0 to 1: from about 0.95 on, people see no difference. */
  readonly ssim: Likeness | null;
  /** Decibels, at most 100. */
  readonly psnr: Likeness | null;
}

export const NEEDED_TO_COMPARE: readonly FfmpegCapability[] = [
  "ffmpeg",
  "ffmpeg.filter.psnr",
  "ffmpeg.filter.scale",
  "ffmpeg.filter.ssim",
];

/** `media.compare` for a node with this setting: how much a proxy differs from its source. */
export function mediaCompareWith(setting: MediaSetting): ActionType<typeof compareConfiguration, CompareResult> {
  return defineActionType({
    type: "media.compare",
    version: 1,
    configuration: compareConfiguration,
    requires: () => NEEDED_TO_COMPARE,
    run: async (context) =>
      withMedia(await pathOf(context), context, setting, (source) =>
        withMedia(absolutePath(context.configuration.other), context, setting, (made) =>
          compare(source, made, context),
        ),
      ),
  });
}

/** `media.compare` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const mediaCompare = defineActionType({ ...mediaCompareWith(settingOfEnvironment), module: import.meta.url });

async function compare(source: MediaWork, made: MediaWork, context: JobContext): Promise<CompareResult> {
  const [one, other] = [source.finding, made.finding];
  const frames = await framesOf(source, made, context);
  return {
    path: source.input.file.path,
    other: made.input.file.path,
    durations: { path: one.durationSeconds, other: other.durationSeconds, difference: differenceOf(one, other) },
    streams: { path: one.streams, other: other.streams },
    frames: frames.ssim.length,
    ssim: likenessOf(frames.ssim, 4),
    psnr: likenessOf(frames.psnr, 2),
  };
}

function differenceOf(one: Finding, other: Finding): number | null {
  if (one.durationSeconds === null || other.durationSeconds === null) return null;
  return Number((other.durationSeconds - one.durationSeconds).toFixed(3));
}

interface Frames {
  readonly ssim: readonly number[];
  readonly psnr: readonly number[];
}

async function framesOf(source: MediaWork, made: MediaWork, context: JobContext): Promise<Frames> {
  const picture = videoOf(made.finding);
  if (picture === undefined || videoOf(source.finding) === undefined) return { ssim: [], psnr: [] };
  const shortest = Math.min(source.finding.durationSeconds ?? 1, made.finding.durationSeconds ?? 1);
  const samples = samplesOf(shortest);
  const frames: Frames[] = [];
  for (const [index, sample] of samples.entries()) {
    context.progress((index / samples.length) * 100, "comparing");
    frames.push(await compareSample({ source, made, picture, sample, signal: context.signal }));
  }
  context.progress(100, "comparing");
  return { ssim: frames.flatMap(({ ssim }) => ssim), psnr: frames.flatMap(({ psnr }) => psnr) };
}

interface Comparison {
  readonly source: MediaWork;
  readonly made: MediaWork;
  readonly picture: VideoStream;
  readonly sample: Sample;
  readonly signal: AbortSignal;
}

async function compareSample({ source, made, picture, sample, signal }: Comparison): Promise<Frames> {
  const { cwd, ffmpeg } = made;
  const options = ["-ss", String(sample.startSeconds), "-t", String(sample.durationSeconds)];
  await runFfmpeg({
    ffmpeg,
    inputs: [
      { input: made.input, options },
      { input: source.input, options },
    ],
    arguments: comparisonArguments(picture),
    cwd,
    signal,
  });
  const [ssim, psnr] = await Promise.all(["ssim.log", "psnr.log"].map((name) => readFile(join(cwd, name), "utf8")));
  return { ssim: ssimOf(ssim!), psnr: psnrOf(psnr!) };
}

/**
 * Compares each frame of the first input with the one of the second that is shown at the same time, in the first one's size.
 * A container rounds times, so the first is shifted by two milliseconds: less than any frame lasts, more than it rounds.
 */
function comparisonArguments(picture: VideoStream): string[] {
  const turned = picture.rotation % 180 !== 0;
  const [width, height] = turned ? [picture.height, picture.width] : [picture.width, picture.height];
  const alike = `settb=AVTB,scale=w=${width}:h=${height}:flags=bicubic,setsar=1,format=yuv420p`;
  const graph = [
    `[0:V:0]${alike},setpts=PTS+2000,split[made1][made2]`,
    `[1:V:0]${alike},split[source1][source2]`,
    "[made1][source1]ssim=stats_file=ssim.log[ssim]",
    "[made2][source2]psnr=stats_file=psnr.log[psnr]",
  ];
  return ["-filter_complex", graph.join(";"), "-map", "[ssim]", "-f", "null", "-", "-map", "[psnr]", "-f", "null", "-"];
}

function videoOf(finding: Finding): VideoStream | undefined {
  return finding.streams.find((stream) => stream.kind === "video");
}
