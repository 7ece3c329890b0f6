import type { PreviewedInstant } from "@callsheet/contract";

/** So many that are excluded in a row are shown, each on a line; of more, the first stands for all. */
const MOST_SHOWN = 4;

/** A preview for people: a long row of instants that are excluded is one line. */
export function shortened(rows: readonly PreviewedInstant[]): readonly PreviewedInstant[] {
  return stretches(rows).flatMap((stretch) => {
    if (stretch.length <= MOST_SHOWN) return stretch;
    return [{ ...stretch[0]!, count: stretch.reduce((sum, { count }) => sum + count, 0) }];
  });
}

/** What is excluded in a row; anything else is alone. */
function stretches(rows: readonly PreviewedInstant[]): readonly (readonly PreviewedInstant[])[] {
  const found: PreviewedInstant[][] = [];
  for (const row of rows) {
    const last = found.at(-1);
    if (row.skipped === "excluded" && last?.[0]?.skipped === "excluded") last.push(row);
    else found.push([row]);
  }
  return found;
}
