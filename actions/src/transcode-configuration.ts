import { z } from "zod";
import { outputSchema } from "./output-template.ts";
import { pathSchema } from "./path.ts";
import { PRESET_NAMES, presetOf } from "./presets.ts";
import type { TranscodeOptions } from "./transcode-arguments.ts";

const fields = z.strictObject({
  path: pathSchema,
  output: outputSchema,
  preset: z.enum(PRESET_NAMES),
  /** Lines of the picture at most; it is never made larger than it is. Default: the preset's. */
  height: z.int().min(16).max(8_640).multipleOf(2).optional(),
  /** Constant quality as the encoder counts: less is better. Default: the preset's. */
  crf: z.int().min(0).max(63).optional(),
  /** Kilobits per second of the picture, instead of a constant quality. */
  videoKilobits: z.int().min(16).max(1_000_000).optional(),
  /** Kilobits per second of the sound. Default: the preset's. */
  audioKilobits: z.int().min(8).max(2_000).optional(),
  audio: z.boolean().default(true),
  /** Where in the source it begins. */
  startSeconds: z.number().min(0).max(1_000_000).default(0),
  /** How much of the source; default: all that is there. */
  durationSeconds: z.number().min(0.001).max(1_000_000).optional(),
});

type Fields = z.output<typeof fields>;

/** The configuration of `media.transcode`. An option that the preset has no use for is a mistake, and refused. */
export const transcodeConfiguration = fields.superRefine((given, context) => {
  for (const [option, message] of contradictionsOf(given)) {
    context.addIssue({ code: "custom", path: [option], message });
  }
});

function contradictionsOf(given: Fields): readonly (readonly [keyof TranscodeOptions, string])[] {
  const { video, audio } = presetOf(given.preset);
  const fixed = video === null || video.crf === null;
  const sized = video !== null && !(video.size !== "source" && "raster" in video.size);
  const wrong: readonly (readonly [keyof TranscodeOptions, boolean, string])[] = [
    ["height", given.height !== undefined && !sized, `${given.preset} has no picture, or one of a fixed size`],
    ["crf", given.crf !== undefined && fixed, `${given.preset} has no picture, or one of a fixed quality`],
    [
      "videoKilobits",
      given.videoKilobits !== undefined && fixed,
      `${given.preset} has no picture, or one of a fixed rate`,
    ],
    [
      "videoKilobits",
      given.videoKilobits !== undefined && given.crf !== undefined,
      "give crf or videoKilobits, not both",
    ],
    [
      "audioKilobits",
      given.audioKilobits !== undefined && audio.kilobits === null,
      `the sound of ${given.preset} loses nothing and has no rate`,
    ],
    ["audioKilobits", given.audioKilobits !== undefined && !given.audio, "there is no sound to give a rate to"],
    ["audio", !given.audio && video === null, `${given.preset} is nothing but sound`],
  ];
  return wrong.filter(([, holds]) => holds).map(([option, , message]) => [option, message]);
}
