import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MediaWork } from "../media-work.ts";
import { GRAY, spread, takeFrames } from "./frames.ts";

const CANDIDATES = 8;
const WIDTH = 160;
const HEIGHT = 90;

/** The time of the frame that shows most, of several that are spread over a film; 0 when its duration is unknown. */
export async function bestTime(work: MediaWork, signal: AbortSignal): Promise<number> {
  const { durationSeconds } = work.finding;
  if (durationSeconds === null) return 0;
  const candidates = spread(CANDIDATES, durationSeconds).map((seconds, index) => ({
    seconds,
    filter: `scale=${WIDTH}:${HEIGHT},format=gray`,
    format: GRAY,
    file: `candidate-${index}.gray`,
  }));
  await takeFrames(work, candidates, { signal });
  let best = { seconds: 0, worth: 0 };
  for (const { seconds, file } of candidates) {
    const pixels = await readFile(join(work.cwd, file)).catch(() => new Uint8Array());
    const worth = pixels.length < WIDTH * HEIGHT ? 0 : worthOf(pixels, WIDTH);
    if (worth > best.worth) best = { seconds, worth };
  }
  return best.seconds;
}

/**
 * How much a grey picture shows: the spread of its brightness times the sharpness of its edges. Nothing for an even one, such
 * as a fade to black; little for one that is blurred or almost dark.
 */
export function worthOf(pixels: Uint8Array, width: number): number {
  const height = Math.floor(pixels.length / width);
  let [sum, squares, edges] = [0, 0, 0];
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const value = pixels[at]!;
      sum += value;
      squares += value * value;
      edges += Math.abs(4 * value - pixels[at - 1]! - pixels[at + 1]! - pixels[at - width]! - pixels[at + width]!);
    }
  }
  const count = Math.max(1, (width - 2) * (height - 2));
  const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  return (deviation * edges) / count;
}
