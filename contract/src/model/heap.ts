/** Items of which the one with the smallest key comes first; of equal keys as `compare` says, else the one that came first. */
export class Heap<Item> {
  readonly #entries: { readonly key: number; readonly order: number; readonly item: Item }[] = [];
  readonly #compare: (a: Item, b: Item) => number;
  #count = 0;

  constructor(compare: (a: Item, b: Item) => number = () => 0) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#entries.length;
  }

  /** The smallest key; Infinity when it is empty. */
  get least(): number {
    return this.#entries[0]?.key ?? Number.POSITIVE_INFINITY;
  }

  add(key: number, item: Item): void {
    const all = this.#entries;
    let at = all.push({ key, order: this.#count++, item }) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  take(): Item | undefined {
    const all = this.#entries;
    const first = all[0];
    const last = all.pop();
    if (first === undefined || all.length === 0) return first?.item;
    all[0] = last!;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= all.length) return first.item;
      const child = left + 1 < all.length && this.#isBefore(left + 1, left) ? left + 1 : left;
      if (!this.#isBefore(child, at)) return first.item;
      this.#swap(at, child);
      at = child;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const [one, other] = [this.#entries[a]!, this.#entries[b]!];
    if (one.key !== other.key) return one.key < other.key;
    return (this.#compare(one.item, other.item) || one.order - other.order) < 0;
  }

  #swap(a: number, b: number): void {
    const all = this.#entries;
    [all[a], all[b]] = [all[b]!, all[a]!];
  }
}
