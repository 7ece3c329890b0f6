import { capabilitiesOf } from "./ffmpeg/capability.ts";
import { findFfmpeg } from "./ffmpeg/find-ffmpeg.ts";
import type { MediaActionsOptions } from "./media-actions.ts";
import { NEEDED_TO_COMPARE } from "./media-compare.ts";
import { settingOfEnvironment } from "./media-setting.ts";
import { findSharp } from "./picture/sharp.ts";
import { PRESETS } from "./presets.ts";
import { neededBy } from "./transcode-arguments.ts";

/**
 * What this machine has of all that media jobs may need, for `NodeOptions.capabilities`: `ffmpeg` and `ffprobe`, the
 * encoders and filters of presets that it was built with, such as `ffmpeg.encoder.libx264`; `sharp`. Without `ffmpeg` the
 * one of CALLSHEET_FFMPEG counts, then those that `mediaActions` looks for. Fails with `ffmpeg_missing` when a named one
 * cannot be run.
 */
export async function mediaCapabilities({
  ffmpeg: configured = settingOfEnvironment.ffmpeg(),
}: Pick<MediaActionsOptions, "ffmpeg"> = {}): Promise<readonly string[]> {
  const [ffmpeg, sharp] = await Promise.all([findFfmpeg({ configured }), findSharp()]);
  const wanted = [...Object.values(PRESETS).flatMap(neededBy), ...NEEDED_TO_COMPARE, "ffmpeg", "ffprobe"] as const;
  return [...capabilitiesOf(ffmpeg, wanted), ...(sharp === undefined ? [] : ["sharp"])];
}
