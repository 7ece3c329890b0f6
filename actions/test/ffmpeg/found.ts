import { type Ffmpeg, findFfmpeg } from "../../src/ffmpeg/find-ffmpeg.ts";

/** The ffmpeg that CALLSHEET_FFMPEG names, else the one of this machine; tests without one skip. */
export const found: Ffmpeg | undefined = await findFfmpeg({ configured: process.env.CALLSHEET_FFMPEG || undefined });

/** The same, for tests that have made sure that there is one. */
export function theFfmpeg(): Ffmpeg {
  if (found === undefined) throw new Error("This test should have been skipped: no ffmpeg.");
  return found;
}
