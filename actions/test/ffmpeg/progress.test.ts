import { expect, it } from "vitest";
import { progressOf } from "../../src/ffmpeg/progress.ts";

const block = (given: Readonly<Record<string, string>>) => new Map(Object.entries(given));

it("percent, speed and time left follow from what ffmpeg says", () => {
  const said = block({ fps: "48.5", out_time: "00:01:15.500000", speed: "2.5x", total_size: "1234" });
  expect(progressOf(said, 151)).toEqual({
    percent: 50,
    stats: { fps: 48.5, speed: 2.5, secondsLeft: 30.2, outTimeSeconds: 75.5 },
    outputBytes: 1234,
  });
});

it.each([
  ["nothing", {}],
  ["that it does not know", { fps: "N/A", out_time: "N/A", speed: "N/A", total_size: "N/A" }],
  ["a time before the beginning", { out_time: "-00:00:00.023220" }],
])("%s is told as unknown", (_, said) => {
  const stats = { fps: null, speed: null, secondsLeft: null, outTimeSeconds: null };
  expect(progressOf(block(said), 10)).toEqual({ percent: 0, stats, outputBytes: null });
});

it("without a duration there is no percentage, and a film longer than its header says is at 100", () => {
  const said = block({ out_time: "00:00:20.000000", speed: "0x" });
  expect(progressOf(said, null)).toMatchObject({ percent: 0, stats: { secondsLeft: null, outTimeSeconds: 20 } });
  expect(progressOf(said, 10)).toMatchObject({ percent: 100, stats: { secondsLeft: null } });
});
