import type { Pixels } from "../picture/png.ts";
import type { Loudness } from "./loudness.ts";

/** Bars of two pixels with one between them. */
const PITCH = 3;
const BAR = 2;

/** How many bars stand in a waveform of this width. */
export function barsIn(width: number): number {
  return Math.max(1, Math.floor((width + PITCH - BAR) / PITCH));
}

/** Blue that can be told from white and from black; peaks are paler than what is loud for long. */
const COLOUR = [59, 130, 246] as const;
const PEAK_OPACITY = 0.45;
/** Half the height in pixels of a silent bar, so that silence is seen as a line. */
const SILENCE = 0.5;

/** Draws each channel as a band of its own, bars mirrored on its middle, on nothing. */
export function drawWaveform(
  channels: readonly (readonly Loudness[])[],
  { width, height }: { readonly width: number; readonly height: number },
): Pixels {
  const data = new Uint8Array(width * height * 4);
  const band = height / channels.length;
  // Bands keep a little distance from each other, and from the edge.
  const half = (band / 2) * 0.94;
  channels.forEach((bars, channel) => {
    const middle = band * (channel + 0.5);
    bars.forEach(({ peak, rms }, bar) => {
      const [outer, inner] = [Math.max(SILENCE, peak * half), Math.max(SILENCE, rms * half)];
      for (let y = Math.floor(middle - outer); y < Math.ceil(middle + outer); y++) {
        const opacity = coverage(y, middle, outer) * PEAK_OPACITY + coverage(y, middle, inner) * (1 - PEAK_OPACITY);
        for (let x = bar * PITCH; x < Math.min(width, bar * PITCH + BAR); x++) {
          data.set([...COLOUR, Math.round(opacity * 255)], (y * width + x) * 4);
        }
      }
    });
  });
  return { width, height, data };
}

/** How much of a row of pixels lies within a distance from the middle, so that ends are smooth. */
function coverage(y: number, middle: number, distance: number): number {
  return Math.max(0, Math.min(y + 1, middle + distance) - Math.max(y, middle - distance));
}
