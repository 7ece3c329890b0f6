import type { Roots } from "./roots.ts";

/** What an operator allows the media actions of a node, asked at each use. */
export interface MediaSetting {
  /** Directories below which files may be read. */
  readonly roots: Roots;
  /** Directories below which files may be written, and read. */
  readonly outputRoots: Roots;
  /** The absolute path of the ffmpeg to use; undefined: the first one that is found. */
  readonly ffmpeg: () => string | undefined;
}
