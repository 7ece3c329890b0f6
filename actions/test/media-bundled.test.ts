import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import type { ActionType } from "@callsheet/contract";
import { expect, it } from "vitest";
import type { z } from "zod";
import { findFfmpeg } from "../src/ffmpeg/find-ffmpeg.ts";
import { mediaActions, mediaCapabilities } from "../src/index.ts";
import { ownDirectory, SAMPLES, sample } from "./samples.ts";
import { resultOf, testContext } from "./test-context.ts";

const own = await ownDirectory();
const made = join(own, "made");
await mkdir(made);

/** The ffmpeg of the npm package, whatever else this machine has. */
async function bundledFfmpeg(): Promise<string | undefined> {
  const before = process.env.PATH;
  process.env.PATH = own;
  try {
    return (await findFfmpeg())?.path;
  } finally {
    process.env.PATH = before;
  }
}
const ffmpeg = await bundledFfmpeg();
const types = mediaActions({ roots: [SAMPLES], outputRoots: [made], ffmpeg: ffmpeg ?? "none" });

async function run<Schema extends z.ZodType, Result>(type: ActionType<Schema, Result>, given: z.input<Schema>) {
  const configuration = type.configuration.parse(given);
  const capabilities = ["sharp", ...(await mediaCapabilities({ ffmpeg: ffmpeg! }))];
  expect(capabilities).toEqual(expect.arrayContaining([...(type.requires?.(configuration) ?? [])]));
  return resultOf(type, testContext(configuration, { workspace: await mkdtemp(join(own, "workspace-")) }));
}

it("the ffmpeg of the npm package makes posters, sheets, waveforms, proxies and comparisons", async ({ skip }) => {
  skip(ffmpeg === undefined, "no npm package of ffmpeg");
  const path = sample("dog.mp4");
  const output = (name: string) => join(made, name);
  const proxy = await run(types.mediaProxy, { path, output: output("proxy.mp4"), height: 180 });
  expect(proxy.streams).toMatchObject([{ codec: "h264", height: 180 }, { codec: "aac" }]);
  const poster = await run(types.mediaPoster, { path, output: output("poster.jpg"), width: 320 });
  expect(poster).toMatchObject({ width: 320, height: 180 });
  const sheet = await run(types.mediaContactSheet, { path, output: output("sheet.jpg"), columns: 2, rows: 2 });
  expect(sheet.times).toHaveLength(4);
  const sound = sample("speech.mp3");
  const waveform = await run(types.mediaWaveform, { path: sound, output: output("waveform.png") });
  expect(waveform.peaks).toHaveLength(400);
  const compared = await run(types.mediaCompare, { path, other: output("proxy.mp4") });
  expect(compared.ssim!.average).toBeGreaterThan(0.9);
  const cut = { path, output: output("cut.mp4"), preset: "h264-720p", durationSeconds: 0.4 } as const;
  expect((await run(types.mediaTranscode, cut)).durationSeconds).toBeCloseTo(0.4, 1);
});

it("a film with pixels that are not square is shown as wide as it is meant", async ({ skip }) => {
  skip(ffmpeg === undefined, "no npm package of ffmpeg");
  const film = join(made, "anamorphic.mp4");
  const source = ["-f", "lavfi", "-i", "testsrc=s=360x288:r=10:d=0.5", "-vf", "setsar=64/45", "-c:v", "libx264"];
  execFileSync(ffmpeg!, ["-nostdin", "-loglevel", "error", ...source, "-pix_fmt", "yuv420p", film]);
  const poster = await run(types.mediaPoster, { path: film, output: join(made, "wide.jpg"), at: 0 });
  expect(poster).toMatchObject({ width: 512, height: 288 });
});
