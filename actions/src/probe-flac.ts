import { failure, quoted } from "./failure.ts";
import { type Finding, positive } from "./probe-result.ts";
import type { SourceFile } from "./source-file.ts";

/** The mark, the head of the first block, and as much of that block as tells of the sound. */
const HEAD_BYTES = 26;

/** Reads the first block of a FLAC file, which tells of the whole: it need not be walked through, and may be cut off. */
export async function probeFlac(file: SourceFile): Promise<Finding> {
  const head = Buffer.alloc(HEAD_BYTES);
  const filled = await file.read(head, 0);
  const sampleRate = head.readUIntBE(18, 3) >> 4;
  if (filled < HEAD_BYTES || (head.readUInt8(4) & 0x7f) !== 0 || sampleRate === 0) {
    throw failure("media_damaged", `${quoted(file.path)} begins as a media file, but it is cut off or damaged.`);
  }
  const channels = ((head.readUInt8(20) >> 1) & 7) + 1;
  const samples = (head.readUInt8(21) & 15) * 2 ** 32 + head.readUInt32BE(22);
  const durationSeconds = positive(samples / sampleRate);
  return {
    container: "flac",
    durationSeconds,
    streams: [{ kind: "audio", codec: "flac", sampleRate, channels, language: null }],
  };
}
