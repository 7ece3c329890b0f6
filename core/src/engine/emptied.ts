import type { Part } from "./part.ts";

/** Waits until nothing is busy any more, or the deadline has passed, which may be moved meanwhile. */
export async function emptied(
  { environment }: Part,
  of: { isBusy: () => boolean; until: () => number },
): Promise<void> {
  while (of.isBusy() && environment.monotonic() < of.until()) {
    await new Promise<void>((resolve) => void environment.timers.after(10, resolve));
  }
}
