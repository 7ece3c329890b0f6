import { fileChecksumBelow } from "./file-checksum.ts";
import { mediaProbeBelow } from "./media-probe.ts";

export interface MediaActionsOptions {
  /** Absolute directories; files below them may be read, their links resolved first. Default none: nothing may be read. */
  readonly roots?: readonly string[];
}

/**
 * The action types of files and media for a node that may read below `roots` and nowhere else. A path outside, by way of a
 * link too, fails with `outside_roots`.
 *
 * A function cannot follow a job into another process. For isolation `process` use `fileChecksum` and `mediaProbe` instead,
 * which take their roots from the variable CALLSHEET_MEDIA_ROOTS of the node's environment.
 */
export function mediaActions(options: MediaActionsOptions = {}) {
  const roots = Object.freeze([...(options.roots ?? [])]);
  return { fileChecksum: fileChecksumBelow(() => roots), mediaProbe: mediaProbeBelow(() => roots) } as const;
}
