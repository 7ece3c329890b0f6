import { type Ffmpeg, findFfmpeg } from "../../src/ffmpeg/find-ffmpeg.ts";

/** The ffmpeg of this machine, and whether the one of the npm package is there too; tests without one skip. */
export const found: Ffmpeg | undefined = await findFfmpeg();

/** Encoders and filters of the ffmpeg that tests work with. Only for tests that have made sure that there is one. */
export function theFfmpeg(): Ffmpeg {
  if (found === undefined) throw new Error("This test should have been skipped: no ffmpeg.");
  return found;
}
