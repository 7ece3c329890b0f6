import { availableParallelism } from "node:os";

/** What one run of ffmpeg may take. A file that wants more fails with `media_too_large`. */
export interface MediaLimits {
  /** Width times height of a frame. */
  readonly pixels: number;
  readonly durationSeconds: number;
  readonly streams: number;
  /** Frames per second, as the file's header says. */
  readonly frameRate: number;
  /** Bytes of the output. */
  readonly outputBytes: number;
  /** Bytes of one allocation. */
  readonly allocationBytes: number;
  /** Bytes of the process's address space; held where `prlimit` is found. */
  readonly memoryBytes: number;
  /** Seconds of processor time; null: as many as it takes. Held where `prlimit` is found. */
  readonly cpuSeconds: number | null;
  /** Of each decoder, filter graph and encoder. */
  readonly threads: number;
}

const GIB = 1024 ** 3;

/** Roomy enough for an 8K camera original of a day, and far from what fills a machine. */
export const DEFAULT_LIMITS: MediaLimits = Object.freeze({
  pixels: 16_384 * 8_192,
  durationSeconds: 48 * 3_600,
  streams: 64,
  frameRate: 1_000,
  outputBytes: 512 * GIB,
  allocationBytes: GIB,
  memoryBytes: 8 * GIB,
  cpuSeconds: null,
  threads: Math.min(availableParallelism(), 8),
});
