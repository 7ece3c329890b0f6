import { type ActionType, defineActionType, type JobContext } from "@callsheet/contract";
import { z } from "zod";
import { codeOf, failure, quoted } from "./failure.ts";
import { mediaInput } from "./ffmpeg/media-input.ts";
import { kindByName } from "./kind-by-name.ts";
import { findingByAnyMeans } from "./media-probe.ts";
import { type MediaSetting, readableRoots, settingOfEnvironment } from "./media-setting.ts";
import { type MediaWork, neededFfmpeg } from "./media-work.ts";
import { outputPath } from "./output-path.ts";
import { outputOf, outputSchema } from "./output-template.ts";
import { pathOf, pathSchema } from "./path.ts";
import { bestTime } from "./picture/best-frame.ts";
import { coverOf, isPictureDemuxer } from "./picture/cover.ts";
import { JPEG, takeFrames } from "./picture/frames.ts";
import { type MadePicture, makeStill, readPicture } from "./picture/still.ts";
import { findingOf } from "./probe-file.ts";
import { publishMade } from "./publish-made.ts";
import { type SourceFile, withFile } from "./source-file.ts";

/** What a `media.poster` is told. */
export const posterConfiguration = z.strictObject({
  path: pathSchema,
  output: outputSchema,
  /** The second of a film to show, 0 for its first frame, or `best`, which is what happens without it. */
  at: z.union([z.number().min(0), z.literal("best")]).optional(),
  /** Pixels at most; nothing is enlarged. */
  width: z.int().min(16).max(4_096).default(640),
});
type Configuration = z.output<typeof posterConfiguration>;

/** The poster that was made. */
export interface PosterResult {
  readonly path: string;
  readonly output: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  /** Of a film, the second that is shown; null for a picture or a cover. */
  readonly atSeconds: number | null;
}

/** `media.poster` for a node with this setting: a JPEG of a film, a picture, or the cover of a sound file. */
export function mediaPosterWith(setting: MediaSetting): ActionType<typeof posterConfiguration, PosterResult> {
  return defineActionType({
    type: "media.poster",
    version: 1,
    configuration: posterConfiguration,
    requires: neededBy,
    run: async (context) => {
      const output = await outputOf(context);
      const destination = await outputPath(output, setting.outputRoots);
      return withFile(await pathOf(context), readableRoots(setting), async (file) => {
        const { file: made, width, height, atSeconds } = await poster(file, setting, context);
        const bytes = await withMade(made, context, async (picture) => picture.bytes);
        await publishMade(context, made, destination);
        return { path: file.path, output, bytes, width, height, atSeconds };
      });
    },
  });
}

/** `media.poster` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const mediaPoster = defineActionType({ ...mediaPosterWith(settingOfEnvironment), module: import.meta.url });

/** Who names a second means a film. Sound shows its cover, which is a picture. */
function neededBy({ path, at }: Configuration): readonly string[] {
  const kind = kindByName(path);
  if (at !== undefined || kind === "film") return ["ffmpeg"];
  return kind === undefined ? [] : ["sharp"];
}

type Poster = MadePicture & Pick<PosterResult, "atSeconds">;

async function poster(file: SourceFile, setting: MediaSetting, context: JobContext<Configuration>): Promise<Poster> {
  const input = await mediaInput(file);
  const cwd = await context.workspace();
  const { width } = context.configuration;
  const { path } = file;
  const { signal } = context;
  if (isPictureDemuxer(input.demuxer)) {
    return { ...(await makeStill(await readPicture(file), { path, cwd, width })), atSeconds: null };
  }
  const finding = await findingByAnyMeans(file, setting, context);
  const hasFrames = input.demuxer.endsWith("_pipe") || finding.streams.some(({ kind }) => kind === "video");
  if (!hasFrames) {
    return { ...(await makeStill(await coverOf(file, signal), { path, cwd, width })), atSeconds: null };
  }
  const ffmpeg = await neededFfmpeg(setting);
  return frameOf({ ffmpeg, input, finding, cwd }, context);
}

async function frameOf(work: MediaWork, context: JobContext<Configuration>): Promise<Poster> {
  const { at = "best", width } = context.configuration;
  const { signal } = context;
  const atSeconds = at === "best" ? await bestTime(work, signal) : at;
  context.progress(50, "taking the frame");
  const filter = `scale='min(${width},iw)':-2:flags=lanczos:out_range=pc,format=yuvj420p`;
  const file = "poster.jpg";
  await takeFrames(work, [{ seconds: atSeconds, filter, format: JPEG, file }], { signal });
  const [picture] = await withMade(file, context, async (made) => {
    if (made.bytes === 0) throw notShown(work, atSeconds);
    return (await findingOf(made, signal)).streams;
  }).catch((error: unknown) => {
    throw codeOf(error) === "file_not_found" ? notShown(work, atSeconds) : error;
  });
  if (picture?.kind !== "image") throw notShown(work, atSeconds);
  return { file, width: picture.width, height: picture.height, atSeconds: Math.round(atSeconds * 1_000) / 1_000 };
}

async function withMade<Result>(
  file: string,
  context: JobContext,
  use: (made: SourceFile) => Promise<Result>,
): Promise<Result> {
  const cwd = await context.workspace();
  return withFile(`${cwd}/${file}`, () => [cwd], use);
}

function notShown({ input, finding }: MediaWork, seconds: number): Error {
  const { durationSeconds } = finding;
  const length = durationSeconds === null ? "" : `, which lasts ${durationSeconds} seconds`;
  return failure("no_picture", `${quoted(input.file.path)}${length}, shows no picture at ${seconds} seconds.`);
}
