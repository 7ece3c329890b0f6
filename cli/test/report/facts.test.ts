import { expect, it } from "vitest";
import { changeOf, compareFacts, formatBitRate } from "../../src/report/facts.ts";
import { aReportFile } from "./a-report.ts";

const { source, proxy } = aReportFile();

it("source and proxy stand side by side, with how much less the proxy takes", () => {
  expect(
    compareFacts(source!, proxy).map(({ label, source, proxy, change }) => [label, source, proxy, change]),
  ).toEqual([
    ["Container", "mp4", "mp4", ""],
    ["Picture", "h264, 29.97 fps", "h264, 29.97 fps", ""],
    ["Frame", "1920 × 1080", "640 × 360", ""],
    ["Sound", "aac, 48 kHz stereo", "aac, 48 kHz stereo", ""],
    ["Length", "1.6 s", "1.6 s", ""],
    ["Bit rate", "14.7 Mbit/s", "1.5 Mbit/s", "−90 %"],
    ["Size", "2.9 MB", "294.2 kB", "−90 %"],
  ]);
});

it("what neither has is left out, and without a proxy its side is empty", () => {
  const still = { ...source!, durationSeconds: null, bitRate: null, sound: null };
  expect(compareFacts(still, null)).toEqual([
    { label: "Container", source: "mp4", proxy: "", change: "" },
    { label: "Picture", source: "h264, 29.97 fps", proxy: "", change: "" },
    { label: "Frame", source: "1920 × 1080", proxy: "", change: "" },
    { label: "Size", source: "2.9 MB", proxy: "", change: "" },
  ]);
});

it.each([
  [100, 18, "−82 %"],
  [100, 123, "+23 %"],
  [1000, 1001, "±0 %"],
  [0, 5, ""],
  [null, 5, ""],
  [5, null, ""],
])("from %s to %s is a change of %s", (before, after, change) => {
  expect(changeOf(before, after)).toBe(change);
});

it.each([
  [96_400, "96 kbit/s"],
  [999_499, "999 kbit/s"],
  [999_500, "1.0 Mbit/s"],
  [14_711_715, "14.7 Mbit/s"],
])("%i bits a second are %s", (rate, text) => {
  expect(formatBitRate(rate)).toBe(text);
});
