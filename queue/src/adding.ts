/** What a queue object is adding: nothing else is told of a job before it was told as added, and nobody is idle meanwhile. */
export class Adding {
  readonly #untold = new Set<string>();
  #underWay = 0;
  #begun = 0;

  get isUnderWay(): boolean {
    return this.#underWay > 0;
  }

  /** How often something was added so far. */
  get begun(): number {
    return this.#begun;
  }

  /** Stores jobs. What is told of them meanwhile is preceded by `added`. */
  async add(ids: readonly string[], store: () => Promise<void>): Promise<void> {
    this.#begun += 1;
    this.#underWay += 1;
    for (const id of ids) this.#untold.add(id);
    try {
      await store();
    } catch (error) {
      for (const id of ids) this.#untold.delete(id);
      throw error;
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Whether a job is still to be told as added; whoever asks tells it. */
  take(id: unknown): boolean {
    return this.#untold.size > 0 && this.#untold.delete(id as string);
  }
}
