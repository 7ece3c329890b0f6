import { failure, quoted } from "../failure.ts";
import type { SourceFile } from "../source-file.ts";
import { DEMUXER_BYTES, demuxerOf } from "./demuxer.ts";
import type { MediaLimits } from "./limits.ts";

/** An open file that ffmpeg may read, and the one reader that it is held to. */
export interface MediaInput {
  readonly file: SourceFile;
  readonly demuxer: string;
}

/** The first descriptor after standard input, output and error. */
const FIRST_DESCRIPTOR = 3;

/** Lets an open file in by its first bytes. Refuses playlists, scripts and the like with `media_refused`, other files with `not_media`. */
export async function mediaInput(file: SourceFile): Promise<MediaInput> {
  const name = quoted(file.path);
  if (file.bytes === 0) throw failure("not_media", `${name} is not a media file: it is empty.`);
  const head = new Uint8Array(DEMUXER_BYTES);
  const found = demuxerOf(head.subarray(0, await file.read(head, 0)));
  if (found === "not_media") {
    throw failure("not_media", `${name} is not a media file: nothing in it is known as film, sound or picture.`);
  }
  if ("refused" in found) {
    throw failure(
      "media_refused",
      `${name} is ${found.refused}, which may lead to other files, so it is never opened.`,
    );
  }
  return { file, demuxer: found.demuxer };
}

/**
 * The arguments by which ffmpeg or ffprobe opens the input that is handed to it as number `index`, from 0. No name of a
 * file stands in them where the system can name an open file: what was checked is what is read.
 */
export function inputArguments({ file, demuxer }: MediaInput, index: number, limits: MediaLimits): string[] {
  return [
    ...["-protocol_whitelist", "file,pipe", "-format_whitelist", demuxer],
    ...(demuxer === "mov" ? ["-enable_drefs", "0", "-use_absolute_path", "0"] : []),
    ...["-max_streams", String(limits.streams), "-max_pixels", String(limits.pixels)],
    ...["-threads", String(limits.threads), "-f", demuxer, "-i", `file:${nameOf(file, index)}`],
  ];
}

function nameOf(file: SourceFile, index: number): string {
  return process.platform === "linux" ? `/proc/self/fd/${FIRST_DESCRIPTOR + index}` : file.path;
}
