import { sharedBuffer } from "./hashing/hashing.ts";

/** Larger ones are no faster, and each open file costs two of them. */
const PIECE_BYTES = 1024 * 1024;

/** What can be read at positions, such as a source file. */
export interface Readable {
  readonly bytes: number;
  /** Fills as much of `buffer` as there is from `position` on; 0 at the end. */
  read(buffer: Uint8Array, position: number): Promise<number>;
}

/**
 * A file in pieces of shared memory, from `start` to its end. The next one is read while the last one is used: each stays
 * valid until the one after it is asked for.
 */
export async function* piecesOf(file: Readable, start = 0): AsyncGenerator<Uint8Array> {
  const size = Math.max(1, Math.min(PIECE_BYTES, file.bytes - start));
  const buffers = [sharedBuffer(size), sharedBuffer(size)] as const;
  let position = start;
  let reading = file.read(buffers[0], position);
  try {
    for (let turn = 0; ; turn++) {
      const length = await reading;
      if (length === 0) return;
      position += length;
      reading = file.read(buffers[(turn + 1) % 2]!, position);
      // Its failure is met by the next turn, or by nobody when the caller has given up.
      reading.catch(() => undefined);
      yield buffers[turn % 2]!.subarray(0, length);
    }
  } finally {
    // The file is closed next, and must not be while a read is under way.
    await reading.catch(() => undefined);
  }
}
