import { capabilitiesOf } from "./ffmpeg/capability.ts";
import { findFfmpeg } from "./ffmpeg/find-ffmpeg.ts";
import { NEEDED_TO_COMPARE } from "./media-compare.ts";
import { settingOfEnvironment } from "./media-setting.ts";
import { findSharp } from "./picture/sharp.ts";
import { PRESETS } from "./presets.ts";
import { neededBy } from "./transcode-arguments.ts";

/**
 * What this machine has of all that media jobs may need, for `NodeOptions.capabilities`: its ffmpeg, the encoders and filters
 * of presets that the ffmpeg was built with, sharp. A configured ffmpeg that cannot be run counts as none.
 */
export async function mediaCapabilities(): Promise<readonly string[]> {
  const ffmpeg = await findFfmpeg({ configured: settingOfEnvironment.ffmpeg() }).catch(() => undefined);
  const wanted = [...Object.values(PRESETS).flatMap(neededBy), ...NEEDED_TO_COMPARE, "ffmpeg"] as const;
  return [...capabilitiesOf(ffmpeg, wanted), ...((await findSharp()) === undefined ? [] : ["sharp"])];
}
