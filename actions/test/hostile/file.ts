import type { FailureCode } from "../../src/index.ts";

/** A file by its content, and how a job about it may end. */
export interface HostileFile {
  readonly name: string;
  readonly content: Buffer | string;
  readonly ends: readonly (FailureCode | "completed")[];
}

/** Small films that are whole, to be cut and altered. */
export interface Whole {
  readonly mp4: Buffer;
  readonly mov: Buffer;
  readonly avi: Buffer;
  readonly webm: Buffer;
  readonly flac: Buffer;
}
