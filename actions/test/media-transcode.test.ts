import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ActionType } from "@callsheet/contract";
import { beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import { capabilitiesOf } from "../src/ffmpeg/capability.ts";
import { mediaCompare, mediaProxy, mediaTranscode } from "../src/index.ts";
import { mediaCompareWith, NEEDED_TO_COMPARE } from "../src/media-compare.ts";
import { mediaProxyWith } from "../src/media-proxy.ts";
import type { MediaSetting } from "../src/media-setting.ts";
import { mediaTranscodeWith } from "../src/media-transcode.ts";
import { PRESET_NAMES, presetOf } from "../src/presets.ts";
import { neededBy } from "../src/transcode-arguments.ts";
import { found, theFfmpeg } from "./ffmpeg/found.ts";
import { ownDirectory, SAMPLES, sample } from "./samples.ts";
import { resultOf, testContext } from "./test-context.ts";

const own = await ownDirectory();
const made = join(own, "made");
const setting: MediaSetting = { roots: () => [SAMPLES, own], outputRoots: () => [made], ffmpeg: () => found?.path };
const [transcodeType, proxyType, compareType] = [
  mediaTranscodeWith(setting),
  mediaProxyWith(setting),
  mediaCompareWith(setting),
];

async function run<Schema extends z.ZodType, Result>(
  type: ActionType<Schema, Result>,
  given: z.input<Schema>,
  asked: Parameters<typeof testContext>[1] = {},
) {
  const workspace = await mkdtemp(join(own, "workspace-"));
  const context = testContext(type.configuration.parse(given), { workspace, ...asked });
  return { result: await resultOf(type, context), reported: context.reported };
}

describe.runIf(found !== undefined)("with an ffmpeg", () => {
  const film = join(own, "film.mov");
  beforeAll(async () => {
    await mkdir(made, { recursive: true });
    const source = "-f lavfi -i testsrc2=s=320x180:r=25:d=0.4 -f lavfi -i sine=d=0.4:r=44100".split(" ");
    const codecs = ["-c:v", "mpeg4", "-q:v", "2", "-c:a", "pcm_s16le"];
    execFileSync(theFfmpeg().path, ["-nostdin", "-loglevel", "error", ...source, ...codecs, film]);
  });

  const CODECS: Readonly<Record<string, string>> = {
    ...{ libx264: "h264", libx265: "hevc", libsvtav1: "av1", "libvpx-vp9": "vp9", prores_ks: "prores" },
    ...{ libmp3lame: "mp3", libopus: "opus" },
  };
  const codecOf = (encoder: string) => CODECS[encoder] ?? encoder;

  it.for(PRESET_NAMES)("the preset %s makes a film or sound of its own kind", async (preset, { skip }) => {
    const { video, audio, extension } = presetOf(preset);
    const needed = neededBy(presetOf(preset));
    expect(transcodeType.requires?.(transcodeType.configuration.parse({ preset, output: "/o" }))).toEqual(needed);
    skip(capabilitiesOf(found, needed).length < needed.length, `this ffmpeg has no ${needed.join(", ")}`);
    const output = join(made, `${preset}.${extension}`);
    const { result, reported } = await run(transcodeType, { path: film, output, preset });
    expect(result).toMatchObject({ path: film, output, bytes: (await stat(output)).size });
    skip(theFfmpeg().ffprobe === undefined, "no ffprobe, so the codecs of what was made are not told");
    const kinds = result.streams.map(({ kind, codec }) => [kind, codec]);
    const pictures = video === null ? [] : [["video", codecOf(video.encoder)]];
    expect(kinds).toEqual([...pictures, ["audio", codecOf(audio.encoder)]]);
    expect(result.durationSeconds).toBeGreaterThan(0.35);
    expect(result.durationSeconds).toBeLessThan(0.5);
    expect(reported.at(-1)).toMatchObject({ percent: 100, message: "transcoding" });
  });

  it("options choose a part, a size and no sound; a picture is never made larger", async () => {
    const asked = { path: sample("dog.mp4"), preset: "h264-1080p", height: 120, audio: false } as const;
    const { result } = await run(transcodeType, {
      ...asked,
      output: join(made, "part.mp4"),
      startSeconds: 0.5,
      durationSeconds: 0.4,
    });
    expect(result.streams).toMatchObject([{ kind: "video", codec: "h264", width: 214, height: 120 }]);
    expect(result.durationSeconds).toBeLessThan(0.6);
    const same = await run(transcodeType, { path: film, preset: "h264-1080p", output: join(made, "same.mp4") });
    expect(same.result.streams[0]).toMatchObject({ width: 320, height: 180 });
  });

  it.each([
    ["a part behind the end", { path: sample("dog.mp4"), preset: "h264-720p", startSeconds: 60 }, "media_unsupported"],
    ["the picture of a sound", { path: sample("speech.wav"), preset: "h264-720p" }, "media_unsupported"],
    ["the film of a still", { path: sample("city.jpg"), preset: "h264-720p" }, "media_unsupported"],
    ["the sound of a silent film", { path: sample("monitors.webm"), preset: "mp3" }, "media_unsupported"],
    ["a film of words", { path: sample("NOTICE"), preset: "h264-720p" }, "not_media"],
  ] as const)("%s is refused", async (_, given, code) => {
    await expect(run(transcodeType, { ...given, output: join(made, "refused") })).rejects.toMatchObject({ code });
    expect(await readdir(made)).not.toContain("refused");
  });

  it("nothing is made outside of the directories that may be written", async () => {
    for (const output of [join(own, "outside.mp4"), `${made}/../outside.mp4`, join(SAMPLES, "a.mp4")]) {
      const code = expect.stringMatching(/outside_roots|path_invalid/);
      await expect(run(proxyType, { path: film, output })).rejects.toMatchObject({ code });
    }
  });

  it("a cancelled job publishes nothing", async () => {
    const stop = new AbortController();
    const asked = { path: sample("dog.mp4"), preset: "h264-1080p", output: join(made, "cancelled.mp4") } as const;
    const onProgress = () => stop.abort(new Error("cancelled"));
    await expect(run(transcodeType, asked, { signal: stop.signal, onProgress })).rejects.toThrow("cancelled");
    expect(await readdir(made)).not.toContain("cancelled.mp4");
  });

  it("a proxy is small, also of sound alone, and compares well with its source", async () => {
    const output = join(made, "proxy.mp4");
    expect(capabilitiesOf(found, NEEDED_TO_COMPARE)).toHaveLength(NEEDED_TO_COMPARE.length);
    const { result } = await run(proxyType, { path: sample("dog.mp4"), output });
    expect(result.streams).toMatchObject([
      { kind: "video", codec: "h264", height: 360 },
      { kind: "audio", codec: "aac" },
    ]);
    expect(result.bytes).toBeLessThan(200_000);
    const compared = (await run(compareType, { path: sample("dog.mp4"), other: output })).result;
    expect(compared.durations.difference).toBeCloseTo(0, 1);
    expect(compared.frames).toBeGreaterThan(30);
    expect(compared.ssim!.lowest).toBeGreaterThan(0.9);
    expect(compared.psnr!.average).toBeGreaterThan(30);
    const sound = await run(proxyType, { path: sample("speech.mp3"), output: join(made, "sound.mp4") });
    expect(sound.result.streams).toMatchObject([{ kind: "audio", codec: "aac" }]);
  });

  it("a comparison sees another film, and in a film with itself no difference", async () => {
    const same = (await run(compareType, { path: film, other: film })).result;
    expect(same).toMatchObject({ frames: 10, ssim: { average: 1, lowest: 1 }, psnr: { average: 100, lowest: 100 } });
    const other = (await run(compareType, { path: sample("monitors.webm"), other: film })).result;
    expect(other.ssim!.average).toBeLessThan(0.7);
    expect(other.durations.difference).toBeLessThan(-30);
    const silent = (await run(compareType, { path: sample("speech.wav"), other: sample("speech.mp3") })).result;
    expect(silent).toMatchObject({ frames: 0, ssim: null, psnr: null });
  });
});

it.each([mediaTranscode, mediaProxy, mediaCompare])("$type can run in a process of its own", async (type) => {
  const exported: Record<string, unknown> = await import(type.module!);
  expect(Object.values(exported)).toContain(type);
});
