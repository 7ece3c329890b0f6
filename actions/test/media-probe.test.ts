import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unstorableJson } from "@callsheet/contract";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { mediaActions, mediaProbe } from "../src/index.ts";
import { ownDirectory, SAMPLES, sample } from "./samples.ts";
import { resultOf, testContext } from "./test-context.ts";

const own = await ownDirectory();
const type = mediaActions({ roots: [SAMPLES, own] }).mediaProbe;
const probe = (path: string) => resultOf(type, testContext({ path }, { workspace: own }));
const probeMade = async (name: string, content: string | Uint8Array) => {
  await writeFile(join(own, name), content);
  return probe(join(own, name));
};
const refused = (code: string) => expect.objectContaining({ code });

const FOUND = {
  "dog.mp4": {
    kind: "video",
    container: "mp4",
    bytes: 2_942_343,
    durationSeconds: 1.6,
    bitRate: 14_711_715,
    streams: [
      { kind: "video", codec: "h264", width: 1920, height: 1080, rotation: 0, frameRate: 27.019, language: null },
      { kind: "audio", codec: "aac", sampleRate: 48_000, channels: 2, language: null },
    ],
  },
  "monitors.webm": {
    kind: "video",
    container: "webm",
    bytes: 604_210,
    durationSeconds: 37.133,
    bitRate: 130_172,
    streams: [
      { kind: "video", codec: "vp8", width: 1024, height: 768, rotation: 0, frameRate: 15.002, language: "eng" },
    ],
  },
  "speech.wav": {
    kind: "audio",
    container: "wav",
    bytes: 477_158,
    durationSeconds: 5.407,
    bitRate: 705_986,
    streams: [{ kind: "audio", codec: "pcm-s16", sampleRate: 44_100, channels: 1, language: null }],
  },
  "speech.mp3": {
    kind: "audio",
    container: "mp3",
    bytes: 69_727,
    durationSeconds: 5.433,
    bitRate: 102_672,
    streams: [{ kind: "audio", codec: "mp3", sampleRate: 44_100, channels: 1, language: null }],
  },
  "glass.flac": {
    kind: "audio",
    container: "flac",
    bytes: 261_997,
    durationSeconds: 3.149,
    bitRate: 665_601,
    streams: [{ kind: "audio", codec: "flac", sampleRate: 44_100, channels: 2, language: null }],
  },
  "city.jpg": {
    kind: "image",
    container: "jpeg",
    bytes: 689_275,
    durationSeconds: null,
    bitRate: null,
    streams: [{ kind: "image", codec: "jpeg", width: 1280, height: 960 }],
  },
};

