/** How one sample is stored, little-endian. */
export const SAMPLE_FORMATS = ["u8", "s16", "s24", "s32", "f32", "f64"] as const;
export type SampleFormat = (typeof SAMPLE_FORMATS)[number];

/** Sound as plain samples, somewhere in an open file. */
export interface Pcm {
  readonly format: SampleFormat;
  readonly channels: number;
  /** Samples of each channel. */
  readonly frames: number;
  readonly sampleRate: number;
  /** Fills as much of `buffer` as there is from a byte on, counted from the first sample. */
  read(buffer: Uint8Array, position: number): Promise<number>;
}

interface Layout {
  readonly bytes: number;
  /** A sample from -1 to 1. */
  readonly at: (view: DataView, offset: number) => number;
}

export const LAYOUTS: Readonly<Record<SampleFormat, Layout>> = {
  u8: { bytes: 1, at: (view, offset) => (view.getUint8(offset) - 128) / 128 },
  s16: { bytes: 2, at: (view, offset) => view.getInt16(offset, true) / 0x8000 },
  s24: { bytes: 3, at: (view, offset) => ((view.getInt8(offset + 2) << 16) | view.getUint16(offset, true)) / 0x800000 },
  s32: { bytes: 4, at: (view, offset) => view.getInt32(offset, true) / 0x80000000 },
  f32: { bytes: 4, at: (view, offset) => view.getFloat32(offset, true) },
  f64: { bytes: 8, at: (view, offset) => view.getFloat64(offset, true) },
};
