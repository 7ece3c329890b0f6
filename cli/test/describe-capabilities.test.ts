import { expect, it } from "vitest";
import { describeCapabilities } from "../src/node/describe-capabilities.ts";

it("hundreds of encoders and filters are counted, so that a node begins with a few lines", () => {
  const capabilities = [
    "ffmpeg",
    "ffmpeg.encoder.aac",
    "ffmpeg.encoder.flac",
    "ffmpeg.filter.scale",
    "ffmpeg.filter.psnr",
  ];
  expect(describeCapabilities([...capabilities, "sharp"])).toBe("ffmpeg with 2 encoders and 2 filters, sharp");
});

it("a node that has none of it says so", () => {
  expect(describeCapabilities([])).toBe("neither ffmpeg nor sharp");
});
