export { copyConfiguration } from "./copy/configuration.ts";
export { FAILURES, type FailureCode } from "./failure.ts";
export { type ChecksumResult, checksumConfiguration, fileChecksum } from "./file-checksum.ts";
export { type CopyResult, fileCopy } from "./file-copy.ts";
export { ALGORITHMS, type Algorithm } from "./hashing/checksum.ts";
export { type MediaActionsOptions, mediaActions } from "./media-actions.ts";
export { mediaProbe, probeConfiguration } from "./media-probe.ts";
export type { AudioStream, ImageStream, ProbeResult, Stream, VideoStream } from "./probe-result.ts";
