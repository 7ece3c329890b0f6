import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type ActionType, defineActionType, type JobContext } from "@callsheet/contract";
import { z } from "zod";
import { failure, quoted } from "./failure.ts";
import { type MediaSetting, settingOfEnvironment } from "./media-setting.ts";
import { type MediaWork, withMedia } from "./media-work.ts";
import { outputPath } from "./output-path.ts";
import { outputOf, outputSchema } from "./output-template.ts";
import { pathOf, pathSchema } from "./path.ts";
import { clockTime } from "./picture/clock-digits.ts";
import { type Frame, LAST_PNG, PNG, spread, takeFrames } from "./picture/frames.ts";
import { neededSharp } from "./picture/sharp.ts";
import { drawSheet, layOut } from "./picture/sheet.ts";
import { publishMade } from "./publish-made.ts";

/** What a `media.contact-sheet` is told. */
export const contactSheetConfiguration = z.strictObject({
  path: pathSchema,
  output: outputSchema,
  columns: z.int().min(1).max(12).default(4),
  rows: z.int().min(1).max(12).default(3),
  /** Pixels of the whole sheet, at most. */
  width: z.int().min(160).max(4_096).default(1_280),
});
type Configuration = z.output<typeof contactSheetConfiguration>;

/** The contact sheet that was made. */
export interface ContactSheetResult {
  readonly path: string;
  readonly output: string;
  readonly bytes: number;
  readonly width: number;
  readonly height: number;
  /** The second of each frame, row by row. */
  readonly times: readonly number[];
}

/** `media.contact-sheet` for a node with this setting: a JPEG of frames that are evenly spread over a film. */
export function mediaContactSheetWith(
  setting: MediaSetting,
): ActionType<typeof contactSheetConfiguration, ContactSheetResult> {
  return defineActionType({
    type: "media.contact-sheet",
    version: 1,
    configuration: contactSheetConfiguration,
    requires: () => ["ffmpeg", "sharp"],
    run: async (context) => {
      const output = await outputOf(context);
      const destination = await outputPath(output, setting.outputRoots);
      return withMedia(await pathOf(context), context, setting, async (work) => {
        const made = await contactSheet(work, context);
        await publishMade(context, SHEET, destination);
        return { path: work.input.file.path, output, ...made };
      });
    },
  });
}

/** `media.contact-sheet` with the setting of the environment. Works in a process of its own too, which inherits it. */
export const mediaContactSheet = defineActionType({
  ...mediaContactSheetWith(settingOfEnvironment),
  module: import.meta.url,
});

const SHEET = "sheet.jpg";

async function contactSheet(
  work: MediaWork,
  context: JobContext<Configuration>,
): Promise<Omit<ContactSheetResult, "path" | "output">> {
  const sharp = await neededSharp();
  const { columns, rows, width } = context.configuration;
  const durationSeconds = lengthOf(work);
  const wanted = framesFor(
    spread(columns * rows, durationSeconds),
    layOut(columns, { columns, width, aspect: 1 }).cellWidth,
  );
  await takeFrames(work, wanted, {
    signal: context.signal,
    onTaken: (count) => context.progress((count / (wanted.length + 1)) * 100, "taking frames"),
  });
  const frames = await shownOf(wanted, work, context.signal);
  const [first] = frames;
  if (first === undefined) throw noPicture(work, "none of its frames can be shown");
  const size = await sharp(join(work.cwd, first.file)).metadata();
  const layout = layOut(frames.length, { columns, width, aspect: size.width / size.height });
  // Frames of a short film would all have the same second.
  const precision = durationSeconds / wanted.length < 2 ? "tenths" : "seconds";
  const stamped = frames.map(({ file, seconds }) => ({ file, time: clockTime(seconds, precision) }));
  await drawSheet(sharp, layout, { cwd: work.cwd, frames: stamped, file: SHEET });
  const { size: bytes } = await stat(join(work.cwd, SHEET));
  const times = frames.map(({ seconds }) => Math.round(seconds * 1_000) / 1_000);
  return { bytes, width: layout.width, height: layout.height, times };
}

function framesFor(times: readonly number[], width: number): readonly Frame[] {
  return times.map((seconds, index) => ({
    seconds,
    filter: `scale=${width}:-1:flags=lanczos`,
    format: PNG,
    file: `frame-${index}.png`,
  }));
}

/** How long before its time a frame that is still shown is looked for. */
const LONGEST_STILL_SECONDS = 10;

/** Those of which there is a picture. Near the end no frame begins any more, and the last one is still shown. */
async function shownOf(wanted: readonly Frame[], work: MediaWork, signal: AbortSignal): Promise<readonly Frame[]> {
  const missing = await missingOf(wanted, work);
  const earlier = ({ seconds }: Frame) => Math.max(0, seconds - LONGEST_STILL_SECONDS);
  const late = missing.map((frame) => ({ ...frame, seconds: earlier(frame), format: LAST_PNG }));
  await takeFrames(work, late, { signal });
  const gone = new Set((await missingOf(missing, work)).map(({ file }) => file));
  return wanted.filter(({ file }) => !gone.has(file));
}

async function missingOf(frames: readonly Frame[], { cwd }: MediaWork): Promise<readonly Frame[]> {
  const sizes = await Promise.all(frames.map(({ file }) => stat(join(cwd, file)).catch(() => ({ size: 0 }))));
  return frames.filter((_, index) => sizes[index]!.size === 0);
}

function lengthOf(work: MediaWork): number {
  const { streams, durationSeconds } = work.finding;
  if (!streams.some(({ kind }) => kind === "video")) throw noPicture(work, "it has no moving picture");
  if (durationSeconds === null) throw noPicture(work, "its duration cannot be told");
  return durationSeconds;
}

function noPicture({ input }: MediaWork, why: string): Error {
  return failure("no_picture", `There is no contact sheet of ${quoted(input.file.path)}: ${why}.`);
}
