import { type ActionType, defineActionType, type JobContext } from "@callsheet/contract";
import { z } from "zod";
import { failure, quoted } from "./failure.ts";
import { kindByName } from "./kind-by-name.ts";
import { type MediaSetting, readableRoots, settingOfEnvironment } from "./media-setting.ts";
import { withMedia } from "./media-work.ts";
import { outputPath } from "./output-path.ts";
import { outputOf, outputSchema } from "./output-template.ts";
import { pathOf, pathSchema } from "./path.ts";
import { encodePng } from "./picture/png.ts";
import { publishMade } from "./publish-made.ts";
import { withDecodedSound } from "./sound/decode.ts";
import { barsIn, drawWaveform } from "./sound/draw-waveform.ts";
import { type Loudness, loudnessOf } from "./sound/loudness.ts";
import type { Pcm } from "./sound/pcm.ts";
import { readWav } from "./sound/wav.ts";
import { withFile } from "./source-file.ts";
import { writeMade } from "./write-made.ts";

/** What a `media.waveform` is told. */
export const waveformConfiguration = z.strictObject({
  path: pathSchema,
  output: outputSchema,
  width: z.int().min(16).max(8_192).default(1_200),
  height: z.int().min(16).max(2_048).default(240),
});
type Configuration = z.output<typeof waveformConfiguration>;

/** The picture of a sound that was made. */
export interface WaveformResult {
  readonly path: string;
  readonly output: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly durationSeconds: number;
  /** At most 400 peaks, from 0 to 1, of the louder channel: for drawing it anew. */
  readonly peaks: readonly number[];
}

/** `media.waveform` for a node with this setting: a PNG of how loud a sound is, on nothing, each channel in its own band. */
export function mediaWaveformWith(setting: MediaSetting): ActionType<typeof waveformConfiguration, WaveformResult> {
  return defineActionType({
    type: "media.waveform",
    version: 1,
    configuration: waveformConfiguration,
    requires: ({ path }) => (["film", "sound"].includes(kindByName(path) ?? "") ? ["ffmpeg"] : []),
    run: async (context) => {
      const output = await outputOf(context);
      const destination = await outputPath(output, setting.outputRoots);
      const path = await pathOf(context);
      const made = await withSound(path, setting, context, (pcm) => waveform(path, pcm, context));
      await publishMade(context, WAVEFORM, destination);
      return { path, output, ...made };
    },
  });
}

/** `media.waveform` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const mediaWaveform = defineActionType({
  ...mediaWaveformWith(settingOfEnvironment),
  module: import.meta.url,
});

const WAVEFORM = "waveform.png";
const MOST_PEAKS = 400;
/** More channels than anybody wants to see as bands; the first ones count. */
const MOST_BANDS = 8;

/** Plain samples are read as they are; everything else is decoded by ffmpeg. */
async function withSound<Result>(
  path: string,
  setting: MediaSetting,
  context: JobContext<Configuration>,
  use: (pcm: Pcm) => Promise<Result>,
): Promise<Result> {
  const { signal } = context;
  const plain = await withFile(path, readableRoots(setting), async (file) => {
    const pcm = await readWav(file);
    return pcm && { result: await use(pcm) };
  });
  if (plain !== undefined) return plain.result;
  return withMedia(path, context, setting, (work) => {
    if (!work.finding.streams.some(({ kind }) => kind === "audio")) throw noSound(path);
    const onDecoded = (share: number) => context.progress(share * 80, "decoding");
    return withDecodedSound(work, { signal, onDecoded }, use);
  });
}

async function waveform(
  path: string,
  pcm: Pcm,
  context: JobContext<Configuration>,
): Promise<Omit<WaveformResult, "path" | "output">> {
  const { width, height } = context.configuration;
  if (pcm.frames === 0) throw noSound(path);
  const channels = await loudnessOf(pcm, barsIn(width), {
    signal: context.signal,
    onRead: (share) => context.progress(80 + share * 20, "measuring"),
  });
  const png = encodePng(drawWaveform(channels.slice(0, MOST_BANDS), { width, height }));
  await writeMade(await context.workspace(), WAVEFORM, png);
  const durationSeconds = Math.round((pcm.frames / pcm.sampleRate) * 1_000) / 1_000;
  return { bytes: png.length, width, height, channels: pcm.channels, durationSeconds, peaks: peaksOf(channels) };
}

/** The peak of each stretch, over all channels; neighbours are put together until there are few enough. */
function peaksOf(channels: readonly (readonly Loudness[])[]): readonly number[] {
  const bars = channels[0]!.map((_, bar) => Math.max(...channels.map((channel) => channel[bar]!.peak)));
  const count = Math.min(MOST_PEAKS, bars.length);
  return Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * bars.length) / count);
    const to = Math.floor(((index + 1) * bars.length) / count);
    return Math.round(Math.max(...bars.slice(from, to)) * 1_000) / 1_000;
  });
}

function noSound(path: string): Error {
  return failure("no_sound", `${quoted(path)} has no sound.`);
}
