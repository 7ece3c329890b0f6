export interface Line {
  readonly bytes: Buffer;
  /** Whether it was longer than allowed; `bytes` is its beginning. */
  readonly isCut: boolean;
}

export interface LineReader {
  /** Takes the next piece of the stream; answers how many lines it ended. */
  push(chunk: Buffer): number;
  /** Gives out what stands after the last line end. */
  end(): void;
}

/** Makes lines of a stream's pieces. A line longer than `maxBytes` is given out cut, at once; the rest of it is passed over. */
export function createLineReader(maxBytes: number, onLine: (line: Line) => void): LineReader {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let isPassingOver = false;

  const give = (isCut: Line["isCut"]) => {
    const bytes = held.length === 1 ? held[0]! : Buffer.concat(held);
    held = [];
    heldBytes = 0;
    onLine({ bytes, isCut });
  };
  const hold = (piece: Buffer) => {
    if (isPassingOver || piece.length === 0) return;
    const room = maxBytes - heldBytes;
    held.push(piece.subarray(0, room));
    heldBytes += Math.min(room, piece.length);
    if (piece.length <= room) return;
    isPassingOver = true;
    give(true);
  };

  return {
    push: (chunk) => {
      let from = 0;
      let count = 0;
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
        hold(chunk.subarray(from, at));
        if (!isPassingOver) give(false);
        isPassingOver = false;
        from = at + 1;
        count += 1;
      }
      hold(chunk.subarray(from));
      return count;
    },
    end: () => {
      if (heldBytes > 0) give(false);
    },
  };
}
