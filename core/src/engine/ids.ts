/** What ids are made of. */
export interface IdSource {
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** This many random bytes, as hexadecimal digits. */
  readonly randomHex: (bytes: number) => string;
}

const POOL_BYTES = 8_192;
/** The count is written with the two bits of the variant before its own 14. */
const FIRST = 0x8000;
const LAST = 0xbfff;

/**
 * UUIDv7, ascending within a process: the time, 12 random bits, a count that begins at random in the lower half of its 14
 * bits, and 48 random bits. Put together from pieces of text: byte by byte it was a fifth of the cost of bulk creation.
 */
export function createIds({ now, randomHex }: IdSource): () => string {
  let pool = "";
  let used = 0;
  let time = 0;
  let count = LAST;
  let head = "";
  const draw = (digits: number) => {
    if (used + digits > pool.length) {
      pool = randomHex(POOL_BYTES);
      used = 0;
    }
    used += digits;
    return pool.slice(used - digits, used);
  };
  const begin = (at: number) => {
    time = at;
    count = FIRST | (Number.parseInt(draw(4), 16) >> 3);
    const digits = time.toString(16).padStart(12, "0");
    head = `${digits.slice(0, 8)}-${digits.slice(8)}-7${draw(3)}-`;
  };
  return () => {
    const at = now();
    if (at > time) begin(at);
    else if (count < LAST) count += 1;
    // All counts are used, or a clock was set back for long: the next millisecond is begun early.
    else begin(time + 1);
    return `${head}${count.toString(16)}-${draw(12)}`;
  };
}
