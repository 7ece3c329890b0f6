import { LAYOUTS, type Pcm } from "./pcm.ts";

/** How loud one stretch of one channel is, each from 0 to 1. */
export interface Loudness {
  readonly peak: number;
  /** The root of the mean square. */
  readonly rms: number;
}

const PIECE_FRAMES = 32 * 1024;

/** How loud each of `count` equal stretches is: for each channel, one after the other. */
export async function loudnessOf(
  pcm: Pcm,
  count: number,
  { signal, onRead }: { readonly signal: AbortSignal; readonly onRead: (share: number) => void },
): Promise<readonly (readonly Loudness[])[]> {
  const { channels, frames } = pcm;
  const { bytes, at } = LAYOUTS[pcm.format];
  const stride = bytes * channels;
  const buffer = new Uint8Array(PIECE_FRAMES * stride);
  const peaks = Array.from({ length: channels }, () => new Float64Array(count));
  const squares = Array.from({ length: channels }, () => new Float64Array(count));
  const numbers = new Float64Array(count);
  for (let first = 0; first < frames; ) {
    signal.throwIfAborted();
    const length = Math.min(PIECE_FRAMES, frames - first) * stride;
    const read = Math.floor((await pcm.read(buffer.subarray(0, length), first * stride)) / stride);
    if (read === 0) break;
    const view = new DataView(buffer.buffer, 0, read * stride);
    for (let frame = 0; frame < read; frame++) {
      const stretch = Math.min(count - 1, Math.floor(((first + frame) * count) / frames));
      numbers[stretch]! += 1;
      for (let channel = 0; channel < channels; channel++) {
        // What is no number, in samples that may be any, is silence.
        const value = Math.min(1, Math.abs(at(view, frame * stride + channel * bytes)) || 0);
        if (value > peaks[channel]![stretch]!) peaks[channel]![stretch] = value;
        squares[channel]![stretch]! += value * value;
      }
    }
    first += read;
    onRead(first / frames);
  }
  return peaks.map((ofChannel, channel) =>
    Array.from(ofChannel, (peak, stretch) => ({
      peak,
      rms: Math.sqrt(squares[channel]![stretch]! / Math.max(1, numbers[stretch]!)),
    })),
  );
}
