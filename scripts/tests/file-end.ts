/** What the tests of a file share, and what closes it. Files share their modules, so a module may not ask for it by `afterAll`. */
const closings: (() => Promise<void>)[] = [];

/** Calls `close` when the last test of the file that is under way has ended. */
export function atFileEnd(close: () => Promise<void>): void {
  closings.push(close);
}

/** Closes what was shared, the last first. */
export async function closeShared(): Promise<void> {
  for (const close of closings.splice(0).reverse()) await close();
}
