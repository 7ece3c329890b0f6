import { findFfmpeg } from "./ffmpeg/find-ffmpeg.ts";
import type { MediaActionsOptions } from "./media-actions.ts";
import { settingOfEnvironment } from "./media-setting.ts";
import { findSharp } from "./picture/sharp.ts";

/**
 * What this machine can do for media jobs, for `NodeOptions.capabilities`: `ffmpeg`, and each encoder and filter it was built
 * with, such as `ffmpeg.encoder.libx264`; `ffprobe`, if it stands beside it; `sharp`. Without `ffmpeg` the one of CALLSHEET_FFMPEG counts, then those that
 * `mediaActions` looks for. Fails with `ffmpeg_missing` when a named one cannot be run.
 */
export async function mediaCapabilities({
  ffmpeg: configured = settingOfEnvironment.ffmpeg(),
}: Pick<MediaActionsOptions, "ffmpeg"> = {}): Promise<readonly string[]> {
  const [ffmpeg, sharp] = await Promise.all([findFfmpeg({ configured }), findSharp()]);
  const pictures = sharp === undefined ? [] : ["sharp"];
  if (ffmpeg === undefined) return pictures;
  const encoders = [...ffmpeg.encoders].map((name) => `ffmpeg.encoder.${name}`);
  const filters = [...ffmpeg.filters].map((name) => `ffmpeg.filter.${name}`);
  const probe = ffmpeg.ffprobe === undefined ? [] : ["ffprobe"];
  return ["ffmpeg", ...probe, ...encoders, ...filters, ...pictures];
}
