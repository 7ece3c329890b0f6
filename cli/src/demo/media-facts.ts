import type { ProbeResult, Stream } from "@callsheet/actions";
import type { MediaFacts, PictureFacts, SoundFacts } from "../report/report-data.ts";

type Probed = Pick<ProbeResult, "container" | "bytes" | "durationSeconds" | "streams">;

/** What a report says of a media file, by what was found in it. */
export function mediaFactsOf({ container, bytes, durationSeconds, streams }: Probed): MediaFacts {
  return {
    container,
    bytes,
    durationSeconds,
    bitRate: durationSeconds ? Math.round((bytes * 8) / durationSeconds) : null,
    picture: pictureOf(streams),
    sound: soundOf(streams),
  };
}

function pictureOf(streams: readonly Stream[]): PictureFacts | null {
  const stream = streams.find(({ kind }) => kind !== "audio");
  if (stream === undefined || stream.kind === "audio") return null;
  const { codec, width, height } = stream;
  if (stream.kind === "image") return { codec, width, height, frameRate: null };
  const isUpright = stream.rotation % 180 === 0;
  return { codec, width: isUpright ? width : height, height: isUpright ? height : width, frameRate: stream.frameRate };
}

function soundOf(streams: readonly Stream[]): SoundFacts | null {
  const stream = streams.find(({ kind }) => kind === "audio");
  return stream?.kind === "audio"
    ? { codec: stream.codec, sampleRate: stream.sampleRate, channels: stream.channels }
    : null;
}
