import { fileChecksumWith } from "./file-checksum.ts";
import { fileCopyWith } from "./file-copy.ts";
import { fileDeleteWith } from "./file-delete.ts";
import { fileMoveWith } from "./file-move.ts";
import { mediaCompareWith } from "./media-compare.ts";
import { mediaContactSheetWith } from "./media-contact-sheet.ts";
import { mediaPosterWith } from "./media-poster.ts";
import { mediaProbeWith } from "./media-probe.ts";
import { mediaProxyWith } from "./media-proxy.ts";
import type { MediaSetting } from "./media-setting.ts";
import { mediaTranscodeWith } from "./media-transcode.ts";
import { mediaWaveformWith } from "./media-waveform.ts";

/** What the action types of a node may read, write and use. */
export interface MediaActionsOptions {
  /** Absolute directories; files below them may be read, their links resolved first. Default none. */
  readonly roots?: readonly string[];
  /** Absolute directories; files below them may be written, and read as well. Default none: nothing is written. */
  readonly outputRoots?: readonly string[];
  /** The path of the ffmpeg to use, or `none` to do without. Default: the one on PATH, else the one of the package @ffmpeg-installer/ffmpeg. */
  readonly ffmpeg?: string;
}

/**
 * The action types of files and media for a node that may read below `roots` and `outputRoots`, write below `outputRoots`,
 * and nothing else. A path outside, by way of a link too, fails with `outside_roots`.
 *
 * A function cannot follow a job into another process. For isolation `process` use the types of the same names that this
 * package exports: they take their setting from the variables CALLSHEET_MEDIA_ROOTS, CALLSHEET_OUTPUT_ROOTS and
 * CALLSHEET_FFMPEG of the node's environment.
 */
export function mediaActions(options: MediaActionsOptions = {}) {
  const setting = settingOf(options);
  return {
    fileChecksum: fileChecksumWith(setting),
    fileCopy: fileCopyWith(setting),
    fileMove: fileMoveWith(setting),
    fileDelete: fileDeleteWith(setting),
    mediaProbe: mediaProbeWith(setting),
    mediaPoster: mediaPosterWith(setting),
    mediaContactSheet: mediaContactSheetWith(setting),
    mediaWaveform: mediaWaveformWith(setting),
    mediaProxy: mediaProxyWith(setting),
    mediaTranscode: mediaTranscodeWith(setting),
    mediaCompare: mediaCompareWith(setting),
  } as const;
}

function settingOf({ roots = [], outputRoots = [], ffmpeg }: MediaActionsOptions): MediaSetting {
  const [read, written] = [Object.freeze([...roots]), Object.freeze([...outputRoots])];
  return { roots: () => read, outputRoots: () => written, ffmpeg: () => ffmpeg };
}
