/** A job that comes first for so long waits for more than its turn: one claim after the other passes it over. */
const STANDS_MS = 250;
/** So often at most it is said. */
const AGAIN_MS = 500;

/** Tells when the first jobs do not start, though those behind them do. */
export class Standstill {
  #since: ReadonlyMap<string, number> = new Map();
  #nextAt = Number.NEGATIVE_INFINITY;

  /** These come first now; answers whether one of them has for so long that it is worth to see why. */
  isSeen(ids: readonly string[], now: number): boolean {
    this.#since = new Map(ids.map((id) => [id, this.#since.get(id) ?? now]));
    const stands = now >= this.#nextAt && [...this.#since.values()].some((since) => now - since >= STANDS_MS);
    if (stands) this.#nextAt = now + AGAIN_MS;
    return stands;
  }
}
