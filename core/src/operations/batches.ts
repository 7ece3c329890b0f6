/** A statement holds about this much text at most, in bytes: what is larger is sent in parts. */
export const BATCH_BYTES = 4_000_000;
/** And about this many items. */
export const BATCH_ITEMS = 5_000;

/** Splits items, in their order, into batches within both bounds; a larger item is a batch of its own. */
export function inBatches<Item>(items: readonly Item[], bytesOf: (item: Item) => number): readonly (readonly Item[])[] {
  const batches: Item[][] = [];
  let room = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    const last = batches.at(-1);
    if (last !== undefined && bytes <= room && last.length < BATCH_ITEMS) {
      last.push(item);
      room -= bytes;
    } else {
      batches.push([item]);
      room = BATCH_BYTES - bytes;
    }
  }
  return batches;
}
