const FIRST_MS = 10;
const LONGEST_MS = 160;

/** When what was in vain is tried again: after a moment, and after each further time in vain twice as long. */
export class Again {
  #ms = FIRST_MS;

  /** For how long to wait, in milliseconds. */
  get ms(): number {
    return this.#ms;
  }

  /** It was in vain once more. */
  inVain(): void {
    this.#ms = Math.min(LONGEST_MS, 2 * this.#ms);
  }

  /** It was not in vain, or may not be any more. */
  reset(): void {
    this.#ms = FIRST_MS;
  }
}
