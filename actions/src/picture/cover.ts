import { failure, quoted } from "../failure.ts";
import { demuxerOf } from "../ffmpeg/demuxer.ts";
import { attachedImages } from "../probe-container.ts";
import type { SourceFile } from "../source-file.ts";

/** The picture that a sound file carries: its front cover, else the first. Fails with `no_picture`. */
export async function coverOf(file: SourceFile, signal: AbortSignal): Promise<Uint8Array> {
  const images = await attachedImages(file, signal);
  const image = images.find(({ kind }) => kind === "coverFront") ?? images[0];
  // What is no picture by its bytes, such as a drawing that may name other files, is never opened.
  if (image !== undefined && isPicture(image.data)) return image.data;
  throw failure("no_picture", `${quoted(file.path)} shows nothing: it is sound without a cover.`);
}

/** Whether it begins as a picture that is decoded without ffmpeg. */
export function isPicture(content: Uint8Array): boolean {
  const found = demuxerOf(content.subarray(0, 1_024));
  return typeof found === "object" && "demuxer" in found && isPictureDemuxer(found.demuxer);
}

/** Whether a file of this kind is a picture that is decoded without ffmpeg. */
export function isPictureDemuxer(demuxer: string): boolean {
  return ["gif", "jpeg_pipe", "png_pipe", "tiff_pipe", "webp_pipe"].includes(demuxer);
}
