import type { SourceFile } from "./source-file.ts";

/** A film has a handful of boxes at its top, a fragmented one two for each fragment. */
const MOST_BOXES = 100_000;

/** How long an MP4 or QuickTime file must be for all the boxes that it begins; less than it is when junk follows. */
export async function lengthOfBoxes(file: SourceFile, signal: AbortSignal): Promise<number> {
  const head = Buffer.alloc(16);
  let at = 0;
  for (let count = 0; count < MOST_BOXES; count++) {
    signal.throwIfAborted();
    const filled = await file.read(head, at);
    const size = sizeOfBox(head.subarray(0, filled));
    if (size === undefined) return at;
    at += size;
  }
  return at;
}

/** Undefined where no further box begins, or the last one reaches to the end of the file. */
function sizeOfBox(head: Buffer): number | undefined {
  if (head.length < 8 || !/^[\x20-\x7e\xa9]{4}$/.test(head.toString("latin1", 4, 8))) return undefined;
  const size = head.readUInt32BE(0);
  if (size !== 1) return size < 8 ? undefined : size;
  if (head.length < 16) return undefined;
  const long = Number(head.readBigUInt64BE(8));
  return long < 16 ? undefined : long;
}
