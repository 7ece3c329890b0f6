import { expect, it } from "vitest";
import { formatBytes, formatDuration } from "../src/amount.ts";

it.each([
  [0, "0 B"],
  [999, "999 B"],
  [1_000, "1.0 kB"],
  [999_949, "999.9 kB"],
  [999_960, "1.0 MB"],
  [2_942_343, "2.9 MB"],
  [5e12, "5.0 TB"],
  [9e18, "9000.0 PB"],
])("%d bytes are %s", (bytes, expected) => {
  expect(formatBytes(bytes)).toBe(expected);
});

it.each([
  [0, "0 ms"],
  [34.4, "34 ms"],
  [999.7, "1.0 s"],
  [1_600, "1.6 s"],
  [59_940, "59.9 s"],
  [59_960, "1:00"],
  [123_000, "2:03"],
  [3_607_000, "1:00:07"],
])("%d milliseconds are %s", (milliseconds, expected) => {
  expect(formatDuration(milliseconds)).toBe(expected);
});
