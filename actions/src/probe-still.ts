import { failure, quoted } from "./failure.ts";
import type { Finding } from "./probe-result.ts";
import type { SourceFile } from "./source-file.ts";

/** More than any camera writes; a file that goes on like this is made up. */
const MOST_SEGMENTS = 1_000;

/** Reads the size of a PNG from its first chunk. */
export async function probePng(file: SourceFile): Promise<Finding> {
  const head = await bytesAt(file, 8, 16);
  if (head.toString("latin1", 4, 8) !== "IHDR") throw damaged(file);
  return finding(file, "png", head.readUInt32BE(8), head.readUInt32BE(12));
}

/** Reads the size of a JPEG from its frame header, walking over the segments before it. */
export async function probeJpeg(file: SourceFile, signal: AbortSignal): Promise<Finding> {
  let at = 2;
  for (let count = 0; count < MOST_SEGMENTS; count++) {
    signal.throwIfAborted();
    const head = await bytesAt(file, at, 4);
    const marker = head[1]!;
    if (head[0] !== 0xff) throw damaged(file);
    // Any number of fill bytes may stand before a marker.
    if (marker === 0xff) at += 1;
    else if (isFrameHeader(marker)) {
      const frame = await bytesAt(file, at + 5, 4);
      return finding(file, "jpeg", frame.readUInt16BE(2), frame.readUInt16BE(0));
    } else {
      // The compressed picture begins without its size having been told.
      if (marker === 0xda || marker === 0xd9) throw damaged(file);
      at += 2 + head.readUInt16BE(2);
    }
  }
  throw damaged(file);
}

/** SOF0 to SOF15 without the three codes between them that mean tables. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
}

async function bytesAt(file: SourceFile, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  if ((await file.read(buffer, position)) < length) throw damaged(file);
  return buffer;
}

function finding(file: SourceFile, codec: "jpeg" | "png", width: number, height: number): Finding {
  if (width === 0 || height === 0) throw damaged(file);
  return { container: codec, durationSeconds: null, streams: [{ kind: "image", codec, width, height }] };
}

function damaged(file: SourceFile): Error {
  return failure("media_damaged", `${quoted(file.path)} begins as a picture, but its size cannot be read.`);
}
