/** Jobs of one claim at most. */
export const MOST_AT_ONCE = 400;
/** So many where many are left because their objects are in use, and more again step by step. */
const FEW_AT_ONCE = 100;
const STEP = 25;

/** How many jobs one claim starts at most. */
export class AtOnce {
  #most = MOST_AT_ONCE;

  get most(): number {
    return this.#most;
  }

  /**
   * A claim has started so many jobs, and left so many whose objects are in use. `passesOver`: the next one does not look at these
   * again, so that fewer would not help it.
   */
  claimed({ taken, left }: Record<"taken" | "left", number>, passesOver: boolean): void {
    const isInUse = left * 4 > taken && !passesOver;
    this.#most = isInUse
      ? Math.max(FEW_AT_ONCE, Math.floor(this.#most / 2))
      : Math.min(MOST_AT_ONCE, this.#most + STEP);
  }
}
