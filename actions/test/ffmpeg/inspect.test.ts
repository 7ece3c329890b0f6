import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findingOfAnswer } from "../../src/ffmpeg/ffprobe.ts";
import { beyondLimits, inspect } from "../../src/ffmpeg/inspect.ts";
import { DEFAULT_LIMITS } from "../../src/ffmpeg/limits.ts";
import { mediaInput } from "../../src/ffmpeg/media-input.ts";
import { findingOf } from "../../src/probe-file.ts";
import { withFile } from "../../src/source-file.ts";
import { ownDirectory, SAMPLES, sample } from "../samples.ts";
import { found, theFfmpeg } from "./found.ts";

const cwd = await ownDirectory();
const { signal } = new AbortController();
const video = {
  kind: "video",
  codec: "h264",
  width: 1920,
  height: 1080,
  rotation: 0,
  frameRate: 25,
  language: null,
} as const;

describe("what ffprobe says of a sample is what the probe without a program says", () => {
  it.for(["city.jpg", "dog.mp4", "glass.flac", "monitors.webm", "speech.mp3"])("%s", async (name, { skip }) => {
    skip(found?.ffprobe === undefined, "no ffprobe");
    await withFile(
      sample(name),
      () => [SAMPLES],
      async (file) => {
        const input = await mediaInput(file);
        const asked = await inspect({ ffmpeg: theFfmpeg(), input, cwd, signal, limits: DEFAULT_LIMITS });
        const known = await findingOf(file, signal);
        const facts = (streams: typeof known.streams) =>
          streams.map(({ kind, codec }) => [kind, kind === "image" ? "" : codec]);
        expect(facts(asked.streams)).toEqual(facts(known.streams));
        expect(asked.durationSeconds ?? 0).toBeCloseTo(known.durationSeconds ?? 0, 1);
      },
    );
  });
});

it("a FLAC file that is cut off is probed without an end being looked for", async () => {
  const path = join(cwd, "half.flac");
  await writeFile(path, (await readFile(sample("glass.flac"))).subarray(0, 40_000));
  const found = await withFile(
    path,
    () => [cwd],
    (file) => findingOf(file, signal),
  );
  expect(found).toMatchObject({
    container: "flac",
    durationSeconds: 3.149,
    streams: [{ sampleRate: 44_100, channels: 2 }],
  });
});

describe("the answer of ffprobe", () => {
  it("is read with its turn and its average rate; covers are pictures, other data is left out", () => {
    const answer = {
      format: { duration: "12.5" },
      streams: [
        {
          codec_type: "video",
          codec_name: "hevc",
          width: 4,
          height: 2,
          avg_frame_rate: "30000/1001",
          side_data_list: [{}, { rotation: -90 }],
        },
        { codec_type: "audio", codec_name: "aac", sample_rate: "48000", channels: 2, tags: { language: "deu" } },
        { codec_type: "video", codec_name: "mjpeg", width: 5, height: 5, disposition: { attached_pic: 1 } },
        { codec_type: "data" },
      ],
    };
    expect(findingOfAnswer(answer, "mov")).toEqual({
      container: "mov",
      durationSeconds: 12.5,
      streams: [
        { kind: "video", codec: "hevc", width: 4, height: 2, rotation: 90, frameRate: 29.97, language: null },
        { kind: "audio", codec: "aac", sampleRate: 48_000, channels: 2, language: "deu" },
        { kind: "image", codec: "mjpeg", width: 5, height: 5 },
      ],
    });
  });

  it("may be empty, or say what makes no sense", () => {
    expect(findingOfAnswer({}, "mov")).toEqual({ container: "mov", durationSeconds: null, streams: [] });
    const odd = { format: { duration: "-1" }, streams: [{ codec_type: "audio", tags: { language: "\u001b[2J" } }] };
    expect(findingOfAnswer(odd, "wav")).toMatchObject({
      durationSeconds: null,
      streams: [{ codec: null, language: null }],
    });
  });
});

describe("beyond the limits is", () => {
  it.each([
    ["a long film", { durationSeconds: 1e9, streams: [video] }, "lasts 1000000000 seconds"],
    ["a large picture", { durationSeconds: 1, streams: [{ ...video, width: 99_999, height: 99_999 }] }, "99999×99999"],
    ["a fast film", { durationSeconds: 1, streams: [{ ...video, frameRate: 90_000 }] }, "90000 frames per second"],
    ["a bundle of streams", { durationSeconds: 1, streams: Array.from({ length: 65 }, () => video) }, "65 streams"],
  ])("%s", (_, finding, says) => {
    expect(beyondLimits({ container: "mov", ...finding }, DEFAULT_LIMITS)).toContain(says);
  });

  it("and not a camera original of a day", () => {
    const original = { ...video, width: 8_192, height: 4_320, frameRate: 120 };
    expect(
      beyondLimits({ container: "mov", durationSeconds: 86_400, streams: [original] }, DEFAULT_LIMITS),
    ).toBeUndefined();
  });
});
