import { expect, it } from "vitest";
import { likenessOf, psnrOf, samplesOf, ssimOf } from "../src/quality.ts";

it("what the filters write is read frame by frame; equal frames are at 100 decibels", () => {
  const ssim = "n:1 Y:0.9 U:0.9 V:0.9 All:0.950000 (13.0)\nn:2 Y:1.0 U:1.0 V:1.0 All:1.000000 (inf)\n";
  expect(ssimOf(ssim)).toEqual([0.95, 1]);
  const psnr = "n:1 mse_avg:0.00 psnr_avg:inf psnr_y:inf\nn:2 mse_avg:9 psnr_avg:38.59 psnr_y:37\n";
  expect(psnrOf(psnr)).toEqual([100, 38.59]);
  expect(likenessOf(ssimOf(ssim), 4)).toEqual({ average: 0.975, lowest: 0.95 });
  expect(likenessOf([], 4)).toBeNull();
});

it("a short film is looked at as a whole, a long one in eight samples within it", () => {
  expect(samplesOf(8)).toEqual([{ startSeconds: 0, durationSeconds: 8 }]);
  const samples = samplesOf(3_600);
  expect(samples).toHaveLength(8);
  expect(samples[0]).toEqual({ startSeconds: 224.5, durationSeconds: 1 });
  expect(samples.at(-1)).toEqual({ startSeconds: 3_374.5, durationSeconds: 1 });
});
