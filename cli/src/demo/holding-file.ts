import { setTimeout as pause } from "node:timers/promises";
import type { MediaTypes } from "./demo-actions.ts";

const LOOK_MS = 10;
const PATIENCE_MS = 2_000;

/**
 * A copy whose jobs of one action hold their file until who waits for it has told so, or for two seconds: a small file is copied
 * sooner than anybody can be asked.
 */
export function holdingFile(
  copy: MediaTypes["fileCopy"],
  action: string,
  hasTold: () => boolean,
): MediaTypes["fileCopy"] {
  return {
    ...copy,
    run: async (context) => {
      const until = performance.now() + PATIENCE_MS;
      while (context.job.action === action && !hasTold() && performance.now() < until)
        await pause(LOOK_MS, undefined, { signal: context.signal });
      return copy.run(context);
    },
  };
}
