import {
  ADTS,
  type AttachedImage,
  CustomSource,
  Input,
  type InputAudioTrack,
  type InputFormat,
  type InputTrack,
  type InputVideoTrack,
  Logging,
  LogLevel,
  MATROSKA,
  MP3,
  MP4,
  MPEG_TS,
  OGG,
  QTFF,
  WAVE,
  WEBM,
} from "mediabunny";
import { codeOf, failure, quoted } from "./failure.ts";
import { lengthOfBoxes } from "./mp4-length.ts";
import { type AudioStream, type Finding, languageOf, positive, type Stream, type VideoStream } from "./probe-result.ts";
import type { SourceFile } from "./source-file.ts";

/** Playlists are left out: they would make the reader open other files. */
const CONTAINERS = new Map<InputFormat, string>([
  [MP4, "mp4"],
  [QTFF, "mov"],
  [MATROSKA, "matroska"],
  [WEBM, "webm"],
  [MPEG_TS, "mpegts"],
  [OGG, "ogg"],
  [WAVE, "wav"],
  [ADTS, "adts"],
  [MP3, "mp3"],
]);

// It would print names that stand in the file, with whatever characters they are made of.
Logging.level = LogLevel.Silent;

/** The largest piece that a header may ask for at once; a made-up length must not fill the memory. */
const MOST_BYTES_AT_ONCE = 128 * 1024 * 1024;
const FRAMES_LOOKED_AT = 256;

/** Reads what a film or sound file holds, without decoding it. */
export async function probeContainer(file: SourceFile, signal: AbortSignal): Promise<Finding> {
  return withContainer(file, signal, async (input) => {
    const format = await formatOf(input, file);
    // The table of contents may stand in front and be whole when the film behind it is not.
    if ((format === MP4 || format === QTFF) && (await lengthOfBoxes(file, signal)) > file.bytes) throw damaged(file);
    const tracks = await input.getTracks();
    if (tracks.length === 0) throw damaged(file);
    const streams: Stream[] = [];
    for (const track of tracks) streams.push(await streamOf(track));
    const container = CONTAINERS.get(format) ?? format.name;
    return { container, durationSeconds: positive(await input.computeDuration()), streams };
  });
}

/** The pictures that a sound file carries; none where its kind of file cannot be read here. */
export async function attachedImages(file: SourceFile, signal: AbortSignal): Promise<readonly AttachedImage[]> {
  return withContainer(file, signal, async (input) =>
    (await input.canRead()) ? ((await input.getMetadataTags()).images ?? []) : [],
  );
}

async function withContainer<Result>(
  file: SourceFile,
  signal: AbortSignal,
  use: (input: Input) => Promise<Result>,
): Promise<Result> {
  const input = new Input({ formats: [...CONTAINERS.keys()], source: sourceOf(file, signal) });
  try {
    return await use(input);
  } catch (error) {
    signal.throwIfAborted();
    if (codeOf(error) !== undefined) throw error;
    throw damaged(file, error);
  } finally {
    input.dispose();
  }
}

/** A reader of one format may stumble over what is none of it; only a file that could not be read is another matter. */
async function formatOf(input: Input, file: SourceFile): Promise<InputFormat> {
  return input.getFormat().catch((error) => {
    if (codeOf(error) !== undefined) throw error;
    throw notMedia(file);
  });
}

function sourceOf(file: SourceFile, signal: AbortSignal): CustomSource {
  return new CustomSource({
    getSize: () => file.bytes,
    async read(start, end) {
      signal.throwIfAborted();
      if (end - start > MOST_BYTES_AT_ONCE) throw damaged(file);
      const buffer = new Uint8Array(end - start);
      if ((await file.read(buffer, start)) < buffer.length) {
        throw failure("file_changed", `${quoted(file.path)} became shorter while it was read.`);
      }
      return buffer;
    },
    prefetchProfile: "fileSystem",
    // A failed read that nobody waits for fails the next one that somebody does; it must not end the process.
    handleUnhandledError: () => undefined,
  });
}

async function streamOf(track: InputTrack): Promise<Stream> {
  if (track.isVideoTrack()) return videoOf(track);
  if (track.isAudioTrack()) return audioOf(track);
  throw new TypeError(`A track of the unknown type ${track.type}.`);
}

async function videoOf(track: InputVideoTrack): Promise<VideoStream> {
  const codec = await track.getCodec();
  return {
    kind: "video",
    codec: codec === "avc" ? "h264" : codec,
    width: await track.getCodedWidth(),
    height: await track.getCodedHeight(),
    rotation: await track.getRotation(),
    frameRate: await frameRateOf(track),
    language: languageOf(await track.getLanguageCode()),
  };
}

async function audioOf(track: InputAudioTrack): Promise<AudioStream> {
  return {
    kind: "audio",
    codec: await track.getCodec(),
    sampleRate: await track.getSampleRate(),
    channels: await track.getNumberOfChannels(),
    language: languageOf(await track.getLanguageCode()),
  };
}

async function frameRateOf(track: InputVideoTrack): Promise<number | null> {
  const { underlyingFrameRate } = await track.computeFrameRateMetrics({ targetPacketCount: FRAMES_LOOKED_AT });
  if (underlyingFrameRate !== null) return positive(underlyingFrameRate);
  return positive((await track.computePacketStats(FRAMES_LOOKED_AT)).averagePacketRate);
}

function notMedia(file: SourceFile): Error {
  return failure(
    "not_media",
    `${quoted(file.path)} is not a media file: nothing in it is known as film, sound or picture.`,
  );
}

function damaged(file: SourceFile, cause?: unknown): Error {
  return failure("media_damaged", `${quoted(file.path)} begins as a media file, but it is cut off or damaged.`, cause);
}