describe("a probe tells what is in", () => {
  it.each(Object.entries(FOUND))("%s", async (name, expected) => {
    const path = sample(name);
    expect(await probe(path)).toEqual({ path, ...expected });
  });

  it("a PNG, by its first chunk", async () => {
    const png = Buffer.alloc(33);
    png.write("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "latin1");
    png.writeUInt32BE(640, 16);
    png.writeUInt32BE(360, 20);
    expect(await probeMade("p.png", png)).toMatchObject({
      kind: "image",
      container: "png",
      streams: [{ kind: "image", codec: "png", width: 640, height: 360 }],
    });
  });

  it("a JPEG with tables and fill bytes before its frame", async () => {
    const table = Buffer.from([0xff, 0xc4, 0, 4, 0, 0]);
    const frame = Buffer.from([0xff, 0xff, 0xff, 0xc2, 0, 11, 8, 0x01, 0x68, 0x02, 0x80, 1, 0, 0, 0]);
    const jpeg = Buffer.concat([Buffer.from([0xff, 0xd8]), table, frame]);
    expect((await probeMade("j.jpg", jpeg)).streams).toEqual([
      { kind: "image", codec: "jpeg", width: 640, height: 360 },
    ]);
  });

  it("a file whose name says something else", async () => {
    expect(await probeMade("holiday.txt", await readFile(sample("speech.mp3")))).toMatchObject({ container: "mp3" });
  });
});

describe("what is no media", () => {
  it.each([
    ["an empty file", "empty.mp4", ""],
    ["a text named .mp4", "text.mp4", "Dear diary, today I pretended to be a film.\n".repeat(100)],
    ["one byte", "byte.wav", "R"],
    ["zeros", "zeros.mov", Buffer.alloc(1_000_000)],
    ["noise", "noise.mp3", noise(500_000)],
    ["a playlist that names other files", "list.m3u8", "#EXTM3U\n#EXTINF:9,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"],
  ])("%s is refused as such", async (_what, name, content) => {
    await expect(probeMade(name, content)).rejects.toThrow(refused("not_media"));
  });

  it("says so in a sentence that names the file", async () => {
    await expect(probeMade("nothing.mp4", "")).rejects.toThrow(
      `${JSON.stringify(join(own, "nothing.mp4"))} is not a media file: it is empty.`,
    );
  });
});

describe("damaged media", () => {
  const cut = async (name: string, length: number) => {
    const whole = await readFile(sample(name));
    return probeMade(`cut-${length}-${name}`, whole.subarray(0, length));
  };

  it.each([100, 1_000, 1_000_000, 2_942_342])("is an MP4 that was cut off after %i bytes", async (length) => {
    await expect(cut("dog.mp4", length)).rejects.toThrow(refused("media_damaged"));
  });

  it("is not an MP4 with junk behind it", async () => {
    const whole = await readFile(sample("dog.mp4"));
    const result = await probeMade("junk.mp4", Buffer.concat([whole, noise(100)]));
    expect(result.streams).toHaveLength(2);
  });

  it("is a picture that ends before its size, or never tells it", async () => {
    await expect(cut("city.jpg", 100)).rejects.toThrow(refused("media_damaged"));
    const endless = Buffer.concat([Buffer.from([0xff, 0xd8]), Buffer.alloc(200_000, Buffer.from([0xff, 0xe0, 0, 2]))]);
    await expect(probeMade("endless.jpg", endless)).rejects.toThrow(refused("media_damaged"));
    await expect(probeMade("short.png", "\x89PNG")).rejects.toThrow(refused("not_media"));
  });

  it("never makes a result that cannot be stored, whatever bytes are wrong", async () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 120; round++) {
      const name = Object.keys(FOUND)[round % 6]!;
      const bytes = Buffer.from(await readFile(sample(name)));
      for (let count = 0; count < 10; count++) bytes[random(2_000)] = random(256);
      const result = await probeMade("wrong", bytes).catch((error) => error);
      if (result instanceof Error) expect(result).toMatchObject({ code: expect.stringMatching(/^(not_)?media/) });
      else expect(unstorableJson(JSON.stringify(result))).toBeUndefined();
    }
  });
});

describe("media of kinds that the probe cannot read without ffprobe", () => {
  // The bundled ffmpeg, which is looked for next, has no ffprobe.
  beforeEach(() => vi.stubEnv("PATH", ""));
  afterEach(() => vi.unstubAllEnvs());

  it.each([
    ["AVI", "RIFF\x00\x00\x00\x00AVI LIST"],
    ["an MPEG program stream", "\x00\x00\x01\xba\x44"],
    ["MXF", "\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d"],
    ["Ogg with Theora video", `OggS${"\0".repeat(24)}\x80theora`],
  ])("%s is called by its name, not denied", async (what, begin) => {
    const content = Buffer.from(begin.padEnd(500, "\0"), "latin1");
    await expect(probeMade("other", content)).rejects.toThrow(
      expect.objectContaining({ code: "media_unsupported", message: expect.stringContaining(`is ${what}, which`) }),
    );
  });
});

it("an abort ends a probe", async () => {
  const context = testContext({ path: sample("monitors.webm") }, { signal: AbortSignal.abort() });
  await expect(resultOf(type, context)).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
});

it("a type that runs in a process of its own names its module, which exports it", async () => {
  const exported: Record<string, unknown> = await import(mediaProbe.module!);
  expect(Object.values(exported)).toContain(mediaProbe);
});

function noise(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0, value = 1; index < length; index++) {
    value = (value * 48_271) % 2_147_483_647;
    bytes[index] = value >>> 8;
  }
  return bytes;
}
