/** A track of moving pictures. */
export interface VideoStream {
  readonly kind: "video";
  /** Such as `h264`, `hevc`, `vp9`; null when it is none that is known. */
  readonly codec: string | null;
  /** As coded, before it is turned by `rotation`. */
  readonly width: number;
  readonly height: number;
  /** Degrees clockwise: 0, 90, 180 or 270. */
  readonly rotation: number;
  /** Frames per second; for a varying rate the average. Null when it cannot be told. */
  readonly frameRate: number | null;
  readonly language: string | null;
}

/** A track of sound. */
export interface AudioStream {
  readonly kind: "audio";
  readonly codec: string | null;
  /** Samples per second. */
  readonly sampleRate: number;
  readonly channels: number;
  readonly language: string | null;
}

/** A picture: the file itself, or a cover that it carries. */
export interface ImageStream {
  readonly kind: "image";
  readonly codec: string;
  readonly width: number;
  readonly height: number;
}

/** One of the things that a media file holds. */
export type Stream = VideoStream | AudioStream | ImageStream;

/** What a media file holds, in the manner of ffprobe. */
export interface ProbeResult {
  readonly path: string;
  /** What the file is by its most telling stream. */
  readonly kind: Stream["kind"];
  readonly container: string;
  readonly bytes: number;
  /** Null for a still, and when it cannot be told. */
  readonly durationSeconds: number | null;
  /** Bits per second of the whole file; null without a duration. */
  readonly bitRate: number | null;
  readonly streams: readonly Stream[];
}

/** What a reader of one kind of container found out. */
export type Finding = Pick<ProbeResult, "container" | "durationSeconds" | "streams">;

/** Three decimals; null for what is no amount of anything. */
export function positive(value: number): number | null {
  return Number.isFinite(value) && value > 0 ? Math.round(value * 1000) / 1000 : null;
}

/** The text comes from the file: only what looks like a code of a language is let through. */
export function languageOf(code: string): string | null {
  return code !== "und" && /^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(code) ? code : null;
}
