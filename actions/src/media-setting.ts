import { outputRootsOfEnvironment, type Roots, rootsOfEnvironment } from "./roots.ts";

/** What the media types of one node may read, write and use. Asked at each use, never kept. */
export interface MediaSetting {
  /** Absolute directories; files below them may be read. */
  readonly roots: Roots;
  /** Absolute directories; files below them may be written, and read as well. */
  readonly outputRoots: Roots;
  /** The path of the ffmpeg to use, `none` to do without; undefined when one is to be looked for. */
  readonly ffmpeg: () => string | undefined;
}

/** What the node's own environment says: CALLSHEET_MEDIA_ROOTS, CALLSHEET_OUTPUT_ROOTS, CALLSHEET_FFMPEG. */
export const settingOfEnvironment: MediaSetting = {
  roots: rootsOfEnvironment,
  outputRoots: outputRootsOfEnvironment,
  ffmpeg: () => process.env.CALLSHEET_FFMPEG || undefined,
};

/** Where a node may read: what may be written may be read too. */
export function readableRoots({ roots, outputRoots }: Pick<MediaSetting, "roots" | "outputRoots">): Roots {
  return () => [...roots(), ...outputRoots()];
}
