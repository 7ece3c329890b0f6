import { formatBytes, formatDuration } from "../amount.ts";
import type { MediaFacts, PictureFacts, SoundFacts } from "./report-data.ts";

/** One line of the comparison of a source with its proxy. */
export interface FactRow {
  readonly label: string;
  readonly source: string;
  /** Empty without a proxy, or where it has nothing of the kind. */
  readonly proxy: string;
  /** How much less or more it is, such as `−82 %`; empty where that says nothing. */
  readonly change: string;
}

/** Source and proxy side by side; a line that neither has is left out. */
export function compareFacts(source: MediaFacts, proxy: MediaFacts | null): readonly FactRow[] {
  const row = (label: string, say: (facts: MediaFacts) => string, measure?: (facts: MediaFacts) => number | null) => ({
    label,
    source: say(source),
    proxy: proxy === null ? "" : say(proxy),
    change: proxy === null || measure === undefined ? "" : changeOf(measure(source), measure(proxy)),
  });
  const rows = [
    row("Container", ({ container }) => container),
    row("Picture", ({ picture }) => (picture === null ? "" : codecOf(picture))),
    row("Frame", ({ picture }) => (picture === null ? "" : frameOf(picture))),
    row("Sound", ({ sound }) => (sound === null ? "" : soundOf(sound))),
    row("Length", ({ durationSeconds }) => (durationSeconds === null ? "" : formatDuration(durationSeconds * 1000))),
    row(
      "Bit rate",
      ({ bitRate }) => (bitRate === null ? "" : formatBitRate(bitRate)),
      ({ bitRate }) => bitRate,
    ),
    row(
      "Size",
      ({ bytes }) => formatBytes(bytes),
      ({ bytes }) => bytes,
    ),
  ];
  return rows.filter((line) => line.source !== "" || line.proxy !== "");
}

/** How much less or more, rounded to whole percent; empty when one is not known. */
export function changeOf(before: number | null, after: number | null): string {
  if (before === null || after === null || before <= 0) return "";
  const percent = Math.round((after / before - 1) * 100);
  if (percent === 0) return "±0 %";
  return `${percent < 0 ? "−" : "+"}${Math.abs(percent)} %`;
}

/** Bits per second for people: `96 kbit/s`, `14.2 Mbit/s`. */
export function formatBitRate(bitsPerSecond: number): string {
  if (bitsPerSecond < 999_500) return `${Math.round(bitsPerSecond / 1000)} kbit/s`;
  return `${(bitsPerSecond / 1_000_000).toFixed(1)} Mbit/s`;
}

function codecOf({ codec, frameRate }: PictureFacts): string {
  const name = codec ?? "unknown";
  return frameRate === null ? name : `${name}, ${Number(frameRate.toFixed(2))} fps`;
}

const frameOf = ({ width, height }: PictureFacts): string => `${width} × ${height}`;

function soundOf({ codec, sampleRate, channels }: SoundFacts): string {
  const layout = ["", "mono", "stereo"][channels] ?? `${channels} channels`;
  return `${codec ?? "unknown"}, ${Number((sampleRate / 1000).toFixed(2))} kHz ${layout}`;
}
