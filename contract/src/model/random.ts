/** Numbers in [0, 1) that follow from a seed: the same text gives the same numbers, everywhere. For models, not for secrets. */
export function seededRandom(seed: string): () => number {
  // FNV-1a makes a state of the text, mulberry32 the numbers.
  let state = 2_166_136_261;
  for (const letter of new TextEncoder().encode(seed)) state = Math.imul(state ^ letter, 16_777_619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
