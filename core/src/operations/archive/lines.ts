import { unreadable } from "./format.ts";

/** No row is as long: texts and results are bounded. What is longer is no archive. */
const LONGEST_LINE_BYTES = 256 * 1024 * 1024;
const LINE_FEED = 10;

/** The lines of a stream of bytes, without their line feeds. The last one ends with one, too. */
export async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let begun: Buffer[] = [];
  let length = 0;
  for await (const chunk of bytes) {
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
      yield Buffer.concat([...begun, chunk.subarray(from, to)]);
      begun = [];
      length = 0;
      from = to + 1;
    }
    begun.push(chunk.subarray(from));
    length += chunk.length - from;
    if (length > LONGEST_LINE_BYTES) throw unreadable("a line of it does not end");
  }
  if (length > 0) throw unreadable("its last line is not whole");
}
